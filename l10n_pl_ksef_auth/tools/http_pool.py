"""HTTP connections that stay open from one company to the next: most of the work is waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .client import KsefClient
from .const import EXCHANGE_TIMEOUT
from .deadline import Deadline


class HttpPool:
    """One client for each address, kept open until close(); for one thread.

    It is not handed down in Odoo's context: automation rules read that, and could listen in.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _KeptClient] = {}

    def client(self, base_url: str) -> KsefClient:
        """Return the pool's client for an address; use it as a context manager, like any other.

        All calls of the block together may last as long as one exchange.

        :param base_url: as KsefClient takes it
        """
        if base_url not in self._clients:
            self._clients[base_url] = _KeptClient(base_url)
        client = self._clients[base_url]
        client.deadline = Deadline(EXCHANGE_TIMEOUT).moment
        return client

    def close(self) -> None:
        """Close all connections: nobody needs them for a while."""
        while self._clients:
            self._clients.popitem()[1].close()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Have `pool_of` find this pool inside the block, and close it at the end."""
        token = _shared.set(self)
        try:
            yield
        finally:
            _shared.reset(token)
            self.close()


class _KeptClient(KsefClient):
    """A client that stays open after its block."""

    def __exit__(self, *_exception: object) -> None:
        """Leave the connections open for the next block."""


_shared: ContextVar[HttpPool | None] = ContextVar("l10n_pl_ksef_http_pool", default=None)


def pool_of() -> HttpPool | None:
    """Return the pool of the block that this runs in, or None."""
    return _shared.get()
