"""HTTP connections that stay open from one company to the next: most of the work is waiting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .client import KsefClient
from .const import EXCHANGE_TIMEOUT
from .deadline import Deadline

_KEY = "l10n_pl_ksef_http_pool"


class HttpPool:
    """One client for each address, kept open until close(); for one thread.

    It is handed down in Odoo's context, which a browser can fill too: `pool_of` believes only an
    object of this class, and JSON makes none.
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

    def context(self) -> dict[str, Any]:
        """Return what hands this pool down: `records.with_context(**pool.context())`."""
        return {_KEY: self}


class _KeptClient(KsefClient):
    """A client that stays open after its block."""

    def __exit__(self, *_exception: object) -> None:
        """Leave the connections open for the next block."""


def pool_of(context: Mapping[str, Any]) -> HttpPool | None:
    """Return the pool that was handed down in Odoo's context, or None.

    :param context: of an environment
    """
    pool = context.get(_KEY)
    return pool if isinstance(pool, HttpPool) else None
