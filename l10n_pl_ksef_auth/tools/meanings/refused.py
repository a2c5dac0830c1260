"""Refusals: error codes of HTTP 400, reasons of HTTP 403, statuses without a code.

Source: docs/ksef.md A1.
"""

from __future__ import annotations

from .applications import CERTIFICATE_CODES
from .grants import missing_rights
from .meaning import (
    CHECK_ADDRESS,
    CONNECT_AGAIN,
    ODOO_ASKS_ON,
    OTHER_FILE,
    OTHER_WAY,
    SIGN_AGAIN,
    SIGN_AS_ANOTHER,
    SIGN_UNTOUCHED,
    SIGN_WITHOUT_TOKEN,
    TELL_SUPPORT,
    UNKNOWN,
    Advice,
    Meaning,
    _lt,
)

_INVALID_SIGNATURE = Meaning(_lt("KSeF did not accept the signature in the file."), OTHER_WAY)
_LOGIN_ENDED = Meaning(
    _lt("KSeF no longer accepts this login: it was ended or replaced."), CONNECT_AGAIN
)

CODES: dict[int, Meaning] = {
    9101: Meaning(_lt("KSeF does not take this file for a signed request."), OTHER_FILE),
    9102: Meaning(_lt("The file is not signed: it is the one downloaded from Odoo."), OTHER_FILE),
    9103: Meaning(
        _lt("The file holds more signatures than KSeF allows."),
        Advice(_lt("Sign the downloaded file once, with one signature."), "new_file"),
    ),
    9104: Meaning(_lt("The file holds fewer signatures than KSeF requires."), SIGN_UNTOUCHED),
    9105: _INVALID_SIGNATURE,
    9106: Meaning(
        _lt("The signature in the file does not cover the request in the way KSeF requires."),
        OTHER_WAY,
    ),
    21001: Meaning(_lt("KSeF could not read the file; it may be damaged."), OTHER_FILE),
    21111: Meaning(
        _lt(
            "The file is out of date or was used already. It may be sent once, within ten minutes."
        ),
        SIGN_AGAIN,
    ),
    21115: Meaning(
        _lt(
            "KSeF does not accept the certificate of the signature. It is of another KSeF "
            "environment, or lacks the signer's PESEL or NIP."
        ),
        OTHER_WAY,
    ),
    21117: Meaning(
        _lt("KSeF does not accept the number of this company (%(nip)s)."),
        Advice(
            _lt("Check the NIP, and as whom Odoo logs in, in the menu KSeF → Account."), "account"
        ),
    ),
    21180: Meaning(_lt("KSeF does not take requests at this address."), CHECK_ADDRESS),
    21217: Meaning(
        _lt("The letters in the file are not in the encoding that KSeF requires (UTF-8)."),
        SIGN_UNTOUCHED,
    ),
    21301: _LOGIN_ENDED,
    21304: _LOGIN_ENDED,
    21308: Meaning(_lt("KSeF cannot accept a login with this person's data."), SIGN_AS_ANOTHER),
    21401: Meaning(_lt("The file does not have the form that KSeF requires."), SIGN_AGAIN),
    21405: Meaning(_lt("KSeF found an error in the data."), TELL_SUPPORT),
    21406: Meaning(
        _lt(
            "The signature's certificate holds no PESEL or NIP that KSeF can read, "
            "although the file needs one."
        ),
        Advice(
            _lt(
                "Sign with Profil Zaufany. You may also choose login by the certificate alone in "
                "the menu KSeF → Account, and download a new file."
            ),
            "account",
        ),
    ),
    21418: Meaning(_lt("KSeF could not continue the list that Odoo asked for."), TELL_SUPPORT),
    21470: Meaning(
        _lt("KSeF has withdrawn the key that a KSeF token was sent with."), SIGN_WITHOUT_TOKEN
    ),
    26001: Meaning(
        _lt("A KSeF token cannot get rights that this login does not have."),
        Advice(_lt("Have the rights granted in KSeF, or make a token without them."), "none"),
    ),
    26002: Meaning(
        _lt("KSeF issues no KSeF tokens for this kind of identifier."),
        Advice(_lt("Connect with the company's NIP."), "account"),
    ),
    **CERTIFICATE_CODES,
}

#: Parts of KSeF's details, in lower case, with a meaning more exact than the code's.
VARIANTS: dict[int, dict[str, Meaning]] = {
    9105: {
        "skrótu": Meaning(
            _lt("The file was changed after signing, for instance opened and saved."),
            SIGN_UNTOUCHED,
        ),
        "zweryfikowany negatywnie": Meaning(
            _lt("The signature in the file does not match its certificate."), OTHER_WAY
        ),
        "profilami xades": Meaning(
            _lt("The signature is not in a XAdES form that KSeF accepts."), OTHER_WAY
        ),
        "algorytm": Meaning(
            _lt("The signature was made with an algorithm that KSeF does not accept."),
            OTHER_WAY,
        ),
        "xsd": Meaning(_lt("The signature does not have the form that KSeF requires."), OTHER_WAY),
    },
    21301: {
        "zostały już pobrane": Meaning(
            _lt("KSeF has given out the keys of this login already; it does so once."), SIGN_AGAIN
        ),
        "status uwierzytelniania (100)": Meaning(
            _lt("KSeF has not finished checking the signature."), ODOO_ASKS_ON
        ),
        "nie pozwala na pobranie": Meaning(
            _lt("This login cannot be finished at KSeF any more."), SIGN_AGAIN
        ),
        "token ksef został unieważniony": Meaning(
            _lt("The KSeF token that this login was made with was revoked."), CONNECT_AGAIN
        ),
    },
}

_ASK_FOR_RIGHTS = Advice(
    _lt("Have the missing rights granted in KSeF by somebody who manages them there."), "none"
)

_UNKNOWN_REASON = Meaning(_lt("KSeF does not allow this."), TELL_SUPPORT)

#: By the ``reasonCode`` of HTTP 403.
REASONS: dict[str, Meaning] = {
    "missing-permissions": Meaning(
        _lt("The login works, but lacks a right for this in KSeF."), _ASK_FOR_RIGHTS
    ),
    "ip-not-allowed": Meaning(
        _lt("KSeF does not allow this login from your server's network address."), CONNECT_AGAIN
    ),
    "insufficient-resource-access": Meaning(
        _lt("This login has no access to what was asked for."), _ASK_FOR_RIGHTS
    ),
    "auth-method-not-allowed": Meaning(
        _lt("KSeF does not allow this with the kind of login that is in use."), CONNECT_AGAIN
    ),
    "security-service-blocked": Meaning(
        _lt("KSeF's security service has blocked this connection."),
        Advice(
            _lt("Contact the Ministry of Finance, and give them the incident's number."), "support"
        ),
    ),
    "context-type-not-allowed": Meaning(
        _lt("KSeF does not allow this for the kind of identifier that the company logs in with."),
        Advice(_lt("Check as whom Odoo logs in, in the menu KSeF → Account."), "account"),
    ),
}

#: By HTTP status, for answers without a code.
HTTP_STATUSES: dict[int, Meaning] = {
    401: Meaning(_lt("KSeF does not accept this login any more."), CONNECT_AGAIN),
    403: Meaning(_lt("KSeF does not allow this login to do that."), CONNECT_AGAIN),
    404: Meaning(_lt("KSeF does not know what Odoo asked for."), TELL_SUPPORT),
    410: Meaning(_lt("KSeF no longer keeps this operation: too much time has passed."), SIGN_AGAIN),
    413: Meaning(_lt("The file is too large for KSeF."), OTHER_FILE),
    415: Meaning(_lt("KSeF did not accept the kind of message that Odoo sent."), TELL_SUPPORT),
    429: Meaning(
        _lt("KSeF has had too many requests from this server."),
        Advice(
            _lt("There is nothing to do: Odoo waits and tries again by itself."),
            "wait",
            final=False,
        ),
    ),
}


#: The call that sends a file which a person has chosen. Of all others Odoo writes the message.
SIGNED_FILE = "POST /auth/xades-signature"
#: By code or HTTP status: what is about that file there, and about Odoo's message elsewhere.
OTHER_CALLS: dict[int, Meaning] = {
    21001: Meaning(_lt("KSeF could not read the message that Odoo sent."), TELL_SUPPORT),
    413: Meaning(_lt("The message that Odoo sent is too large for KSeF."), TELL_SUPPORT),
}
#: The calls of a login; what is said of them is about a login, and of others about something else.
LOGIN_CALLS = "/auth/"
BESIDE_LOGINS: dict[int, Meaning] = {
    410: Meaning(
        _lt("KSeF no longer keeps what Odoo asked for: too much time has passed."), TELL_SUPPORT
    ),
}


def refusal(
    code: int | None, details: tuple[str, ...] = (), status: int | None = None, call: str = ""
) -> Meaning:
    """Return the meaning of a refusal; an unknown code 91xx counts as 9105 (invalid signature).

    :param code: ``exceptionCode`` or ``errors[].code``; None when KSeF gave none
    :param details: KSeF's details, which may name a more exact meaning
    :param status: of HTTP, which counts without a code
    :param call: method and path; without it, the one that sends a signed file
    """
    number = status or 0 if code is None else code
    if call not in ("", SIGNED_FILE) and number in OTHER_CALLS:
        return OTHER_CALLS[number]
    if call and LOGIN_CALLS not in call and number in BESIDE_LOGINS:
        return BESIDE_LOGINS[number]
    if code is None:
        return HTTP_STATUSES.get(number, UNKNOWN)
    said = " ".join(details).casefold()
    for part, meaning in VARIANTS.get(code, {}).items():
        if part in said:
            return meaning
    return CODES.get(code, _INVALID_SIGNATURE if is_of_signature(code) else UNKNOWN)


def is_of_signature(code: int) -> bool:
    """Return True if an error code, known or not, is about the signature: 91xx."""
    return 9100 <= code < 9200


def forbidden(reason: str, call: str = "") -> Meaning:
    """Return the meaning of HTTP 403.

    :param reason: its ``reasonCode``
    :param call: method and path, which may have a more exact meaning
    """
    about_rights = missing_rights(call) if reason == "missing-permissions" else None
    return about_rights or REASONS.get(reason, _UNKNOWN_REASON)
