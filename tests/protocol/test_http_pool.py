from threading import Thread

from tools.client import KsefClient
from tools.http_pool import HttpPool, pool_of

HERE, THERE = "http://127.0.0.1:1/v2", "http://127.0.0.1:2/v2"


def closings(monkeypatch):
    """Addresses of the clients that were closed, as it happens."""
    closed = []
    monkeypatch.setattr(KsefClient, "close", lambda client: closed.append(client.base_url))
    return closed


def test_each_address_has_one_client():
    pool = HttpPool()
    assert pool.client(HERE) is pool.client(HERE)
    assert pool.client(HERE) is not pool.client(THERE)


def test_a_client_stays_open_after_its_block_until_the_pool_is_closed(monkeypatch):
    closed, pool = closings(monkeypatch), HttpPool()
    for address in (HERE, THERE):
        with pool.client(address):
            pass
    assert not closed
    pool.close()
    assert sorted(closed) == [HERE, THERE]


def test_a_closed_pool_gives_a_new_client():
    pool = HttpPool()
    former = pool.client(HERE)
    pool.close()
    assert pool.client(HERE) is not former


def test_a_pool_is_shared_within_a_block_and_closed_at_its_end(monkeypatch):
    closed, pool = closings(monkeypatch), HttpPool()
    with pool.shared():
        assert pool_of() is pool
        with pool.client(HERE):
            pass
    assert closed == [HERE]
    assert pool_of() is None


def test_another_thread_does_not_see_it():
    found = []
    with HttpPool().shared():
        thread = Thread(target=lambda: found.append(pool_of()))
        thread.start()
        thread.join()
    assert found == [None]
