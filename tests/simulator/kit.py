"""A plain HTTP caller that knows the steps of a login, for the simulator's tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ksef_simulator import DEMO_NIP, Simulator, identities, odd_certificates, signers
from ksef_simulator.own_seals import OFFICE_NIP
from ksef_simulator.subjects import OIDS

OFFICE, GROUP, MEMBER = OFFICE_NIP, "1111111111", "2222222239"
PERSON = identities.STRANGER
FINGERPRINT, EU_NUMBER = "AB" * 32, "DE123456789"
NAMESPACE = "http://ksef.mf.gov.pl/auth/token/2.1"


def request_document(
    challenge: str,
    nip: str = DEMO_NIP,
    subject_type: str = "certificateSubject",
    context: str = "Nip",
) -> bytes:
    """Return an unsigned AuthTokenRequest."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<AuthTokenRequest xmlns="{NAMESPACE}">'
        f"<Challenge>{challenge}</Challenge><ContextIdentifier><{context}>{nip}</{context}>"
        f"</ContextIdentifier><SubjectIdentifierType>{subject_type}</SubjectIdentifierType>"
        "</AuthTokenRequest>"
    ).encode()


def to_entity(
    rights: tuple[str, ...] = ("InvoiceWrite", "InvoiceRead"),
    nip: str = OFFICE,
    can_delegate: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """Return what gives an accounting office rights to invoices."""
    return {
        "subjectIdentifier": {"type": "Nip", "value": nip},
        "permissions": [{"type": right, "canDelegate": can_delegate} for right in rights],
        "description": "Obsługa księgowa",
        "subjectDetails": {"fullName": "Biuro Rachunkowe"},
        **more,
    }


def to_person(
    rights: tuple[str, ...] = ("InvoiceWrite", "InvoiceRead"), **more: Any
) -> dict[str, Any]:
    """Return what gives a person rights, in a company or indirectly."""
    names = {"firstName": PERSON.given_names, "lastName": PERSON.surname}
    return {
        "subjectIdentifier": {"type": "Pesel", "value": PERSON.pesel},
        "permissions": list(rights),
        "description": "Praca w firmie",
        "subjectDetails": {"subjectDetailsType": "PersonByIdentifier", "personById": names},
        **more,
    }


def to_subunit() -> dict[str, Any]:
    """Return what names an administrator of a unit below the company."""
    body = to_person()
    del body["permissions"]
    return {"contextIdentifier": {"type": "Nip", "value": MEMBER}, **body}


def by_fingerprint() -> dict[str, Any]:
    """Return who is known by a certificate without PESEL and NIP."""
    document = {"type": "Paszport", "number": "C01X00T47", "country": "DE"}
    person = {
        "firstName": "Jürgen",
        "lastName": "Müller",
        "birthDate": "1980-02-29",
        "idDocument": document,
    }
    kind = "PersonByFingerprintWithoutIdentifier"
    return {
        "subjectIdentifier": {"type": "Fingerprint", "value": FINGERPRINT},
        "subjectDetails": {"subjectDetailsType": kind, "personByFpNoId": person},
    }


def to_eu_administrator() -> dict[str, Any]:
    """Return what makes an EU entity's context and its administrator."""
    return {
        **by_fingerprint(),
        "contextIdentifier": {"type": "NipVatUe", "value": f"{DEMO_NIP}-{EU_NUMBER}"},
        "description": "Administrator podmiotu unijnego",
        "euEntityName": "Muster GmbH",
        "euEntityDetails": {"fullName": "Muster GmbH", "address": "Berlin"},
    }


def to_eu_representative() -> dict[str, Any]:
    """Return what gives a representative of an EU entity rights to invoices."""
    rights = {"permissions": ["InvoiceRead"], "description": "Przedstawiciel"}
    return {**by_fingerprint(), **rights}


@dataclass
class Tokens:
    """The bearer tokens of one login."""

    reference: str
    operation: str
    access: str = ""
    refresh: str = ""


class Caller:
    """Calls a simulator as any client would; answers come back as they are."""

    def __init__(self, sim: Simulator, http: requests.Session) -> None:
        self.sim = sim
        self.http = http

    def call(
        self, method: str, path: str, bearer: str | None = None, **more: Any
    ) -> requests.Response:
        """Send one request, and return the answer."""
        headers = dict(more.pop("headers", {}))
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return self.http.request(
            method, self.sim.base_url + path, headers=headers, timeout=20, **more
        )

    def challenge(self) -> str:
        """Fetch a challenge."""
        return self.call("POST", "/auth/challenge").json()["challenge"]

    def signed(self, signer: str = "owner", challenge: str | None = None, **request: Any) -> bytes:
        """Sign a request, with a fresh challenge unless one is given."""
        document = request_document(challenge or self.challenge(), **request)
        return signers.sign(document, signer, at=self.sim.clock.now() - timedelta(minutes=1))

    def submit(self, document: bytes, **more: Any) -> requests.Response:
        """Send a signed document."""
        headers = {"Content-Type": "application/xml", **more.pop("headers", {})}
        return self.call("POST", "/auth/xades-signature", data=document, headers=headers, **more)

    def started(self, signer: str = "owner", **request: Any) -> Tokens:
        """Begin a login: send a signed request, and return its tokens so far."""
        answer = self.submit(self.signed(signer, **request))
        assert answer.status_code == 202, answer.text
        body = answer.json()
        return Tokens(body["referenceNumber"], body["authenticationToken"]["token"])

    def status(self, tokens: Tokens) -> dict[str, Any]:
        """Return a login's status."""
        return self.call("GET", f"/auth/{tokens.reference}", tokens.operation).json()["status"]

    def redeemed(self, tokens: Tokens) -> Tokens:
        """Fetch a login's access and refresh token, and return all its tokens."""
        answer = self.call("POST", "/auth/token/redeem", tokens.operation)
        assert answer.status_code == 200, answer.text
        tokens.access = answer.json()["accessToken"]["token"]
        tokens.refresh = answer.json()["refreshToken"]["token"]
        return tokens

    def login(self, signer: str = "owner", **request: Any) -> Tokens:
        """Log in from challenge to tokens."""
        return self.redeemed(self.started(signer, **request))

    def enrollment_data(self, tokens: Tokens) -> dict[str, Any]:
        """Return what a certificate request must say."""
        return self.call("GET", "/certificates/enrollments/data", tokens.access).json()

    def enroll(self, tokens: Tokens, csr: bytes | None = None, **body: Any) -> requests.Response:
        """Apply for a certificate, with a right CSR unless one is given."""
        if csr is None:
            csr = make_csr(self.enrollment_data(tokens))
        application = {
            "certificateName": "Certyfikat Odoo",
            "certificateType": "Authentication",
            "csr": base64.b64encode(csr).decode(),
            **body,
        }
        return self.call("POST", "/certificates/enrollments", tokens.access, json=application)

    def certificate(self, tokens: Tokens, key: Any, **body: Any) -> x509.Certificate:
        """Apply for a certificate for ``key``, and fetch it."""
        answer = self.enroll(tokens, make_csr(self.enrollment_data(tokens), key), **body)
        reference = answer.json()["referenceNumber"]
        state = self.call("GET", f"/certificates/enrollments/{reference}", tokens.access).json()
        serials = {"certificateSerialNumbers": [state["certificateSerialNumber"]]}
        found = self.call("POST", "/certificates/retrieve", tokens.access, json=serials).json()
        der = base64.b64decode(found["certificates"][0]["certificate"])
        return odd_certificates.read(der)

    def signed_with(self, key: Any, certificate: x509.Certificate, **request: Any) -> bytes:
        """Sign a request with a KSeF certificate."""
        return signers.sign_with_certificate(
            request_document(self.challenge(), **request),
            key,
            certificate,
            at=self.sim.clock.now() - timedelta(minutes=1),
        )


def ec_key() -> ec.EllipticCurvePrivateKey:
    """Return a new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(size: int = 2048) -> rsa.RSAPrivateKey:
    """Return a new RSA key."""
    return rsa.generate_private_key(65537, size)


def make_csr(data: dict[str, Any], key: Any = None, algorithm: Any = None, **sign: Any) -> bytes:
    """Return a certificate request (DER) that repeats the enrollment data."""
    names = [
        x509.NameAttribute(OIDS[member], item, _validate=False)
        for member, value in data.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    request = builder.sign(key or ec_key(), algorithm or hashes.SHA256(), **sign)
    return request.public_bytes(serialization.Encoding.DER)


def codes(answer: requests.Response) -> list[int]:
    """Return KSeF's codes in a refusal of either format."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    if "errors" in body:
        return [item["code"] for item in body["errors"]]
    return [item["exceptionCode"] for item in body["exception"]["exceptionDetailList"]]


def details(answer: requests.Response) -> list[str]:
    """Return the details in a refusal of the older format."""
    found = answer.json()["exception"]["exceptionDetailList"]
    return [text for item in found for text in item["details"]]
