"""Certificate applications: error codes 25xxx and the application's status.

Source: docs/ksef.md A1-certificates and A1-enrollment.
"""

from __future__ import annotations

from .meaning import (
    NOTHING_TO_DO,
    ODOO_GOES_ON,
    OPEN_ACCOUNT,
    TELL_SUPPORT,
    UNKNOWN,
    Advice,
    Meaning,
    _lt,
    of_details,
)

_SIGN_FOR_CERTIFICATE = Advice(
    _lt("Refresh the connection with a signature; KSeF issues certificates to such logins only."),
    "sign",
)
_ASK_AGAIN = Advice(_lt("Ask for a certificate again in the menu KSeF → Account."), "account")
_CERTIFICATES_FULL = Meaning(
    _lt("%(signer)s holds as many KSeF certificates as KSeF allows."),
    Advice(_lt("Revoke a certificate that nobody uses in the menu KSeF → Account."), "account"),
)

CERTIFICATE_CODES: dict[int, Meaning] = {
    25001: Meaning(
        _lt("KSeF gives no data for a certificate to this kind of login."), _SIGN_FOR_CERTIFICATE
    ),
    25002: Meaning(_lt("KSeF issues no certificate to this kind of login."), _SIGN_FOR_CERTIFICATE),
    25003: Meaning(
        _lt("The certificate application does not match the data of the one who signed."),
        _ASK_AGAIN,
    ),
    25004: Meaning(_lt("KSeF could not read the certificate application."), TELL_SUPPORT),
    25005: Meaning(_lt("KSeF does not know this certificate application."), _ASK_AGAIN),
    25006: Meaning(
        _lt("%(signer)s has used up all certificate applications that KSeF allows."),
        Advice(
            _lt(
                "Load a certificate that this person already has in the menu KSeF → Account. "
                "You may also go on connecting with a signature."
            ),
            "account",
        ),
    ),
    25007: _CERTIFICATES_FULL,
    25008: Meaning(_lt("KSeF does not know this certificate."), OPEN_ACCOUNT),
    25009: Meaning(
        _lt("This certificate is no longer valid, so it need not be revoked."), OPEN_ACCOUNT
    ),
    25010: Meaning(
        _lt("KSeF does not accept the kind or length of the certificate's key."), TELL_SUPPORT
    ),
    25011: Meaning(
        _lt("KSeF does not accept the way in which the certificate application is signed."),
        TELL_SUPPORT,
    ),
}

STATUSES: dict[int, Meaning] = {
    100: Meaning(_lt("KSeF is issuing the certificate."), ODOO_GOES_ON),
    200: Meaning(_lt("KSeF has issued the certificate."), NOTHING_TO_DO),
    400: Meaning(_lt("KSeF rejected the certificate application."), _ASK_AGAIN),
    500: Meaning(
        _lt("KSeF broke off the certificate application with an error of its own."), _ASK_AGAIN
    ),
    550: Meaning(
        _lt("KSeF cancelled the certificate application for internal reasons."), _ASK_AGAIN
    ),
}

#: By how KSeF's details of status 400 begin, in lower case and without a full stop.
DETAILS: dict[str, Meaning] = {
    "klucz publiczny został już certyfikowany przez inny podmiot": Meaning(
        _lt("KSeF has already issued a certificate for this key to somebody else."), _ASK_AGAIN
    ),
    "osiągnięto dopuszczalny limit posiadanych certyfikatów": _CERTIFICATES_FULL,
}


def enrollment_status(code: int, details: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a certificate application's status.

    :param code: ``status.code`` of GET /certificates/enrollments/{referenceNumber}
    """
    return of_details(DETAILS if code == 400 else {}, details) or STATUSES.get(code, UNKNOWN)
