"""Calls that brought no usable answer."""

from __future__ import annotations

from dataclasses import replace

from .meaning import CHECK_ADDRESS, ODOO_GOES_ON, TELL_SUPPORT, TRY_LATER, Advice, Meaning, _lt

# No outage is final.
_TELL_SUPPORT = replace(TELL_SUPPORT, final=False)
_UNREADABLE = Meaning(_lt("KSeF answered with something that cannot be read."), ODOO_GOES_ON)

_IN_AN_HOUR = Advice(
    _lt("Odoo tries again by itself. If this lasts, try again in an hour."), "wait", final=False
)
_TURNED_AWAY = Meaning(
    _lt("A protective service in front of KSeF turned the message away."), _IN_AN_HOUR
)
_TURNED_AWAY_WITH_A_NUMBER = Meaning(
    _lt(
        "A protective service in front of KSeF turned the message away. "
        "If you ask KSeF's support about it, name incident %(details)s."
    ),
    _IN_AN_HOUR,
)

#: By the ``code`` of KsefUnavailable.
OUTAGES: dict[str, Meaning] = {
    "network": Meaning(_lt("KSeF cannot be reached from this server at the moment."), TRY_LATER),
    "timeout": Meaning(
        _lt("KSeF did not answer in time. It may have received the message all the same."),
        ODOO_GOES_ON,
    ),
    "reset": Meaning(
        _lt("The connection with KSeF broke off. It may have received the message all the same."),
        ODOO_GOES_ON,
    ),
    "tls": Meaning(_lt("No secure connection with KSeF could be made."), _TELL_SUPPORT),
    "proxy": Meaning(
        _lt("Your network's gateway does not let Odoo through to KSeF."), _TELL_SUPPORT
    ),
    "redirect": Meaning(
        _lt("KSeF pointed to another address, which Odoo does not follow."), _TELL_SUPPORT
    ),
    "address": Meaning(
        _lt(
            "The KSeF address in Odoo's configuration cannot be used. It must begin with "
            "https:// and hold a host, and no password."
        ),
        replace(CHECK_ADDRESS, final=False),
    ),
    "address_parameter": Meaning(
        _lt(
            "A system parameter names an address for KSeF that Odoo does not use. It may name "
            "another program on the same server only."
        ),
        Advice(
            _lt(
                "Have the system parameter l10n_pl_ksef_auth.base_url removed. Another address "
                "belongs into the configuration file of Odoo's server, as l10n_pl_ksef_base_url."
            ),
            "support",
            final=False,
        ),
    ),
    "server": Meaning(_lt("KSeF has a failure on its side at the moment."), ODOO_GOES_ON),
    "html": _TURNED_AWAY,
    "blocked": _TURNED_AWAY,
    "unreadable": _UNREADABLE,
    "too_long": _UNREADABLE,
}


#: The same, where the answer told the number of the incident.
NUMBERED: dict[str, Meaning] = {
    "html": _TURNED_AWAY_WITH_A_NUMBER,
    "blocked": _TURNED_AWAY_WITH_A_NUMBER,
}


def outage(code: str, sent: bool, details: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a call that brought no usable answer.

    :param code: of :class:`~..errors.KsefUnavailable`
    :param sent: whether KSeF may have received the message
    :param details: the number of a blocked call, where one was told
    """
    if not sent and code in ("timeout", "reset"):
        code = "network"
    if details and code in NUMBERED:
        return NUMBERED[code]
    return OUTAGES.get(code, OUTAGES["server"])
