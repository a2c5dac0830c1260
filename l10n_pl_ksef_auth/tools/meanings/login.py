"""How a login ends: status of GET /auth/{referenceNumber} (docs/ksef.md A1-login)."""

from __future__ import annotations

from .meaning import (
    CONNECT_AGAIN,
    SIGN_AGAIN,
    SIGN_ELSEWHERE,
    Meaning,
    _lt,
    plain,
    unknown,
)

_NO_TOKEN_LOGIN = _lt("Connect with a signature instead of a KSeF token.")

STATUSES: dict[int, Meaning] = {
    100: Meaning(
        _lt("KSeF is still checking the signature."),
        _lt("There is nothing to do: you may close the window, Odoo goes on asking."),
        False,
        "wait",
    ),
    200: Meaning(_lt("KSeF has accepted the login."), "", True, "none"),
    415: Meaning(
        _lt(
            "KSeF accepted the signature, but whoever signed has no rights to the company "
            "with NIP %(nip)s."
        ),
        _lt(
            "Have the rights granted in KSeF by somebody who manages them there, or file ZAW-FA "
            "with the tax office; a company seal with this NIP works too. Then sign a new request."
        ),
        True,
        "sign",
    ),
    425: Meaning(
        _lt(
            "This login was ended in KSeF, by the person who signed it or by somebody who manages "
            "the company's access there."
        ),
        CONNECT_AGAIN,
        True,
        "sign",
    ),
    450: Meaning(_lt("KSeF did not accept the KSeF token."), _NO_TOKEN_LOGIN, True, "sign"),
    460: Meaning(
        _lt("KSeF did not accept the certificate that the request was signed with."),
        SIGN_ELSEWHERE,
        True,
        "sign",
    ),
    470: Meaning(
        _lt("KSeF cannot accept a login with this person's data."),
        _lt("Have the request signed by another person who has rights to the company."),
        True,
        "sign",
    ),
    480: Meaning(
        _lt("KSeF has blocked logins, because it suspects a security incident."),
        _lt(
            "Contact the Ministry of Finance with its form: https://ksef.podatki.gov.pl/formularz/"
        ),
        True,
        "support",
    ),
    500: Meaning(
        _lt("KSeF broke off the login with an error of its own."), SIGN_AGAIN, False, "sign"
    ),
    550: Meaning(
        _lt("KSeF cancelled the login for internal reasons and asks to try again."),
        SIGN_AGAIN,
        False,
        "sign",
    ),
}

#: Token logins: another program's, or one that somebody makes with our client.
_TOKEN_DETAILS = {
    "Nieprawidłowe wyzwanie autoryzacyjne": _lt(
        "KSeF did not accept the challenge that the KSeF token was sent with."
    ),
    "Nieprawidłowy token": _lt("KSeF does not know this KSeF token."),
    "Nieprawidłowy czas tokena": _lt("The time that the KSeF token was sent with is wrong."),
    "Token unieważniony": _lt("This KSeF token was revoked."),
    "Token nieaktywny": _lt("This KSeF token is not active."),
    "Invalid token encoding": _lt("KSeF could not read the KSeF token."),
}

_CERTIFICATE_DETAILS = {
    "Nieważny certyfikat": Meaning(
        _lt("The certificate of the signature has expired or is not valid yet."),
        _lt(
            "Sign a new request with a valid certificate; if it was the KSeF certificate, "
            "have a new one issued."
        ),
        True,
        "sign",
    ),
    "Błąd weryfikacji łańcucha certyfikatów": Meaning(
        _lt("KSeF could not check the issuer of the signature's certificate just now."),
        SIGN_AGAIN,
        False,
        "sign",
    ),
    "Niezaufany łańcuch certyfikatów": Meaning(
        _lt(
            "KSeF does not trust the issuer of the signature's certificate, or the certificate "
            "belongs to another KSeF environment."
        ),
        SIGN_ELSEWHERE,
        True,
        "sign",
    ),
    "Certyfikat odwołany": Meaning(
        _lt("The certificate of the signature was revoked."), SIGN_ELSEWHERE, True, "sign"
    ),
    "Certyfikat zawieszony": Meaning(
        _lt("The certificate of the signature is suspended."),
        _lt("Have its issuer lift the suspension, or sign a new request in another way."),
        True,
        "sign",
    ),
    "Niepoprawny certyfikat": Meaning(
        _lt(
            "KSeF considers the certificate of the signature incorrect; most often it belongs to "
            "another KSeF environment."
        ),
        _lt(
            "Check the KSeF environment in the company's settings, then sign a new request with "
            "a certificate for it."
        ),
        True,
        "settings",
    ),
}

DETAILS: dict[int, dict[str, Meaning]] = {
    450: {
        plain(detail): Meaning(text, _NO_TOKEN_LOGIN, True, "sign")
        for detail, text in _TOKEN_DETAILS.items()
    },
    460: {plain(detail): meaning for detail, meaning in _CERTIFICATE_DETAILS.items()},
}


def auth_status(code: int, details: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a login's status.

    :param code: ``status.code``, not the HTTP status
    :param details: ``status.details``
    """
    variants = DETAILS.get(code, {})
    for detail in details:
        if plain(detail) in variants:
            return variants[plain(detail)]
    return STATUSES.get(code) or unknown()
