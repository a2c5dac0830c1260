"""All messages about problems, by subject, as a help page lists them.

It is made from the tables that the messages themselves come from, so none can be missing from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..signed_document import findings
from . import applications, certificate_login, grants, local_problems, login, outages, refused
from .meaning import NOTHING_TO_DO, UNKNOWN, Meaning

#: By how their codes begin: problems of our own; the others are about Odoo and the company.
_OURS = {
    "credentials": ("credential_", "certificate_number_taken"),
    "rights": ("grantee_",),
    "link": ("link_",),
}


@dataclass(frozen=True)
class Message:
    """What happened and what to do, in English, for translation; and the codes that it is told for.

    ``codes`` are KSeF's numbers and reasons, or this addon's own words.
    """

    text: str
    action: str
    codes: tuple[str, ...]


def catalogue() -> dict[str, list[Message]]:
    """Return all messages about problems, by subject; equal ones once, with all their codes.

    :return: file (the chosen file, before it is sent), login (KSeF's answers to it and to other
        calls), certificate-login (the same where nobody signed), certificate (applications for
        one), rights (giving some to an office), link (to a signer without an account),
        credentials (loading a certificate's files), outage (no usable answer), here (the company,
        this Odoo)
    """
    return {subject: _merged(rows) for subject, rows in _subjects().items()}


def _subjects() -> dict[str, Iterable[Message]]:
    return {
        "file": [
            Message(text, action, (code,))
            for code, (_level, text, action) in findings.TABLE.items()
        ],
        "login": _answers(),
        "certificate-login": _logins_with_a_certificate(),
        "certificate": _applications(),
        "rights": [
            *_rows(grants.STATUSES),
            *_rows(grants.MISSING_RIGHTS, 403),
            *_rows(_ours("rights")),
        ],
        "link": _rows(_ours("link")),
        "credentials": _rows(_ours("credentials")),
        "outage": [*_rows(outages.OUTAGES), *_rows(outages.NUMBERED)],
        "here": _rows(_ours("here")),
    }


def _ours(subject: str) -> dict[str, Meaning]:
    """Problems that this Odoo finds by itself, of one subject."""
    problems = local_problems.PROBLEMS.items()
    return {code: row for code, row in problems if _subject_of(code) == subject}


def _subject_of(code: str) -> str:
    found = (subject for subject, starts in _OURS.items() if code.startswith(starts))
    return next(found, "here")


def _answers() -> Iterator[Message]:
    """KSeF's answers to logins and other calls, less those about applications."""
    yield from _rows(login.STATUSES)
    for status, details in login.DETAILS.items():
        yield from _rows(details, status)
    codes = refused.CODES.items()
    yield from _rows(
        {code: row for code, row in codes if code not in applications.CERTIFICATE_CODES}
    )
    for code, variants in refused.VARIANTS.items():
        yield from _rows(variants, code)
    yield from _rows(refused.REASONS)
    for statuses in (refused.HTTP_STATUSES, refused.OTHER_CALLS, refused.BESIDE_LOGINS):
        yield from _rows(statuses)
    yield from _rows({403: refused.forbidden(""), "": UNKNOWN})


def _logins_with_a_certificate() -> Iterator[Message]:
    yield from _rows(certificate_login.STATUSES)
    yield from _rows({415: certificate_login.RIGHTS_TAKEN_BACK})
    yield from _rows(certificate_login.DETAILS, 460)
    yield from _rows(certificate_login.REFUSALS)
    yield from _rows(certificate_login.LOCAL)


def _applications() -> Iterator[Message]:
    yield from _rows(applications.CERTIFICATE_CODES)
    yield from _rows(applications.STATUSES)
    # KSeF tells these details with the status of a rejected application.
    yield from _rows(applications.DETAILS, 400)


def _rows(meanings: Mapping[Any, Meaning], code: int | None = None) -> Iterator[Message]:
    """The messages of a table, less those that tell no problem.

    :param code: the one whose variants these are; by default each row has its own
    """
    for own, meaning in meanings.items():
        if meaning.advice is not NOTHING_TO_DO:
            yield Message(meaning.text, meaning.advice.action, (str(code or own),))


def _merged(rows: Iterable[Message]) -> list[Message]:
    """Equal sentences as one message, in the order of their first."""
    codes: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        known = codes.setdefault((row.text, row.action), [])
        known += [code for code in row.codes if code and code not in known]
    return [Message(*sentences, tuple(found)) for sentences, found in codes.items()]
