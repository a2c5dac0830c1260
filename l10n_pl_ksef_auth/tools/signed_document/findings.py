"""Every finding of the reader: its code, how grave it is, what happened and what to do.

Levels follow design decision 17: "stop" only where KSeF would certainly refuse the document, or where it is
not this company's request; "warn" where KSeF may refuse it; "info" where it is only good to know.
The numbers in comments are KSeF's codes for the same fault (facts.md A1 and A2).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .limits import MAX_VALUE
from .model import Finding, Level


class Meaning(NamedTuple):
    """One row of the table; both sentences may hold placeholders such as ``%(found)s``."""

    level: Level
    text: str
    action: str


def _lt(text: str) -> str:
    """Mark a sentence for Odoo's extraction of translatable terms."""
    return text


_CHOOSE = _lt("Choose the XML file that you downloaded from gov.pl after signing.")
_SIGN_AGAIN = _lt(
    "Download a new request, sign it without opening it, and choose the file just as the signing site gives it back."
)
_NEW_REQUEST = _lt("Download a new request from Odoo, sign it and choose the new file.")
_SIGN_ELSEWHERE = _lt(
    "You can send it; if KSeF refuses it, download a new request and sign it at gov.pl with Profil Zaufany."
)
_SEND = _lt("You can send it; KSeF decides.")

#: In the order in which findings of one level are shown.
TABLE: dict[str, Meaning] = {
    # What the file is, before it is read as XML.
    "empty": Meaning("stop", _lt("The file is empty."), _CHOOSE),
    "too_large": Meaning(
        "stop",
        _lt(
            "The file has %(size)s; a signed request has about 30 kB and never more than %(limit)s."
        ),
        _CHOOSE,
    ),
    "pdf": Meaning(
        "stop",
        _lt("This is a PDF document, not the signed XML file."),
        _lt(
            "Sign AuthTokenRequest.xml itself and choose the XML file that the signing site gives back."
        ),
    ),
    "asic": Meaning(
        "stop",
        _lt("This is an ASiC container; KSeF takes the signed XML file without a container."),
        _lt("Sign again with the signature type XAdES enveloped (inside the document)."),
    ),
    "zip": Meaning(
        "stop",
        _lt("This is a ZIP archive or an office document, not the signed XML file."),
        _lt("Unpack the archive and choose the signed XML file inside it."),
    ),
    "p7s": Meaning(
        "stop",
        _lt(
            "This is a signature in the CAdES or PKCS#7 format (.p7s, .sig); KSeF only takes XAdES."
        ),
        _lt("Sign again with the signature type XAdES enveloped (inside the document)."),
    ),
    "html": Meaning(
        "stop",
        _lt("This is a saved web page, not the signed file."),
        _lt("On the signing site press POBIERZ and choose the file that was downloaded."),
    ),
    "wrong_encoding": Meaning(  # 21217
        "stop",
        _lt(
            "The letters in the file are damaged: it was saved with another encoding than it declares."
        ),
        _SIGN_AGAIN,
    ),
    "cut": Meaning(
        "stop",
        _lt("The end of the file is missing; the download was interrupted."),
        _lt("Download the signed file from gov.pl once more and choose it."),
    ),
    "not_xml": Meaning("stop", _lt("This is not an XML file."), _CHOOSE),  # 21001
    "dtd": Meaning(
        "stop",
        _lt("The file holds a document type declaration, which a signed request never has."),
        _SIGN_AGAIN,
    ),
    "too_complex": Meaning(
        "stop",
        _lt("The file is built in a way that no signing program uses, so it is not read."),
        _SIGN_AGAIN,
    ),
    # What the document is.
    "unsigned": Meaning(  # 9102
        "stop",
        _lt(
            "Invalid signature: this is the file downloaded from Odoo, not signed yet; "
            "choose the newest file, downloaded from gov.pl"
        ),
        _lt("If you have not signed it yet, sign it at gov.pl first and download the result."),
    ),
    "other_document": Meaning(  # 9101
        "stop",
        _lt("This is another document (%(found)s), not the request to log in to KSeF."),
        _CHOOSE,
    ),
    "detached": Meaning(
        "stop",
        _lt("This file holds only the signature; the signed request is in another file."),
        _lt("Sign again with the signature type XAdES enveloped (inside the document)."),
    ),
    "external_reference": Meaning(
        "stop",
        _lt("The signature refers to a file outside the document, which KSeF cannot open."),
        _lt("Sign again with the signature type XAdES enveloped (inside the document)."),
    ),
    "two_signatures": Meaning(  # 9103
        "stop",
        _lt("The document is signed %(count)s times; KSeF takes exactly one signature."),
        _lt("Download a new request and let one person sign it once."),
    ),
    "incomplete_request": Meaning(  # 21401
        "stop", _lt("The request in the file has no challenge or no company number."), _NEW_REQUEST
    ),
    # Whose request it is.
    "other_company": Meaning(
        "stop",
        _lt(
            "The file is a request of another company (%(found)s); this connection is for %(expected)s."
        ),
        _lt(
            "Choose the file signed for this company, or change to the other company in Odoo first."
        ),
    ),
    "other_challenge": Meaning(  # 21111
        "stop",
        _lt("The file comes from an earlier download and KSeF no longer accepts it."),
        _lt("Choose the newest signed file, or download a new request and sign it."),
    ),
    "outdated_challenge": Meaning(  # 21111
        "stop",
        _lt("The ten minutes that KSeF gives for signing are over."),
        _NEW_REQUEST,
    ),
    # Whether the signature can be valid.
    "edited": Meaning(  # 9105
        "stop",
        _lt("The file was opened and saved in an editor after signing, which broke the signature."),
        _SIGN_AGAIN,
    ),
    "changed": Meaning("stop", _lt("The request was changed after signing."), _SIGN_AGAIN),  # 9105
    "changed_properties": Meaning(  # 9105
        "stop", _lt("The data about the signer were changed after signing."), _SIGN_AGAIN
    ),
    "not_covered": Meaning(
        "stop",
        _lt("The signature in the file belongs to something else than the request."),
        _SIGN_AGAIN,
    ),
    "missing_target": Meaning(
        "stop", _lt("A part of the document that was signed is missing from the file."), _SIGN_AGAIN
    ),
    "duplicate_id": Meaning(
        "stop",
        _lt("Two parts of the document carry the mark that the signature refers to."),
        _SIGN_AGAIN,
    ),
    "signature_der": Meaning(  # 9105, A2-5
        "stop",
        _lt("The signing program wrote the signature in a form that KSeF does not read."),
        _lt("Sign a new request with another program, or at gov.pl with Profil Zaufany."),
    ),
    "bad_signature": Meaning(  # 9105
        "stop",
        _lt("The signature does not belong to this document or to this certificate."),
        _SIGN_AGAIN,
    ),
    "incomplete_signature": Meaning(  # 9105
        "stop", _lt("The signature in the file is incomplete."), _SIGN_AGAIN
    ),
    "certificate_expired": Meaning(  # 460
        "stop",
        _lt("The certificate used for signing was valid only until %(date)s."),
        _lt("Sign a new request with a valid certificate, or at gov.pl with Profil Zaufany."),
    ),
    # What KSeF may refuse.
    "not_utf8": Meaning(  # 21217
        "warn",
        _lt("The file is written in %(found)s; KSeF expects UTF-8 and may refuse it."),
        _SIGN_ELSEWHERE,
    ),
    "unknown_schema": Meaning(  # 21401
        "warn",
        _lt("The request is written by rules that this version of Odoo does not know."),
        _NEW_REQUEST,
    ),
    "certificate_expiring": Meaning(  # 460
        "warn",
        _lt("The certificate used for signing was valid only until %(date)s."),
        _SIGN_ELSEWHERE,
    ),
    "certificate_not_yet_valid": Meaning(  # 460
        "warn",
        _lt("The certificate used for signing is valid only from %(date)s."),
        _lt("You can send it; if KSeF refuses it, sign a new request after that time."),
    ),
    "weak_algorithm": Meaning(  # 9105, A2-5 and A2-7
        "warn",
        _lt("The signing program used a method that KSeF has refused in practice (%(found)s)."),
        _SIGN_ELSEWHERE,
    ),
    "short_key": Meaning(  # 9105
        "warn",
        _lt("The key used for signing is shorter than KSeF requires (%(found)s)."),
        _SIGN_ELSEWHERE,
    ),
    "unknown_algorithm": Meaning(  # 9105
        "warn",
        _lt("The signing program used a method that is not on KSeF's list (%(found)s)."),
        _SIGN_ELSEWHERE,
    ),
    "not_xades": Meaning(  # 9105, A2-6
        "warn",
        _lt("The signature is a plain XML signature, not XAdES; KSeF may refuse it."),
        _SIGN_ELSEWHERE,
    ),
    "unsigned_properties": Meaning(  # 9105, A2-6
        "warn",
        _lt("The data about the signer are not protected by the signature; KSeF may refuse it."),
        _SIGN_ELSEWHERE,
    ),
    "no_signing_certificate": Meaning(  # 9105, A2-6
        "warn",
        _lt(
            "The signature does not name its certificate (SigningCertificate); KSeF is about to refuse such signatures."
        ),
        _SIGN_ELSEWHERE,
    ),
    "other_signing_certificate": Meaning(  # 9105
        "warn",
        _lt("The signature names another certificate than the one in the file."),
        _SIGN_ELSEWHERE,
    ),
    "no_certificate": Meaning(  # 21115
        "warn",
        _lt("The signature holds no certificate, so nobody can tell who signed."),
        _SIGN_ELSEWHERE,
    ),
    "unreadable_certificate": Meaning(  # 21115
        "warn", _lt("The certificate in the signature cannot be read."), _SIGN_ELSEWHERE
    ),
    "offline_certificate": Meaning(
        "warn",
        _lt("This KSeF certificate is for offline invoices (type Offline), not for logging in."),
        _lt("Sign a new request with a KSeF certificate of the type Authentication, or at gov.pl."),
    ),
    "self_signed": Meaning(  # 21115, A2-2
        "warn",
        _lt(
            "The certificate is self-signed; KSeF accepts such certificates on its test environment only."
        ),
        _SIGN_ELSEWHERE,
    ),
    "other_environment": Meaning(  # 21115, A2-2
        "warn",
        _lt(
            "The certificate comes from another KSeF environment (%(found)s) than this connection."
        ),
        _SIGN_ELSEWHERE,
    ),
    "no_identifier": Meaning(  # 21406, A2-11
        "warn",
        _lt("The certificate holds neither a PESEL nor a NIP, and the request says that it does."),
        _lt(
            "Download a new request for signing with a certificate's fingerprint (company settings), "
            "or sign with Profil Zaufany."
        ),
    ),
    "no_personal_number": Meaning(  # 21115
        "warn",
        _lt("The signature with Profil Zaufany does not say whose it is (no PESEL)."),
        _SIGN_AGAIN,
    ),
    "invalid_personal_number": Meaning(  # 21406, A2-11
        "warn", _lt("The signer's PESEL is not a valid number."), _SIGN_ELSEWHERE
    ),
    "shared_fingerprint": Meaning(
        "warn",
        _lt(
            "The request asks for a certificate's fingerprint, but Profil Zaufany signs with a certificate shared by all."
        ),
        _lt("Change the company's setting to PESEL or NIP, download a new request and sign it."),
    ),
    "future_signature": Meaning(
        "warn",
        _lt("The signature claims to be made in the future (%(date)s)."),
        _lt(
            "You can send it; if KSeF refuses it, correct the clock of the signing computer and sign a new request."
        ),
    ),
    "ignored_role": Meaning(
        "warn",
        _lt("The file names a signer in a part that is not signed; this name is not believed."),
        _SEND,
    ),
    # Good to know.
    "unchecked": Meaning(
        "info",
        _lt("The signature uses a method that Odoo cannot check (%(found)s); KSeF will check it."),
        "",
    ),
    "stray_request": Meaning(
        "info", _lt("The file holds a second request that is not signed."), _SEND
    ),
    "byte_order_mark": Meaning("info", _lt("The file begins with a byte order mark."), _SEND),
    "other_seal": Meaning(
        "info",
        _lt("The seal belongs to another company (NIP %(found)s) than the connection."),
        _lt("It works if that company has been given rights in KSeF."),
    ),
}

_PERSONAL_NUMBER = re.compile(r"(?<![0-9])[0-9]{9}([0-9]{2})(?![0-9])")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+"
)


def mask(text: str) -> str:
    """Return ``text`` fit to be shown and kept: short, one line, eleven digits in a row masked."""
    short = _CONTROL.sub(" ", text[: 2 * MAX_VALUE]).strip()
    if len(short) > MAX_VALUE:
        short = short[: MAX_VALUE - 1] + "…"
    return _PERSONAL_NUMBER.sub(r"•••••••••\1", short)


def finding(code: str, evidence: str = "", **values: str) -> Finding:
    """Return the finding of ``code`` with values for its placeholders and evidence for support.

    :raises KeyError: for a code that the table lacks
    """
    meaning = TABLE[code]
    clean = {name: mask(value) for name, value in values.items()}
    return Finding(code, meaning.level, meaning.text, meaning.action, clean, mask(evidence))


_LEVELS = ("stop", "warn", "info")
_ORDER = {code: position for position, code in enumerate(TABLE)}


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, the gravest first, then in the order of the table."""
    unique = dict.fromkeys((f.level, f.code, f.evidence) for f in findings)
    first = {(f.level, f.code, f.evidence): f for f in reversed(findings)}
    return tuple(
        first[key]
        for key in sorted(unique, key=lambda key: (_LEVELS.index(key[0]), _ORDER[key[1]]))
    )
