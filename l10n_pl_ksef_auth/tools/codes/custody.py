"""Problems of the place where the secrets are kept: copies of the database."""

from __future__ import annotations

from .meaning import Meaning, _lt

_DECIDE = _lt(
    "If the original no longer runs, go on here with its connection. "
    "If it still runs somewhere, give the secrets up here: the original keeps them."
)


def _copy(text: str) -> Meaning:
    return Meaning(text, _DECIDE, True, "account")


CUSTODY: dict[str, Meaning] = {
    "copy_duplicated": _copy(
        _lt("This database is a duplicate: the connection to KSeF belongs to the original.")
    ),
    "copy_restored": _copy(
        _lt(
            "This database was restored from a backup or copied on this server: "
            "the connection to KSeF may still be in use by the original."
        )
    ),
    "copy_moved": _copy(
        _lt(
            "This database was moved or copied to another server: "
            "the connection to KSeF may still be in use by the original."
        )
    ),
    "neutralized": Meaning(
        _lt(
            "This is a neutralized copy for trials: it holds nothing of the original's connection "
            "and keeps away from KSeF's production."
        ),
        _lt("To try KSeF out here, connect to the test environment."),
        True,
        "settings",
    ),
}
