"""What is said when rights are given, and what a list of rights tells (docs/ksef.md G2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .answers import GivenRight

#: What an office needs of a client: to issue invoices, and to see them.
INVOICE_RIGHTS = ("InvoiceWrite", "InvoiceRead")
#: Who has this right, or owns the company, may give rights there (docs/ksef.md G2-5).
MANAGE = "CredentialsManage"
#: Most characters of a description (docs/ksef.md G2-15), and of the marker in it; the fewest of a
#: marker that nobody writes by chance.
_DESCRIPTION, _MARKER, _MARKER_LEAST = 256, 64, 8


def may_give(rights: Collection[str]) -> bool:
    """Return True if a login may give rights in its company, though it may not send perhaps.

    :param rights: as :meth:`.client.KsefClient.personal_permissions` returns them, where an empty
        list is an older answer's about an owner
    """
    return not rights or MANAGE in rights


def description(marker: str, text: str) -> str:
    """Return a grant's description: it comes back in the lists, and says that the grant is ours.

    :param marker: 8 to 64 characters, of this grant alone, kept before it is sent (docs/ksef.md
        G2-9)
    :param text: for people; it is cut to what KSeF takes
    :raises ValueError: for another marker
    """
    if not _MARKER_LEAST <= len(marker) <= _MARKER:
        raise ValueError("A marker has 8 to 64 characters.")
    end = f" [{marker}]"
    return f"{' '.join(text.split())[: _DESCRIPTION - len(end)]}{end}".lstrip()


def missing(rights: Iterable[GivenRight], wanted: Collection[str] = INVOICE_RIGHTS) -> list[str]:
    """Return those of the wanted rights that somebody does not have.

    KSeF's lists lag behind a grant by a while (docs/ksef.md G2-6).

    :param rights: what was given to this one person or entity
    """
    there = {right.scope for right in rights if right.is_active}
    return [scope for scope in wanted if scope not in there]
