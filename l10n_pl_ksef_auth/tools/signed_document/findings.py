"""Every finding of the reader: its code, how grave it is, what happened and what to do.

Levels follow docs/design.md 17: "stop" only where KSeF would certainly refuse the document, or
where it is not this company's request; "warn" where KSeF may refuse it; "info" where it is only
good to know.  The numbers in comments are KSeF's codes for the same fault (docs/ksef.md A1 and A2).
"""

from __future__ import annotations

from ..meanings.meaning import SIGN_AGAIN, _lt
from .model import Level

_CHOOSE = _lt("Choose the XML file that you downloaded from gov.pl after signing.")
_SIGN_UNOPENED = _lt(
    "Download a new request, sign it without opening it, and choose the signed file as it is."
)
_SIGN_ELSEWHERE = _lt("You can send it; if KSeF refuses it, connect in another way.")
_ENVELOPED = _lt("Sign again with the signature type XAdES enveloped (inside the document).")
_OTHER_PROGRAM = _lt("Sign a new request with another program, or at gov.pl with Profil Zaufany.")
_SEND = _lt("You can send it; KSeF decides.")

_SIGN_ITSELF = _lt(
    "Sign AuthTokenRequest.xml itself: at moj.gov.pl, under Podpisz dokument elektronicznie, "
    "or with your own signing program."
)
#: What to do where the way of signing is at fault.
SIGN_OTHERWISE = (_SIGN_ELSEWHERE, _ENVELOPED, _OTHER_PROGRAM, _SIGN_ITSELF)

#: Code -> what happened, what to do; in the order in which findings of one level are shown.
#: Both sentences may hold placeholders such as ``%(found)s``.
_STOP: dict[str, tuple[str, str]] = {
    # What the file is, before it is read as XML.
    "empty": (_lt("The file is empty."), _CHOOSE),
    "too_large": (
        _lt(
            "The file has %(size)s; a signed request has about 30 kB and never more than %(limit)s."
        ),
        _CHOOSE,
    ),
    "pdf": (
        _lt(
            "This is a PDF document, not the signed XML file. "
            "The signature of mObywatel makes nothing but PDF."
        ),
        _SIGN_ITSELF,
    ),
    "asic": (
        _lt("This is an ASiC container; KSeF takes the signed XML file without a container."),
        _ENVELOPED,
    ),
    "zip": (
        _lt("This is a ZIP archive or an office document, not the signed XML file."),
        _lt("Unpack the archive and choose the signed XML file inside it."),
    ),
    "p7s": (
        _lt(
            "This is a signature in the CAdES or PKCS#7 format (.p7s, .sig); KSeF only takes XAdES."
        ),
        _ENVELOPED,
    ),
    "html": (
        _lt("This is a saved web page, not the signed file."),
        _lt("On the signing site press POBIERZ and choose the file that was downloaded."),
    ),
    "wrong_encoding": (  # 21217
        _lt("The letters in the file are damaged: it was saved in another encoding."),
        _SIGN_UNOPENED,
    ),
    "cut": (
        _lt("The end of the file is missing; the download was interrupted."),
        _lt("Download the signed file from gov.pl once more and choose it."),
    ),
    "damaged": (  # 21001
        _lt("Something was added to the file or lost from it; it cannot be read."),
        _SIGN_UNOPENED,
    ),
    "not_xml": (_lt("This is not an XML file."), _CHOOSE),  # 21001
    "dtd": (
        _lt("The file holds a document type declaration, which a signed request never has."),
        _SIGN_UNOPENED,
    ),
    "too_complex": (
        _lt("The file is built in a way that no signing program uses, so it is not read."),
        _SIGN_UNOPENED,
    ),
    # What the document is.
    "unsigned": (  # 9102
        _lt(
            "Invalid signature: this is the file downloaded from Odoo, not signed yet; "
            "choose the newest file, downloaded from gov.pl"
        ),
        _lt("If you have not signed it yet, sign it at gov.pl first and download the result."),
    ),
    "letter": (  # 9101
        _lt(
            "This is a letter for an office (ePUAP). "
            "It was signed as a whole, not the request to log in to KSeF."
        ),
        _SIGN_ITSELF,
    ),
    "container": (  # 9101
        _lt(
            "The signing program put the request into a container (%(found)s); "
            "KSeF does not open it."
        ),
        _ENVELOPED,
    ),
    "internally_detached": (  # 9101
        _lt("The signature stands beside the request, not inside it; KSeF does not accept that."),
        _ENVELOPED,
    ),
    "other_document": (  # 9101
        _lt("This is another document (%(found)s), not the request to log in to KSeF."),
        _CHOOSE,
    ),
    "detached": (
        _lt("This file holds only the signature; the signed request is in another file."),
        _ENVELOPED,
    ),
    "external_reference": (
        _lt("The signature refers to a file outside the document, which KSeF cannot open."),
        _ENVELOPED,
    ),
    "two_signatures": (  # 9103
        _lt("The document is signed %(count)s times; KSeF takes exactly one signature."),
        _lt("Download a new request and let one person sign it once."),
    ),
    "incomplete_request": (  # 21401
        _lt("The request in the file has no challenge or no company number."),
        SIGN_AGAIN.action,
    ),
    "invalid_request": (  # 21401
        _lt("The request in the file is not built as KSeF requires."),
        SIGN_AGAIN.action,
    ),
    # Whose request it is.
    "other_company": (
        _lt("The request is for another company (%(found)s); this connection is for %(expected)s."),
        _lt(
            "Choose the file signed for this company, or change to the other company in Odoo first."
        ),
    ),
    "other_challenge": (  # 21111
        _lt("The file comes from an earlier download and KSeF no longer accepts it."),
        _lt("Choose the newest signed file, or download a new request and sign it."),
    ),
    "outdated_challenge": (  # 21111
        _lt("The ten minutes that KSeF gives for signing are over."),
        SIGN_AGAIN.action,
    ),
    # Whether the signature can be valid.
    "edited": (  # 9105
        _lt("The file was opened and saved in an editor after signing, which broke the signature."),
        _SIGN_UNOPENED,
    ),
    "changed": (_lt("The request was changed after signing."), _SIGN_UNOPENED),  # 9105
    "changed_properties": (  # 9105
        _lt("The data about the signer were changed after signing."),
        _SIGN_UNOPENED,
    ),
    "not_covered": (
        _lt("The signature in the file belongs to something else than the request."),
        _SIGN_UNOPENED,
    ),
    "ambiguous_request": (
        _lt("The signature in the file belongs to several requests at once."),
        _SIGN_UNOPENED,
    ),
    "missing_target": (
        _lt("A part of the document that was signed is missing from the file."),
        _SIGN_UNOPENED,
    ),
    "duplicate_id": (
        _lt("Two parts of the document carry the mark that the signature refers to."),
        _SIGN_UNOPENED,
    ),
    "signature_der": (  # 9105: docs/ksef.md A2-5
        _lt("The signing program wrote the signature in a form that KSeF does not read."),
        _OTHER_PROGRAM,
    ),
    "bad_signature": (  # 9105
        _lt("The signature does not belong to this document or to this certificate."),
        _SIGN_UNOPENED,
    ),
    "incomplete_signature": (  # 9105
        _lt("The signature in the file is incomplete."),
        _SIGN_UNOPENED,
    ),
    "certificate_expired": (  # 460
        _lt("The certificate used for signing was valid only until %(date)s."),
        _lt("Sign a new request with a valid certificate, or at gov.pl with Profil Zaufany."),
    ),
}
#: What KSeF may refuse.
_WARN: dict[str, tuple[str, str]] = {
    "not_utf8": (  # 21217
        _lt("The file is written in %(found)s; KSeF expects UTF-8 and may refuse it."),
        _SIGN_ELSEWHERE,
    ),
    "byte_order_mark": (  # 21217
        _lt("The file begins with a mark that some editors add."),
        _SIGN_ELSEWHERE,
    ),
    "unknown_schema": (  # 21401
        _lt("The request is written by rules that this version of Odoo does not know."),
        SIGN_AGAIN.action,
    ),
    "certificate_expiring": (  # 460
        _lt("The certificate used for signing was valid only until %(date)s."),
        _SIGN_ELSEWHERE,
    ),
    "certificate_not_yet_valid": (  # 460
        _lt("The certificate used for signing is valid only from %(date)s."),
        _lt("You can send it; if KSeF refuses it, sign a new request after that time."),
    ),
    "weak_algorithm": (  # 9105: docs/ksef.md A2-5 and A2-7
        _lt("The signing program used a method that KSeF has refused in practice (%(found)s)."),
        _SIGN_ELSEWHERE,
    ),
    "short_key": (  # 9105
        _lt("The key used for signing is shorter than KSeF requires (%(found)s)."),
        _SIGN_ELSEWHERE,
    ),
    "unknown_algorithm": (  # 9105
        _lt("The signing program used a method that is not on KSeF's list (%(found)s)."),
        _SIGN_ELSEWHERE,
    ),
    "not_xades": (  # 9105: docs/ksef.md A2-6
        _lt("The signature is a plain XML signature, not XAdES; KSeF may refuse it."),
        _SIGN_ELSEWHERE,
    ),
    "irregular_xades": (  # 9105: docs/ksef.md A2-6
        _lt("The signature keeps to the rules of XAdES only in part; KSeF may refuse it."),
        _SIGN_ELSEWHERE,
    ),
    "no_signing_certificate": (  # 9105: docs/ksef.md A2-6
        _lt("The signature does not name its certificate; KSeF may refuse it soon."),
        _SIGN_ELSEWHERE,
    ),
    "other_signing_certificate": (  # 9105
        _lt("The signature names another certificate than the one in the file."),
        _SIGN_ELSEWHERE,
    ),
    "no_certificate": (  # 21115
        _lt("The signature holds no certificate, so nobody can tell who signed."),
        _SIGN_ELSEWHERE,
    ),
    "unreadable_certificate": (  # 21115
        _lt("The certificate in the signature cannot be read."),
        _SIGN_ELSEWHERE,
    ),
    "offline_certificate": (
        _lt("This KSeF certificate is for offline invoices (type Offline), not for logging in."),
        _lt("Sign a new request with a KSeF certificate of the type Authentication, or at gov.pl."),
    ),
    "self_signed": (  # 21115: docs/ksef.md A2-2
        _lt("The certificate is self-signed; KSeF accepts it in its test environment only."),
        _SIGN_ELSEWHERE,
    ),
    "other_environment": (  # 21115: docs/ksef.md A2-2
        _lt(
            "The certificate comes from another KSeF environment (%(found)s) than this connection."
        ),
        _SIGN_ELSEWHERE,
    ),
    "no_identifier": (  # 21406: docs/ksef.md A2-11
        _lt("The certificate holds neither a PESEL nor a NIP, but the request needs one."),
        _lt(
            "Choose signing by the certificate's fingerprint in the company settings and download "
            "a new request, or sign with Profil Zaufany."
        ),
    ),
    "no_personal_number": (  # 21115
        _lt("The signature with Profil Zaufany does not say whose it is (no PESEL)."),
        _SIGN_UNOPENED,
    ),
    "invalid_personal_number": (  # 21406: docs/ksef.md A2-11
        _lt("The signer's PESEL is not a valid number."),
        _SIGN_ELSEWHERE,
    ),
    "shared_fingerprint": (
        _lt("The request needs a certificate of one's own; Profil Zaufany has one for everybody."),
        _lt("Change the company's setting to PESEL or NIP, download a new request and sign it."),
    ),
    "unneeded_fingerprint": (  # 415: docs/ksef.md A2-11
        _lt(
            "The request asks for the certificate's fingerprint, but the certificate holds a PESEL "
            "or a NIP; rights given to that number do not count then."
        ),
        _lt(
            "You can send it; if KSeF finds no rights, change the company's setting to PESEL or "
            "NIP, download a new request and sign it."
        ),
    ),
    "future_signature": (
        _lt("The signature claims to be made in the future (%(date)s)."),
        _lt(
            "You can send it; if KSeF refuses it, correct the clock where you sign and sign again."
        ),
    ),
    "second_person": (  # 21406
        _lt("The signature names several people (%(found)s); KSeF accepts one."),
        _SIGN_ELSEWHERE,
    ),
    "ignored_role": (
        _lt("The file names a signer in a part that is not signed; this name is not believed."),
        _SEND,
    ),
}
#: What is good to know.
_INFO: dict[str, tuple[str, str]] = {
    "no_xmlsec": (
        _lt("The signature was not checked, as this Odoo lacks a usable Python package xmlsec."),
        _SEND,
    ),
    "unchecked": (
        _lt("The signature uses a method that Odoo cannot check (%(found)s); KSeF will check it."),
        _SEND,
    ),
    "unused_role": (
        _lt("The file also names a signer in words; the certificate says who signed."),
        _SEND,
    ),
    "stray_request": (_lt("The file holds a second request that is not signed."), _SEND),
    "other_seal": (
        _lt("The seal belongs to another company (NIP %(found)s) than the connection."),
        _lt("It works if that company has been given rights in KSeF."),
    ),
}
#: Code -> level, what happened, what to do.
TABLE: dict[str, tuple[Level, str, str]] = {
    **{code: ("stop", *row) for code, row in _STOP.items()},
    **{code: ("warn", *row) for code, row in _WARN.items()},
    **{code: ("info", *row) for code, row in _INFO.items()},
}
