"""One attempt to log in."""

from __future__ import annotations

from dataclasses import dataclass, field

from .door import Answer
from .people import Signer

#: The status of what KSeF still works on.
RUNNING = 100


@dataclass
class Login:
    """One attempt to log in, as far as it came."""

    reference: str
    authentication_token: str = field(repr=False)
    answer: Answer
    code: int = RUNNING
    details: tuple[str, ...] = ()
    signer: Signer | None = None
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)

    @property
    def said(self) -> str:
        """Return the status in short: "415 Brak przypisanych uprawnień"."""
        return f"{self.code} {'; '.join(self.details)}".strip()
