"""One attempt to log in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tools.answers import Token

from .door import Answer, Clock
from .people import Signer

#: The status of what KSeF still works on.
RUNNING = 100
#: Seconds after which an access token is renewed, of the 15 minutes that it lives.
AGE = 600.0


@dataclass
class Login:
    """One attempt to log in, as far as it came."""

    reference: str
    authentication_token: str = field(repr=False)
    answer: Answer
    code: int = RUNNING
    details: tuple[str, ...] = ()
    signer: Signer | None = None
    refresh: str = field(default="", repr=False)
    _access: str = field(default="", repr=False)
    _fetched: float = 0.0
    _clock: Clock | None = None
    _renew: Callable[[str], Token] | None = None

    def keep_fresh(self, clock: Clock, renew: Callable[[str], Token], access: str) -> None:
        """Take an access token, which is renewed when it is older than AGE.

        :param renew: the addon's call that makes a new one of the refresh token
        """
        self._access, self._fetched = access, clock.now()
        self._clock, self._renew = clock, renew

    @property
    def access(self) -> str:
        """Return an access token."""
        if self._clock and self._renew and self._clock.now() - self._fetched > AGE:
            self._access = self._renew(self.refresh).token
            self._fetched = self._clock.now()
        return self._access

    @property
    def said(self) -> str:
        """Return the status in short: "415 Brak przypisanych uprawnień"."""
        return f"{self.code} {'; '.join(self.details)}".strip()
