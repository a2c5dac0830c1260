"""Calls that brought no usable answer."""

from __future__ import annotations

from ..errors import KsefUnavailable
from .meaning import CHECK_ADDRESS, ODOO_GOES_ON, TELL_SUPPORT, TRY_LATER, Meaning, _lt

_UNREACHED = _lt("KSeF cannot be reached from this server at the moment.")
_SILENT = _lt("KSeF did not answer in time; it may have received the message all the same.")
_BROKEN = _lt("The connection with KSeF broke off; it may have received the message all the same.")
_UNREADABLE = _lt("KSeF answered with something that cannot be read.")

#: By the ``code`` of KsefUnavailable.
OUTAGES: dict[str, Meaning] = {
    "network": Meaning(_UNREACHED, TRY_LATER, False, "wait"),
    "timeout": Meaning(_SILENT, ODOO_GOES_ON, False, "wait"),
    "reset": Meaning(_BROKEN, ODOO_GOES_ON, False, "wait"),
    "tls": Meaning(
        _lt("No secure connection with KSeF could be made."), TELL_SUPPORT, False, "support"
    ),
    "proxy": Meaning(
        _lt("Your network's gateway does not let Odoo through to KSeF."),
        TELL_SUPPORT,
        False,
        "support",
    ),
    "redirect": Meaning(
        _lt("KSeF pointed to another address, which Odoo does not follow."),
        TELL_SUPPORT,
        False,
        "support",
    ),
    "address": Meaning(
        _lt(
            "The KSeF address in the system parameters cannot be used: it must begin with "
            "https:// and hold a host, and no password."
        ),
        CHECK_ADDRESS,
        False,
        "support",
    ),
    "server": Meaning(
        _lt("KSeF has a failure on its side at the moment."), ODOO_GOES_ON, False, "wait"
    ),
    "html": Meaning(
        _lt("A protective service in front of KSeF turned the message away."),
        _lt("Odoo tries again by itself; if this lasts, try again in an hour."),
        False,
        "wait",
    ),
    "unreadable": Meaning(_UNREADABLE, ODOO_GOES_ON, False, "wait"),
    "too_long": Meaning(_UNREADABLE, ODOO_GOES_ON, False, "wait"),
}

_UNSENT: dict[str, Meaning] = {
    "timeout": Meaning(_UNREACHED, TRY_LATER, False, "wait"),
    "reset": Meaning(_UNREACHED, TRY_LATER, False, "wait"),
}


def outage(error: KsefUnavailable) -> Meaning:
    """Return the meaning of a call without a usable answer."""
    return outage_by_code(error.code, error.sent)


def outage_by_code(code: str, sent: bool) -> Meaning:
    """Return the meaning of an outage.

    :param code: of :class:`~..errors.KsefUnavailable`
    :param sent: whether KSeF may have received the message
    """
    if not sent and code in _UNSENT:
        return _UNSENT[code]
    return OUTAGES.get(code, OUTAGES["server"])
