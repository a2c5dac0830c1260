"""Giving rights and taking them back: how an order ends, and who may not order it.

Source: docs/ksef.md G-1, G2-5 and G2-6; which fault gives 410, 440 or 450 is documented nowhere.
"""

from __future__ import annotations

from .meaning import NOTHING_TO_DO, ODOO_GOES_ON, UNKNOWN, Advice, Meaning, _lt

_SIGN_AS_MANAGER = Advice(
    _lt("Have the file signed by the company's owner, or by somebody who manages rights there."),
    "sign",
)
#: What always works: the client does it without Odoo (docs/ksef.md G2-19).
_AT_THE_MINISTRY = Advice(
    _lt("Have the rights given in the Ministry's application: to an entity, for the office's NIP."),
    "none",
)
_CHECK_NUMBERS = Advice(
    _lt("Check the office's number in the menu KSeF → Office, and the company's NIP."), "office"
)

STATUSES: dict[int, Meaning] = {
    100: Meaning(_lt("KSeF is still working on the rights."), ODOO_GOES_ON),
    200: Meaning(_lt("KSeF has changed the rights."), NOTHING_TO_DO),
    400: Meaning(_lt("KSeF did not change the rights."), _AT_THE_MINISTRY),
    410: Meaning(
        _lt("KSeF says that the two numbers do not fit together."),
        _CHECK_NUMBERS,
    ),
    420: Meaning(_lt("%(signer)s may not give rights in KSeF: %(nip)s."), _SIGN_AS_MANAGER),
    430: Meaning(
        _lt("At KSeF this company cannot give such rights."),
        _AT_THE_MINISTRY,
    ),
    440: Meaning(
        _lt("KSeF does not allow this between the two numbers."),
        _CHECK_NUMBERS,
    ),
    450: Meaning(
        _lt("KSeF does not allow this for the office's number."),
        _CHECK_NUMBERS,
    ),
    500: Meaning(
        _lt("KSeF broke off the change of rights with an error of its own."), ODOO_GOES_ON
    ),
    550: Meaning(_lt("KSeF cancelled the change of rights for internal reasons."), ODOO_GOES_ON),
}

#: How the calls begin that give rights, take them back, or ask who has some.
_OF_THE_CLIENT = (
    "POST /permissions/persons/",
    "POST /permissions/entities/",
    "POST /permissions/query/persons/",
    "DELETE /permissions/common/",
)
#: By how the call begins, of HTTP 403 with the reason missing-permissions.
MISSING_RIGHTS: dict[str, Meaning] = {
    **dict.fromkeys(_OF_THE_CLIENT, STATUSES[420]),
    "POST /permissions/query/entities/": Meaning(
        _lt("The office's login may not see which rights the office was given."),
        Advice(
            _lt(
                "Have somebody give the certificate's owner the right CredentialsRead "
                "in the office's own company."
            ),
            "none",
        ),
    ),
}


def order_status(code: int) -> Meaning:
    """Return the meaning of the state of an order to give rights, or to take one back.

    :param code: ``status.code`` of GET /permissions/operations/{referenceNumber}
    """
    return STATUSES.get(code, UNKNOWN)


def missing_rights(call: str) -> Meaning | None:
    """Return what missing-permissions means for a call about rights, None for another call.

    :param call: method and path
    """
    found = (meaning for start, meaning in MISSING_RIGHTS.items() if call.startswith(start))
    return next(found, None)
