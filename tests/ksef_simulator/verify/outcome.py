"""What the verification of a document ends with, in KSeF's words (docs/ksef.md A1-signature)."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509

from ..identities import Identity

TEXTS = {
    9101: "Nieprawidłowy dokument.",
    9102: "Brak podpisu.",
    9103: "Przekroczona liczba dozwolonych podpisów.",
    9105: "Nieprawidłowy podpis.",
    21001: "Nieczytelna treść.",
    21115: "Nieprawidłowy certyfikat.",
    21117: "Nieprawidłowy identyfikator podmiotu dla wskazanego typu kontekstu.",
    21217: "Nieprawidłowe kodowanie znaków.",
    21401: "Dokument nie jest zgodny ze schemą (xsd).",
    21405: "Błąd walidacji danych wejściowych.",
    21406: "Konflikt podpisu i typu uwierzytelnienia.",
}
NEGATIVE = "Podpis zweryfikowany negatywnie."
PROFILE = "Format podpisu niezgodny z akceptowanymi profilami XAdES."
ALGORITHM = "Podpis złożony z użyciem niewspieranego algorytmu kryptograficznego."
PROFILE_WARNING = f"[sig-001]: {PROFILE}"


class Refusal(Exception):
    """KSeF's HTTP 400 for a document."""

    def __init__(self, code: int, *details: str):
        """Take KSeF's number and its details; the text follows from the number."""
        super().__init__(code)
        self.code = code
        self.text = TEXTS[code]
        self.details = list(details)


def digest_mismatch(target: str) -> Refusal:
    """Refuse because a reference's digest differs; `target` is an id, or "" for the document."""
    return Refusal(
        9105, f"Nieprawidłowa wartość skrótu dla referencji wskazującej na element '{target}'."
    )


def malformed(reason: str) -> Refusal:
    """Refuse a signature that does not follow its own schema; `reason` starts with cvc-."""
    return Refusal(9105, f"Błąd walidacji XSD: {reason}")


@dataclass(frozen=True)
class Settings:
    """The switches where documents and reports about KSeF differ, and the limits.

    :param sha1_accepted: documents list SHA-1, production refuses it (docs/ksef.md A2-7)
    :param profile_enforced: a signature without SigningCertificate is refused; else KSeF warns in
        X-System-Warning (docs/ksef.md A2-6)
    :param pss_accepted: documents list RSA-PSS, KSeF was seen to refuse it (docs/ksef.md A2-5)
    :param p521_accepted: documents list every curve from 256 bits, a report of refusals tried P-521
        (docs/ksef.md A2-5)
    :param self_signed_allowed: as on TEST; None leaves it to the trust store
    :param verify_chain: the query parameter verifyCertificateChain; it matters where self-signed
        certificates are allowed (docs/ksef.md A2-36)
    :param max_bytes: the largest document; KSeF's own limit is not documented
    :param max_nodes: the most nodes of its tree; libxmlsec keeps an enveloped document's nodes in a
        list and searches it for each of them, which takes time with the square of their number.  A
        signed request has some hundreds, and the bound takes about a second
    """

    sha1_accepted: bool = False
    profile_enforced: bool = True
    pss_accepted: bool = False
    p521_accepted: bool = False
    self_signed_allowed: bool | None = None
    verify_chain: bool = False
    max_bytes: int = 2 * 1024 * 1024
    max_nodes: int = 10_000


@dataclass(frozen=True)
class Verified:
    """A document that KSeF accepts, as far as the document alone can tell.

    :param context_type: "Nip", "InternalId", "NipVatUe" or "PeppolId"
    :param subject_type: "certificateSubject" or "certificateFingerprint"
    :param method: KSeF's authentication method, for example "TrustedProfile"
    :param ksef_serial: serial number (hexadecimal) when one of KSeF's own certificates signed
    :param warning: the value for X-System-Warning, None for none
    :param allowed_ips: texts of the AuthorizationPolicy, for example "10.0.0.0/8"
    """

    challenge: str
    context_type: str
    context_value: str
    subject_type: str
    identity: Identity
    method: str
    certificate: x509.Certificate
    ksef_serial: str | None = None
    warning: str | None = None
    allowed_ips: tuple[str, ...] = field(default=())


class ChainProblem(Exception):
    """What KSeF only finds out later: status 460 of the operation, with these details."""

    def __init__(self, detail: str, verified: Verified):
        """Take the details and what is known of the document all the same."""
        super().__init__(detail)
        self.details = [detail]
        self.verified = verified
