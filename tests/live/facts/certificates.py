"""Applications for certificates: what KSeF refuses, and what it issues."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tools import clock
from tools.answers import EnrollmentData
from tools.enrollment import build_csr, new_key

from .. import people
from ..fact import Refused, fact
from ..life import MARK, Life
from ..login import Login
from ..people import Signer

UNKNOWN_SERIAL = "0123456789ABCDEF"


def _login(life: Life) -> Login:
    found: Login = life["login"]
    return found


@fact("A2-24", "12 and 6")
def limits_of_a_person(life: Life) -> str:
    """A person may apply for 12 certificates and hold 6."""
    return _limits(life, _login(life))


@fact("A2-24", "300 and 100")
def limits_of_a_company(life: Life) -> str:
    """A company may apply for 300 certificates and hold 100."""
    return _limits(life, life["login to B"])


def _limits(life: Life, login: Login) -> str:
    body = life.door.call("GET", "/certificates/limits", login.access).body
    return " and ".join(str(body[name]["limit"]) for name in ("enrollment", "certificate"))


@fact("A2-22", "a text", is_open=True)
def given_name(life: Life) -> str:
    """Documents differ on whether givenName is a text or a list."""
    login = life.log_in(life["owner"], life["company"])
    body = life.door.call("GET", "/certificates/enrollments/data", login.access).body
    life.leave(login)
    return "a list" if isinstance(body.get("givenName"), list) else "a text"


@fact("E4", "400 21001")
def unreadable_application(life: Life) -> str:
    """JSON that cannot be read is answered 21001 by other calls than xades-signature too."""
    return life.door.call(
        "POST",
        "/certificates/enrollments",
        _login(life).access,
        data=b'{"certificateName": ',
        headers={"Content-Type": "application/json"},
    ).said


@fact("A1-name", "400 21405")
def name_with_a_dot(life: Life) -> str:
    """A certificate's name must not hold a dot."""
    login = _login(life)
    return life.apply(login, life.csr(login), name=f"{MARK} sp. z o.o.").said


@fact("A1-25003", "400 25003")
def another_subject(life: Life) -> str:
    """A request must repeat KSeF's data to the letter."""
    data = EnrollmentData.from_json({"commonName": "Ktoś Inny", "countryName": "PL"})
    return life.apply(_login(life), build_csr(new_key(), data)).said


@fact("A1-25004", "400 25004")
def no_request(life: Life) -> str:
    """What is no PKCS#10 request is refused."""
    return life.apply(_login(life), b"no request at all").said


@fact("A1-25010", "400 25010")
def another_curve(life: Life) -> str:
    """A key on another curve than P-256 is refused."""
    login = _login(life)
    return life.apply(login, life.csr(login, ec.generate_private_key(ec.SECP384R1()))).said


@fact("A1-25011", "400 25011")
def another_algorithm(life: Life) -> str:
    """A request that is signed with SHA-224 is refused."""
    login, key = _login(life), ec.generate_private_key(ec.SECP256R1())
    usual = x509.load_der_x509_csr(life.csr(login))
    odd = x509.CertificateSigningRequestBuilder().subject_name(usual.subject)
    return life.apply(login, odd.sign(key, hashes.SHA224()).public_bytes(Encoding.DER)).said


@fact("A1-25005", "400 25005")
def unknown_application(life: Life) -> str:
    """An application that was not made is not found."""
    path = "/certificates/enrollments/20260101-EH-0123456789-ABCDEF0123-0A"
    return life.door.call("GET", path, _login(life).access).said


@fact("A1-25008", "400 25008")
def unknown_certificate(life: Life) -> str:
    """A certificate that does not exist cannot be revoked."""
    path = f"/certificates/{UNKNOWN_SERIAL}/revoke"
    return life.door.call("POST", path, _login(life).access, json={}).said


@fact("A2-26", "data", is_open=True)
def fingerprint_applies(life: Life) -> str:
    """Whether somebody known by a certificate's fingerprint alone may apply for one."""
    signer = people.nobody("somebody from abroad")
    _grant_by_fingerprint(life, signer)
    login = life.log_in(signer, life["company"])
    answer = life.door.call("GET", "/certificates/enrollments/data", login.access)
    life.leave(login)
    return "data" if answer.status == 200 else answer.said


def _grant_by_fingerprint(life: Life, signer: Signer) -> None:
    life.journal.will_make("permission", life["company"], signer.who)
    body: dict[str, Any] = {
        "contextIdentifier": {"type": "Nip", "value": life["company"]},
        "authorizedIdentifier": {"type": "Fingerprint", "value": signer.value},
        "permissions": [{"permissionType": "InvoiceRead", "description": MARK}],
    }
    life.door.call("POST", "/testdata/permissions", json=body)


@fact("A0-7", "digital_signature")
def authentication_certificate(life: Life) -> str:
    """A certificate of the type Authentication is issued, with the usage digitalSignature."""
    life["certificate"] = life.enroll(_login(life))
    return _usage(life["certificate"])


@fact("F", "non_repudiation")
def offline_certificate(life: Life) -> str:
    """A certificate of the type Offline is issued, with the usage nonRepudiation."""
    life["offline certificate"] = life.enroll(_login(life), "Offline")
    return _usage(life["offline certificate"])


def _usage(signer: Signer) -> str:
    return ", ".join(sorted(signer.certificate.key_usage or ()))


@fact("A0-3", "2 years")
def validity(life: Life) -> str:
    """A certificate is valid for two years."""
    found = life["certificate"].certificate
    days = (found.valid_to - found.valid_from).days
    return "2 years" if 729 <= days <= 731 else f"{days} days"


@fact("A2-28", "by now")
def begins_at_once(life: Life) -> str:
    """A certificate is valid from now; once it began two hours later."""
    ahead = life["certificate"].certificate.valid_from - clock.now()
    late = ahead > timedelta(minutes=1)
    return f"in {ahead.total_seconds() / 60:.0f} minutes" if late else "by now"


@fact("E16", "none")
def parameters_of_the_algorithm(life: Life) -> str:
    """KSeF's own signature has no parameters; in autumn 2025 they were NULL."""
    read = asn1.Certificate.load(life["certificate"].certificate.der)
    found = read["signature_algorithm"]["parameters"]
    return "none" if found.native is None and not found.dump() else "NULL"


@fact("A2-23", "ecdsa")
def issuer_signs_with_ecdsa(life: Life) -> str:
    """KSeF signs with ECDSA, also a certificate about an RSA key."""
    issued = life.enroll(_login(life), key=rsa.generate_private_key(65537, 2048))
    life["certificate of an RSA key"] = issued
    read = asn1.Certificate.load(issued.certificate.der)
    return str(read["signature_algorithm"].signature_algo)


@fact("A2-21", "200")
def long_name(life: Life) -> str:
    """A name of more than 64 letters, Polish ones among them, is certified as it is."""
    seal = people.seal("the seal of B", life["B"], people.LONG_COMPANY)
    login = life.log_in(seal, life["B"])
    issued = life.enroll(login)
    life["certificate of B"] = issued
    life.leave(login)
    attributes = issued.certificate.subject.rfc4514_string()
    return "200" if people.LONG_COMPANY in attributes else "200, but another name"


@fact(
    "A1-enrollment",
    "application 400 Klucz publiczny został już certyfikowany przez inny podmiot.",
)
def key_of_another(life: Life) -> str:
    """A key for which somebody else has a certificate is not certified again."""
    try:
        life.enroll(life["login to B"], key=life["certificate"].key)
    except Refused as refused:
        return str(refused)
    return "200"


@fact("A1-25006", "400 25006")
def applications_run_out(life: Life) -> str:
    """Who has used up the applications is refused another one."""
    return _limited(life, {"enrollment": {"maxEnrollments": 0}})


@fact("A1-25007", "400 25007")
def certificates_run_out(life: Life) -> str:
    """Who holds as many certificates as allowed is refused another one."""
    return _limited(life, {"certificate": {"maxCertificates": 0}})


def _limited(life: Life, limits: dict[str, object]) -> str:
    login: Login = life["login to B"]
    path = "/testdata/limits/subject/certificate"
    csr = life.csr(login)
    try:
        life.door.call("POST", path, login.access, json={"subjectIdentifierType": "Nip", **limits})
        return life.apply(login, csr).said
    finally:
        life.door.call("DELETE", path, login.access)
