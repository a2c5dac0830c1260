"""The meaning of one code, and the advice that several codes share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: Where the user goes on: sign = download and sign a new request; new_file = sign the same request
#: again; other_way = connect in another of the three ways; other_file = choose another file; wait =
#: Odoo or KSeF goes on by itself; account = the screen "Konto"; office = the office's own
#: record; company = the company's own data; support = the Ministry or the administrator.
WayBack = Literal[
    "sign",
    "rights",
    "new_file",
    "other_way",
    "other_file",
    "wait",
    "account",
    "office",
    "company",
    "support",
    "none",
]


@dataclass(frozen=True)
class Advice:
    """What a person does, and where.

    ``final``: repeating the attempt later does not help, so no machine does. ``about_rights``: the
    Ministry's pages on rights in KSeF help.
    """

    action: str
    way_back: WayBack
    final: bool = True
    about_rights: bool = False


@dataclass(frozen=True)
class Meaning:
    """One code, for a person: what happened and what to do.

    Text and action are English, for translation, with no other placeholders than %(details)s (an
    incident's number: KSeF's own words are told apart, as the technical line) %(company)s (with its
    NIP or unit) %(nip)s (that alone, with the word) %(signer)s (who signed, or whose certificate
    logged in), and what a problem of our own holds in its ``values``.
    """

    text: str
    advice: Advice


def _lt(text: str) -> str:
    """Mark a sentence for Odoo's extraction of translatable terms."""
    return text


NOTHING_TO_DO = Advice("", "none")
SIGN_AGAIN = Advice(_lt("Download a new file, sign it and upload the signed one."), "sign")
# How the request was signed is what KSeF refused (docs/ksef.md E13).
OTHER_WAY = Advice(
    _lt(
        "Connect in another way: sign at moj.gov.pl, sign in your own program, "
        "or load a KSeF certificate."
    ),
    "other_way",
)
SIGN_UNTOUCHED = Advice(
    _lt(
        "Sign the downloaded file again without opening or changing it. "
        "Upload it just as the signing site gives it."
    ),
    "new_file",
)
SIGN_AS_ANOTHER = Advice(
    _lt("Have the file signed by another person who has rights to the company."), "sign"
)
SIGN_WITHOUT_TOKEN = Advice(_lt("Connect with a signature instead of a KSeF token."), "sign")
OTHER_FILE = Advice(
    _lt("Choose the newest signed file, the one downloaded from the signing site."), "other_file"
)
CONNECT_AGAIN = Advice(_lt("Refresh the connection with a signature."), "sign")
OPEN_ACCOUNT = Advice(_lt("Look at the certificates in the menu KSeF → Account."), "account")
TELL_SUPPORT = Advice(_lt("Pass this message on to whoever looks after your Odoo."), "support")
CHECK_ADDRESS = Advice(_lt("Have the KSeF address in Odoo's configuration checked."), "support")
TRY_LATER = Advice(_lt("Try again in a few minutes."), "wait", final=False)
ODOO_GOES_ON = Advice(
    _lt("There is nothing to do: Odoo tries again by itself."), "wait", final=False
)
#: The same, where it has lasted for so long that there is no login any more, or soon will be.
ODOO_GOES_ON_TRYING = Advice(
    _lt(
        "Odoo goes on trying by itself. If KSeF works elsewhere, have this server's network "
        "checked. An invoice that cannot wait may be issued in offline mode (offline24)."
    ),
    "wait",
    final=False,
)
ODOO_ASKS_ON = Advice(
    _lt("There is nothing to do: you may close the window, Odoo goes on asking."),
    "wait",
    final=False,
)

#: An undocumented code.
UNKNOWN = Meaning(_lt("KSeF gave an answer that Odoo does not know."), TELL_SUPPORT)


def of_details(meanings: Mapping[str, Meaning], details: Iterable[str]) -> Meaning | None:
    """Return the meaning of the first of KSeF's details that has one.

    :param meanings: by how the detail begins (some end in a number), in lower case and without a
        full stop
    """
    plain = [" ".join(detail.split()).casefold() for detail in details]
    known = (meanings[start] for detail in plain for start in meanings if detail.startswith(start))
    return next(known, None)
