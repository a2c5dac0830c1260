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


def test_a_pool_is_handed_down_in_a_context():
    pool = HttpPool()
    assert pool_of({"lang": "pl_PL", **pool.context()}) is pool
    assert pool_of({"lang": "pl_PL"}) is None


def test_what_a_browser_puts_there_is_no_pool():
    (key,) = HttpPool().context()
    assert pool_of({key: True}) is None
    assert pool_of({key: {"client": "x"}}) is None
