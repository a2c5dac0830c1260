"""The invented people and companies that sign, with certificates that the simulator trusts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache

from cryptography import x509

from ksef_simulator import identities, keys, pki, signers
from tools.auth_token_request import Context, SubjectType, build

#: When everything in the corpus was signed, and the request that was signed.
AT = datetime(2026, 11, 22, 14, 3, tzinfo=timezone.utc)
CHALLENGE = "20261122-CR-0123456789-ABCDEF0123-45"
NIP = identities.DEMO_NIP
CONTEXT = Context("Nip", NIP)
_FROM, _TO = datetime(2025, 12, 1), datetime(2027, 12, 1)
_PERSON = identities.QUALIFIED


@dataclass(frozen=True)
class Identity:
    """Somebody who signs, and what a reader has to recognise.

    :param signer: whose certificate of the simulator's signers; "" for one that is made here
    :param role: the form of Profil Zaufany, "" without
    """

    slug: str
    signer: str
    kind: str
    name: str
    masked: str
    role: str = ""
    subject_type: SubjectType = "certificateSubject"
    key_name: str = "other"


def _identity(slug: str, signer: str, kind: str, who: object, **more: str) -> Identity:
    if isinstance(who, identities.Person):
        return Identity(slug, signer, kind, who.name, f"•••••••••{who.pesel[-2:]}", **more)
    company = identities.DEMO_COMPANY
    return Identity(slug, signer, kind, company.name, "526-587-76-35", **more)


def _sole_trader(slug: str, signer: str) -> Identity:
    return Identity(slug, signer, "qualified", _PERSON.name, "526-587-76-35")


_OWNER, _COMPANY = identities.OWNER, identities.DEMO_COMPANY
IDENTITIES: tuple[Identity, ...] = (
    _identity("zp-old", "owner", "trusted_profile", _OWNER, role="PodpisZP"),
    _identity("zp-new", "owner", "trusted_profile", _OWNER, role="EPSignature"),
    _identity("qualified-pnopl", "qualified", "qualified", _PERSON),
    _identity("qualified-pesel", "", "qualified", _PERSON),
    _sole_trader("qualified-tinpl", "sole-trader"),
    _sole_trader("qualified-nip", ""),
    _identity("seal", "seal", "seal", _COMPANY),
    _identity("ksef-person", "", "ksef_certificate", _PERSON),
    _identity("ksef-company", "", "ksef_certificate", _COMPANY),
    _identity("edowod", "edowod", "personal_id", identities.EDOWOD),
    Identity(
        "foreign", "foreign", "other", "Jürgen Müller", "", subject_type="certificateFingerprint"
    ),
)


def request_of(identity: Identity) -> bytes:
    """Return the request that an identity signs."""
    return build(CHALLENGE, CONTEXT, identity.subject_type)


def request_as_official_client(identity: Identity) -> bytes:
    """Return a request as the Ministry's C# client writes it: schema 2.0, unused namespaces."""
    text = request_of(identity).decode()
    unused = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    )
    return (
        text.replace("<AuthTokenRequest ", f"<AuthTokenRequest {unused}")
        .replace("token/2.1", "token/2.0")
        .encode()
    )


@cache
def material(identity: Identity, algorithm: str) -> tuple[keys.PrivateKey, x509.Certificate]:
    """Return an identity's private key and certificate.

    :param algorithm: "rsa" or "ec"
    """
    if identity.signer:
        key_name = signers.SIGNERS[identity.signer].key_name
        certificate = signers.certificate_of(identity.signer, AT, algorithm)
        return keys.key(key_name, algorithm), certificate
    key = keys.key(identity.key_name, algorithm)
    return key, _issued(identity, key)


def role_of(identity: Identity) -> str:
    """Return the XML of the signer's role, "" without."""
    person = signers.SIGNERS[identity.signer].person if identity.role else None
    return signers.claimed_role(person, identity.role) if person else ""


def _issued(identity: Identity, key: keys.PrivateKey) -> x509.Certificate:
    authority = pki.Authority(datetime(AT.year, 1, 1))
    number = int.from_bytes(identity.slug.encode()[:8], "big")
    subject = _subject(identity)
    if identity.kind == "ksef_certificate":
        return authority.issue_ksef_certificate(
            key.public_key(), subject, "Authentication", _FROM, _TO, number
        )
    return authority.qualified.issue(subject, key.public_key(), _FROM, _TO, number)


def _subject(identity: Identity) -> x509.Name:
    numbers = {
        "qualified-pesel": f"PESEL-{_PERSON.pesel}",
        "qualified-nip": f"NIP-{NIP}",
        "ksef-person": f"PNOPL-{_PERSON.pesel}",
    }
    if identity.slug in numbers:
        return signers.personal_subject(_PERSON, numbers[identity.slug])
    return pki.name(
        country_name="PL",
        organization_name=_COMPANY.name,
        organization_identifier=f"VATPL-{NIP}",
        common_name=_COMPANY.name,
    )
