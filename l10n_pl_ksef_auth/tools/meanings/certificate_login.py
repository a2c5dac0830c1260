"""What KSeF's answers mean to a login with a KSeF certificate: nobody signed, and there is no file.

Only what a signature's tables would tell untruly; all else is as there.
"""

from __future__ import annotations

from .meaning import (
    ODOO_GOES_ON,
    OTHER_WAY,
    SIGN_AS_ANOTHER,
    Advice,
    Meaning,
    _lt,
    of_details,
)
from .refused import is_of_signature

_WITH_A_GOOD_ONE = Advice(
    _lt("Refresh the connection with a signature, or load another certificate."), "sign"
)
_REFUSED = Meaning(_lt("KSeF did not accept the KSeF certificate of %(signer)s."), OTHER_WAY)
_OF_ANOTHER_ENVIRONMENT = Meaning(
    _lt("The KSeF certificate of %(signer)s belongs to another KSeF environment."),
    _WITH_A_GOOD_ONE,
)

#: By the status of a login (docs/ksef.md A1-login).
STATUSES: dict[int, Meaning] = {
    415: Meaning(
        _lt(
            "The KSeF certificate is fine, but %(signer)s has no rights in KSeF to the company "
            "%(company)s."
        ),
        Advice(
            _lt(
                "Have them granted by somebody who manages rights in KSeF, or file ZAW-FA with the "
                "tax office. Or refresh the connection with the signature of somebody who has them."
            ),
            "sign",
            about_rights=True,
        ),
    ),
    460: _REFUSED,
    470: Meaning(_lt("KSeF cannot accept a login with the data of %(signer)s."), SIGN_AS_ANOTHER),
    500: Meaning(_lt("KSeF broke off the login with an error of its own."), ODOO_GOES_ON),
    550: Meaning(_lt("KSeF cancelled the login for internal reasons."), ODOO_GOES_ON),
}

#: The same status, where the login stood on rights that a client gave the office.
RIGHTS_TAKEN_BACK = Meaning(
    _lt("KSeF says that the client's rights for the office are gone: %(company)s."),
    Advice(
        _lt("Ask the client for the rights again, or connect the company with a signature."),
        "rights",
    ),
)

#: By how the details of status 460 begin, in lower case and without a full stop.
DETAILS: dict[str, Meaning] = {
    "nieważny certyfikat": Meaning(
        _lt("The KSeF certificate of %(signer)s has expired or is not valid yet."),
        _WITH_A_GOOD_ONE,
    ),
    "błąd weryfikacji łańcucha certyfikatów": Meaning(
        _lt("KSeF could not check the issuer of the certificate just now."), ODOO_GOES_ON
    ),
    "certyfikat odwołany": Meaning(
        _lt("The KSeF certificate of %(signer)s was revoked."), _WITH_A_GOOD_ONE
    ),
    "certyfikat zawieszony": Meaning(
        _lt("The KSeF certificate of %(signer)s is suspended."), _WITH_A_GOOD_ONE
    ),
    "niezaufany łańcuch certyfikatów": _OF_ANOTHER_ENVIRONMENT,
    "niepoprawny certyfikat": _OF_ANOTHER_ENVIRONMENT,
}

#: By error code or HTTP status of the call that begins a login: Odoo has signed what it sends.
REFUSALS: dict[int, Meaning] = {
    21001: _REFUSED,
    21111: Meaning(
        _lt("KSeF did not accept this login: it may be sent once, within ten minutes."),
        ODOO_GOES_ON,
    ),
    21115: _REFUSED,
    21217: _REFUSED,
    21308: STATUSES[470],
    21401: _REFUSED,
    21406: _REFUSED,
    413: _REFUSED,
}

LOCAL: dict[str, Meaning] = {
    "answer_lost": Meaning(
        _lt("KSeF's answer was lost on the way, and KSeF gives it only once."), ODOO_GOES_ON
    ),
    "not_taken": Meaning(_lt("KSeF took no logins in the last ten minutes."), ODOO_GOES_ON),
}


def certificate_status(code: int, details: tuple[str, ...] = ()) -> Meaning | None:
    """Return what a login's status means to a certificate; None where the same to a signature."""
    return of_details(DETAILS if code == 460 else {}, details) or STATUSES.get(code)


def certificate_refusal(number: int) -> Meaning | None:
    """Return what the refusal of the signed request means to a certificate; None as above.

    :param number: error code, or HTTP status of an answer without one
    """
    return _REFUSED if is_of_signature(number) else REFUSALS.get(number)
