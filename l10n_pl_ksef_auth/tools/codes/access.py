"""HTTP 403 by its reason (docs/ksef.md A1-http), and calls that brought no usable answer."""

from __future__ import annotations

from ..errors import KsefUnavailable
from .meaning import (
    CHECK_ADDRESS,
    CONNECT_AGAIN,
    ODOO_GOES_ON,
    TELL_SUPPORT,
    TRY_LATER,
    Meaning,
    _lt,
)

_ASK_FOR_RIGHTS = _lt("Have the missing rights granted in KSeF by somebody who manages them there.")

REASONS: dict[str, Meaning] = {
    "missing-permissions": Meaning(
        _lt("The login works, but lacks a right for this in KSeF."), _ASK_FOR_RIGHTS, True, "none"
    ),
    "ip-not-allowed": Meaning(
        _lt("KSeF does not allow this login from your server's network address."),
        CONNECT_AGAIN,
        True,
        "sign",
    ),
    "insufficient-resource-access": Meaning(
        _lt("This login has no access to what was asked for."), _ASK_FOR_RIGHTS, True, "none"
    ),
    "auth-method-not-allowed": Meaning(
        _lt("KSeF does not allow this with the kind of login that is in use."),
        CONNECT_AGAIN,
        True,
        "sign",
    ),
    "security-service-blocked": Meaning(
        _lt("KSeF's security service has blocked this connection."),
        _lt("Contact the Ministry of Finance, and give them the incident's number."),
        True,
        "support",
    ),
    "context-type-not-allowed": Meaning(
        _lt("KSeF does not allow this for the kind of identifier that the company logs in with."),
        _lt("Check the kind of identifier in the company's settings."),
        True,
        "settings",
    ),
}

_UNKNOWN_REASON = Meaning(
    _lt("KSeF does not allow this: %(code)s %(text)s"), TELL_SUPPORT, True, "support"
)

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


def forbidden(reason: str) -> Meaning:
    """Return the meaning of HTTP 403.

    :param reason: its ``reasonCode``
    """
    return REASONS.get(reason, _UNKNOWN_REASON)


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
