"""Certificate applications: error codes 25xxx and the application's status.

Source: docs/ksef.md A1-certificates and A1-enrollment.
"""

from __future__ import annotations

from .meaning import (
    ODOO_GOES_ON,
    OPEN_ACCOUNT,
    TELL_SUPPORT,
    Meaning,
    _lt,
    plain,
    unknown,
)

_SIGN_FOR_CERTIFICATE = _lt(
    "Refresh the connection with a signature; KSeF issues certificates to such logins only."
)
_FREE_A_PLACE = _lt("Revoke a certificate that nobody uses, in the Account tab.")
_ASK_AGAIN = _lt("Ask for a certificate again in the Account tab.")
_CERTIFICATES_FULL = Meaning(
    _lt("The signer holds as many KSeF certificates as KSeF allows."),
    _FREE_A_PLACE,
    True,
    "account",
)

CERTIFICATE_CODES: dict[int, Meaning] = {
    25001: Meaning(
        _lt("KSeF gives no data for a certificate to this kind of login."),
        _SIGN_FOR_CERTIFICATE,
        True,
        "sign",
    ),
    25002: Meaning(
        _lt("KSeF issues no certificate to this kind of login."),
        _SIGN_FOR_CERTIFICATE,
        True,
        "sign",
    ),
    25003: Meaning(
        _lt("The certificate application does not match the data of the one who signed."),
        _ASK_AGAIN,
        True,
        "account",
    ),
    25004: Meaning(
        _lt("KSeF could not read the certificate application."), TELL_SUPPORT, True, "support"
    ),
    25005: Meaning(
        _lt("KSeF does not know this certificate application."), _ASK_AGAIN, True, "account"
    ),
    25006: Meaning(
        _lt("The signer has used up all certificate applications that KSeF allows."),
        _lt(
            "Load a certificate that the signer already has, in the Account tab, "
            "or go on connecting with a signature."
        ),
        True,
        "account",
    ),
    25007: _CERTIFICATES_FULL,
    25008: Meaning(_lt("KSeF does not know this certificate."), OPEN_ACCOUNT, True, "account"),
    25009: Meaning(
        _lt("This certificate is no longer valid, so it need not be revoked."),
        OPEN_ACCOUNT,
        True,
        "account",
    ),
    25010: Meaning(
        _lt("KSeF does not accept the kind or length of the certificate's key."),
        TELL_SUPPORT,
        True,
        "support",
    ),
    25011: Meaning(
        _lt("KSeF does not accept the way in which the certificate application is signed."),
        TELL_SUPPORT,
        True,
        "support",
    ),
}

STATUSES: dict[int, Meaning] = {
    100: Meaning(_lt("KSeF is issuing the certificate."), ODOO_GOES_ON, False, "wait"),
    200: Meaning(_lt("KSeF has issued the certificate."), "", True, "none"),
    400: Meaning(
        _lt("KSeF rejected the certificate application: %(details)s"), _ASK_AGAIN, True, "account"
    ),
    500: Meaning(
        _lt("KSeF broke off the certificate application with an error of its own."),
        _ASK_AGAIN,
        True,
        "account",
    ),
    550: Meaning(
        _lt("KSeF cancelled the certificate application for internal reasons."),
        _ASK_AGAIN,
        True,
        "account",
    ),
}

DETAILS: dict[str, Meaning] = {
    plain("Klucz publiczny został już certyfikowany przez inny podmiot."): Meaning(
        _lt("KSeF has already issued a certificate for this key to somebody else."),
        _ASK_AGAIN,
        True,
        "account",
    ),
    plain("Osiągnięto dopuszczalny limit posiadanych certyfikatów."): _CERTIFICATES_FULL,
}


def enrollment_status(code: int, details: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a certificate application's status.

    :param code: ``status.code`` of GET /certificates/enrollments/{referenceNumber}
    """
    for detail in details if code == 400 else ():
        if plain(detail) in DETAILS:
            return DETAILS[plain(detail)]
    return STATUSES.get(code) or unknown()
