"""The meaning of one code, and the sentences that several codes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Where the user goes on: sign = download and sign a new request; new_file = sign the same request
#: again; other_file = choose another file; wait = Odoo or KSeF goes on by itself; account = the
#: screen "Konto"; settings = the company's settings for KSeF; company = the company's own data;
#: support = the Ministry or the administrator.
WayBack = Literal[
    "sign", "new_file", "other_file", "wait", "account", "settings", "company", "support", "none"
]


@dataclass(frozen=True)
class Meaning:
    """One code, for a person: what happened and what to do.

    ``text`` and ``action`` are English, for translation, with no other placeholders than
    %(code)s %(text)s %(details)s %(nip)s %(signer)s %(seconds)s.
    ``final``: repeating the attempt later does not help, so no machine does.
    """

    text: str
    action: str
    final: bool
    way_back: WayBack


def _lt(text: str) -> str:
    """Mark a sentence for Odoo's extraction of translatable terms."""
    return text


SIGN_AGAIN = _lt("Download a new request, sign it and upload the signed file.")
SIGN_ELSEWHERE = _lt(
    "Download a new request and sign it at gov.pl with Profil Zaufany or e-dowód, "
    "or with a qualified signature."
)
SIGN_UNTOUCHED = _lt(
    "Sign the downloaded request again without opening or changing it, and upload the signed file "
    "just as the signing site gives it."
)
OTHER_FILE = _lt("Choose the newest signed file, the one downloaded from the signing site.")
TRY_LATER = _lt("Try again in a few minutes.")
ODOO_GOES_ON = _lt("There is nothing to do: Odoo tries again by itself.")
CONNECT_AGAIN = _lt("Refresh the connection with a signature.")
TELL_SUPPORT = _lt("Pass this message on to whoever looks after your Odoo.")
CHECK_ADDRESS = _lt("Have the KSeF address in the system parameters checked.")
OPEN_ACCOUNT = _lt("Look at the certificates in the Account tab.")


def unknown(final: bool = True) -> Meaning:
    """Return the meaning of an undocumented code."""
    return Meaning(
        _lt("KSeF answered %(code)s: %(text)s %(details)s"), TELL_SUPPORT, final, "support"
    )


def plain(detail: str) -> str:
    """Return one of KSeF's details in the form of the tables' keys."""
    return " ".join(detail.split()).rstrip(".").casefold()
