"""A client for other addons that fetches and renews the bearer by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .client import KsefClient
from .deadline import Deadline
from .errors import KsefError, KsefRateLimited, KsefUnauthorized, KsefUnavailable
from .transport import Answer

#: Methods that may be repeated after an outage for which KSeF sent a Retry-After.
_REPEATABLE = frozenset({"GET", "HEAD"})
#: Seconds; KSeF may say 0, or a date that has passed by this machine's clock.
_LEAST_PAUSE = 1.0


class AuthorisedClient:
    """Sends requests with a valid bearer; one per thread, used as a context manager.

    :param client: sends the requests; its deadline is set for each
    :param token: returns a bearer; gets the refused bearer, or None, and the seconds that are left
    :param time_limit: seconds that one request may take in all, waits included
    """

    def __init__(
        self, client: KsefClient, token: Callable[[str | None, float], str], time_limit: float
    ) -> None:
        self._client = client
        self._token = token
        self._time_limit = time_limit

    def __enter__(self) -> AuthorisedClient:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._client.close()

    @property
    def base_url(self) -> str:
        """Return the address that the paths of :meth:`request` begin at."""
        return self._client.base_url

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request and return KSeF's complete 2xx answer.

        A bearer that KSeF refuses (401, or 403 with an empty body: docs/ksef.md A2-15) is renewed
        once. A request that KSeF puts off is repeated after its Retry-After, within the limit.

        :param path: from the base address on, with its leading slash
        :param data: a body that is sent to the byte, with a Content-Type among ``headers``
        :raises KsefError: for every other answer, see tools.errors
        """
        deadline = Deadline(self._time_limit)
        self._client.deadline = deadline.moment
        options = {"json": json, "data": data, "headers": headers, "params": params}
        bearer, renewed = self._token(None, deadline.left), False
        while True:
            try:
                return self._client.request(method, path, bearer=bearer, **options)
            except KsefUnauthorized as refusal:
                if renewed:
                    raise refusal
                bearer, renewed = self._token(bearer, deadline.left), True
            except (KsefRateLimited, KsefUnavailable) as error:
                time.sleep(_pause(method, error, deadline))


def _pause(method: str, error: KsefError, deadline: Deadline) -> float:
    """Return how many seconds to wait before the same request, or raise ``error``."""
    pause = getattr(error, "retry_after", None)
    served = not isinstance(error, KsefRateLimited)
    if pause is None or (served and method.upper() not in _REPEATABLE):
        raise error
    pause = max(float(pause), _LEAST_PAUSE)
    if pause > deadline.left:
        raise error
    return pause
