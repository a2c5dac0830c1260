"""What each right at KSeF allows, in the Ministry's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..const import NO_RIGHTS
from .meaning import _lt

#: By KSeF's name of the right (KSeF's contract, POST /permissions/query/personal/grants).
_RIGHTS: Mapping[str, str] = {
    "InvoiceWrite": _lt("sending invoices"),
    "InvoiceRead": _lt("reading invoices"),
    "CredentialsManage": _lt("giving rights to others"),
    "CredentialsRead": _lt("seeing others' rights"),
    "Introspection": _lt("seeing the history of sending"),
    "SubunitManage": _lt("managing units"),
    "EnforcementOperations": _lt("enforcement operations"),
    "VatUeManage": _lt("managing rights of an EU entity"),
    "CollectiveIdentifierManage": _lt("managing collective identifiers"),
    NO_RIGHTS: _lt("none"),
}


def rights(names: Iterable[str]) -> list[str]:
    """Return what rights allow, the most wanted first: English, for translation.

    :param names: as KSeF calls them, such as ``InvoiceWrite``; an unknown one keeps its name
    """
    known = list(_RIGHTS)
    ordered = sorted(
        names, key=lambda name: (known.index(name) if name in known else len(known), name)
    )
    return [_RIGHTS.get(name, name.replace("%", "%%")) for name in ordered]
