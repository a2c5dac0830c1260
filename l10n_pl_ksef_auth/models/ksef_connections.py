"""Connections that stay open from one company to the next: most of the work is waiting."""

import os
import threading

from ..tools.client import KsefClient

_kept = threading.local()


class KeptClient(KsefClient):
    """A client that stays open after its block, until close_all()."""

    def __exit__(self, kind, value, traceback):
        """Leave the connections open for the next block."""


def client(base_url):
    """This thread's own client for an address; it is used as a context manager, like any other.

    :param str base_url: as KsefClient takes it
    """
    clients = _clients()
    if base_url not in clients:
        clients[base_url] = KeptClient(base_url)
    return clients[base_url]


def close_all():
    """Close this thread's connections: nobody needs them for a while."""
    clients = _clients()
    while clients:
        clients.popitem()[1].close()


def _clients():
    # A forked process must not go on talking on its parent's connections.
    if getattr(_kept, "process", None) != os.getpid():
        _kept.process, _kept.clients = os.getpid(), {}
    return _kept.clients
