"""Documents of the sizes that the reader's bounds allow."""

from __future__ import annotations

import re

from corpus.mutations.base import unsigned_object

from tools.signed_document import limits

from .shared import signed

REFERENCE = re.compile(rb"<(?:ds:)?Reference .*?</(?:ds:)?Reference>", re.DOTALL)
_DECLARATIONS = b" ".join(b'xmlns:n%d="urn:n%d"' % (n, n) for n in range(limits.MAX_IN_SCOPE - 6))


def largest_accepted() -> bytes:
    """Return a signed request that passes and has just the largest size."""
    document = signed()
    room = limits.MAX_SIZE - len(document) - 100
    padded = unsigned_object(document, b"QUFB" * (room // 4))
    assert padded is not None and len(padded) <= limits.MAX_SIZE
    return padded


def costliest() -> bytes:
    """Return a document that costs as much time as the bounds allow; it does not pass."""
    document = signed(layout="szafir")
    reference = REFERENCE.search(document)
    assert reference is not None
    many = document.replace(reference[0], reference[0] * (limits.MAX_REFERENCES - 1))
    tags = b"<a/> " * (limits.MAX_TAGS - 500)
    filler = b"A" * (limits.MAX_SIZE - len(many) - len(tags) - len(_DECLARATIONS) - 50)
    inside = b"<a " + _DECLARATIONS + b">" + tags + filler + b"</a>"
    return many.replace(b"<Challenge>", inside + b"<Challenge>", 1)
