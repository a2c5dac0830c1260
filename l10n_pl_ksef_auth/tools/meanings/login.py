"""How a login ends: status of GET /auth/{referenceNumber} (docs/ksef.md A1-login)."""

from __future__ import annotations

from dataclasses import replace

from .meaning import (
    CONNECT_AGAIN,
    NOTHING_TO_DO,
    ODOO_ASKS_ON,
    OTHER_WAY,
    SIGN_AGAIN,
    SIGN_AS_ANOTHER,
    SIGN_WITHOUT_TOKEN,
    UNKNOWN,
    Advice,
    Meaning,
    _lt,
    of_details,
)

# What may pass by itself.
_SIGN_AGAIN_LATER = replace(SIGN_AGAIN, final=False)
_UNREADABLE_TOKEN = Meaning(_lt("KSeF could not read the KSeF token."), SIGN_WITHOUT_TOKEN)

STATUSES: dict[int, Meaning] = {
    100: Meaning(_lt("KSeF is still checking the signature."), ODOO_ASKS_ON),
    200: Meaning(_lt("KSeF has accepted the login."), NOTHING_TO_DO),
    415: Meaning(
        _lt(
            "The signature is fine, but %(signer)s has no rights in KSeF to the company "
            "%(company)s."
        ),
        Advice(
            _lt(
                "Have them granted by somebody who manages rights in KSeF, or file ZAW-FA with the "
                "tax office. Then sign a new file. You may also sign a new file with this "
                "company's qualified seal."
            ),
            "sign",
            about_rights=True,
        ),
    ),
    425: Meaning(
        _lt(
            "This login was ended in KSeF: by %(signer)s, or by somebody who manages the company's "
            "access there."
        ),
        CONNECT_AGAIN,
    ),
    450: Meaning(_lt("KSeF did not accept the KSeF token."), SIGN_WITHOUT_TOKEN),
    460: Meaning(
        _lt("KSeF did not accept the certificate that the file was signed with."), OTHER_WAY
    ),
    470: Meaning(_lt("KSeF cannot accept a login with this person's data."), SIGN_AS_ANOTHER),
    480: Meaning(
        _lt("KSeF has blocked logins, because it suspects a security incident."),
        Advice(
            _lt(
                "Contact the Ministry of Finance with its form: https://ksef.podatki.gov.pl/formularz/"
            ),
            "support",
        ),
    ),
    500: Meaning(_lt("KSeF broke off the login with an error of its own."), _SIGN_AGAIN_LATER),
    550: Meaning(
        _lt("KSeF cancelled the login for internal reasons and asks to try again."),
        _SIGN_AGAIN_LATER,
    ),
}

#: By how KSeF's details begin, in lower case and without a full stop.
DETAILS: dict[int, dict[str, Meaning]] = {
    # Token logins: another program's, or one that somebody makes with our client.
    450: {
        "nieprawidłowe wyzwanie autoryzacyjne": Meaning(
            _lt("KSeF did not accept the challenge that the KSeF token was sent with."),
            SIGN_WITHOUT_TOKEN,
        ),
        "nieprawidłowy token": Meaning(
            _lt("KSeF does not know this KSeF token."), SIGN_WITHOUT_TOKEN
        ),
        "nieprawidłowy czas tokena": Meaning(
            _lt("The time that the KSeF token was sent with is wrong."), SIGN_WITHOUT_TOKEN
        ),
        "token unieważniony": Meaning(_lt("This KSeF token was revoked."), SIGN_WITHOUT_TOKEN),
        "token nieaktywny": Meaning(_lt("This KSeF token is not active."), SIGN_WITHOUT_TOKEN),
        "nieprawidłowe szyfrowanie tokena": Meaning(
            _lt("KSeF could not decrypt the KSeF token."), SIGN_WITHOUT_TOKEN
        ),
        "nieprawidłowe kodowanie tokena": _UNREADABLE_TOKEN,
        # Until 2.6.1 (docs/ksef.md E3).
        "invalid token encoding": _UNREADABLE_TOKEN,
        "token nie może być użyty w kontekście": Meaning(
            _lt("This KSeF token belongs to another company or unit."), SIGN_WITHOUT_TOKEN
        ),
    },
    460: {
        "nieważny certyfikat": Meaning(
            _lt("The certificate of the signature has expired or is not valid yet."),
            Advice(
                _lt(
                    "Sign a new file with a valid certificate. If it was the KSeF certificate, "
                    "have a new one issued."
                ),
                "sign",
            ),
        ),
        "błąd weryfikacji łańcucha certyfikatów": Meaning(
            _lt("KSeF could not check the issuer of the signature's certificate just now."),
            _SIGN_AGAIN_LATER,
        ),
        "niezaufany łańcuch certyfikatów": Meaning(
            _lt(
                "KSeF does not trust the issuer of the signature's certificate, or the certificate "
                "belongs to another KSeF environment."
            ),
            OTHER_WAY,
        ),
        "certyfikat odwołany": Meaning(
            _lt("The certificate of the signature was revoked."), OTHER_WAY
        ),
        "certyfikat zawieszony": Meaning(
            _lt("The certificate of the signature is suspended."),
            Advice(
                _lt("Have its issuer lift the suspension, or sign a new file in another way."),
                "sign",
            ),
        ),
        "niepoprawny certyfikat": Meaning(
            _lt(
                "KSeF considers the certificate of the signature incorrect. Most often it belongs "
                "to another KSeF environment."
            ),
            Advice(
                _lt(
                    "Check the KSeF environment in the menu KSeF → Account. Then sign a new file "
                    "with a certificate for it."
                ),
                "account",
            ),
        ),
    },
}


def auth_status(code: int, details: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a login's status.

    :param code: ``status.code``, not the HTTP status
    :param details: ``status.details``
    """
    return of_details(DETAILS.get(code, {}), details) or STATUSES.get(code, UNKNOWN)
