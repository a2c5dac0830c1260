"""The door through which uploaded documents enter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from ..auth_token_request import Context
from . import container, parsing
from .document import Document, examine, shape_finding
from .model import Finding, KnownChallenge, Reading
from .report import finding
from .request import Request, read_request
from .signed import Expected, read_signed


def read(
    data: bytes,
    *,
    challenges: Collection[KnownChallenge] = (),
    context: Context | None = None,
    unsigned: Collection[bytes] = (),
    now: datetime,
    environment: str | None = None,
) -> Reading:
    """Say what an uploaded file is, who signed it and what is wrong with it.

    Opens no file and no connection; takes bounded time and memory (see :mod:`.limits`).

    :param data: the file, byte for byte; it is never changed
    :param challenges: challenges that were fetched for this company, outdated ones too
    :param context: the company's; None when any is welcome
    :param unsigned: the requests as they were downloaded, to tell them from signed ones
    :param now: aware, by the clock that the challenges' ends are counted by: this machine's.  Times
        of other clocks (signature, certificate) are compared with tolerance
    :param environment: production, demo or test; None when unknown
    :raises ValueError: for arguments of a wrong type, never for what the file holds
    """
    _check_arguments(data, now)
    expected = Expected(challenges, context, unsigned, now, environment)
    try:
        return read_unguarded(bytes(data), expected)
    except Exception as error:  # no document may cost the user more than a sentence
        reason = type(error).__name__
        return Reading((finding("unchecked", reason, found=reason),), size=len(data))


def read_unguarded(data: bytes, expected: Expected) -> Reading:
    """Do the work of :func:`read`; what this raises is a fault of the reader, for its tests to see.

    :param expected: what the document is compared with
    """
    early = container.recognise(data)
    if early is not None:
        return Reading((early,), size=len(data))
    try:
        document = examine(parsing.parse(data))
    except parsing.Unreadable as error:
        return Reading((error.finding,), size=len(data))
    wrong = shape_finding(document)
    if wrong is not None:
        return _misshapen(document, wrong, data, expected.unsigned)
    return read_signed(document, expected, data)


def _check_arguments(data: object, now: object) -> None:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ValueError("The document must be given as bytes.")
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise ValueError("The time must be an aware datetime.")


def _misshapen(
    document: Document, wrong: Finding, data: bytes, unsigned: Collection[bytes]
) -> Reading:
    """Return what is known of a document that is no signed request."""
    request = read_request(document.candidates[0].request) if document.candidates else Request()
    if wrong.code == "unsigned":
        same = any(data == bytes(original) for original in unsigned)
        wrong = finding("unsigned", "the download, byte for byte" if same else "not byte for byte")
    return Reading(
        (wrong,),
        challenge=request.challenge,
        context=request.context,
        packaging=document.packaging,
        size=len(data),
    )
