"""What each right at KSeF allows, in the Ministry's own words."""

from __future__ import annotations

from collections.abc import Mapping

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


def right(name: str) -> str:
    """Return what a right allows: English, for translation; the name itself if it is unknown.

    :param name: as KSeF calls it, such as ``InvoiceWrite``
    """
    return _RIGHTS.get(name, name.replace("%", "%%"))
