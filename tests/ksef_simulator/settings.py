"""Everything about this KSeF that a test may switch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

#: The values of those switches that have a few only.
CHOICES: dict[str, tuple[str, ...]] = {
    "version": ("2.9", "2.6"),
    "outdated_token_answer": ("401", "empty-403"),
    "outdated_refresh_token_answer": ("400", "401"),
    "owner_grants": ("listed", "empty"),
    "nobodys_owner_permissions": ("empty", "null"),
    "refresh_without_rights": ("token", "21301"),
    "given_names": ("string", "list"),
    "company_number": ("prefixed", "plain"),
    "rate_limits": ("per-endpoint", "group", "off"),
    "certificate_encoding": ("plain", "null-parameters"),
    "trusted_profile": ("accepted", "21115", "9105", "460"),
    "availability_answer": ("usual", "502", "html", "dummy"),
}


@dataclass
class Settings:
    """Switches of the simulator; the defaults are KSeF's documented behaviour."""

    version: str = "2.9"  # or "2.6": which KSeF is played, see versions.py

    # Lifetimes (docs/ksef.md A0-1)
    challenge_seconds: float = 600
    authentication_token_seconds: float = 45 * 60
    access_token_seconds: float = 15 * 60
    refresh_token_days: float = 7
    operation_days: float = 7
    enrollment_readable_days: float = 30
    certificate_days: float = 730

    # How long KSeF works in the background, in simulated seconds
    auth_delay: float = 0
    enrollment_delay: float = 0
    revocation_delay: float = 0
    session_close_delay: float = 0
    invoice_delay: float = 0
    permission_delay: float = 0
    permission_list_delay: float = 0  # until a right that is in force is in the lists
    permission_login_delay: float = 0  # ... and lets its holder in (docs/ksef.md G2-6)

    # Real seconds that every answer of the API takes: the network between client and KSeF
    latency: float = 0

    # {"code": 415, "details": [...], "times": 1}: the outcome instead of the real one
    force_status: dict[str, Any] | None = None
    force_enrollment_status: dict[str, Any] | None = None
    force_invoice_status: dict[str, Any] | None = None
    force_permission_status: dict[str, Any] | None = None

    # Reports differ: each of these has two readings, and both are tested
    challenge_single_use: bool = True
    challenge_consumed_by_refusal: bool = False
    trusted_profile: str = "accepted"  # or "21115", "9105", "460": its legal end (docs/ksef.md E13)
    outdated_token_answer: str = "401"  # or "empty-403" (docs/ksef.md A2-15)
    outdated_refresh_token_answer: str = "400"  # or "401" (docs/ksef.md A2-16)
    refresh_returns_same_token: bool = False
    owner_grants: str = "empty"  # or "listed", as in older reports (docs/ksef.md E1)
    nobodys_owner_permissions: str = "empty"  # or "null": of who is no owner (docs/ksef.md E1)
    unknown_right: str | None = None  # one that clients do not know yet (docs/ksef.md E2)
    sole_trader_has_company_rights: bool = True  # what its NIP was given (docs/ksef.md G2: open)
    indirect_rows_stay: bool = False  # Active after the right was taken back (docs/ksef.md G2)
    repeated_grant_status: int = 200  # of a right that is there already (docs/ksef.md G2: open)
    recipient_may_resign: bool = False  # an entity gives a right back (docs/ksef.md G2: open)
    refresh_without_rights: str = "token"  # or "21301" (docs/ksef.md G2)
    deprecated_authentication_method: bool = True
    given_names: str = "string"  # or "list" (docs/ksef.md A2-22)
    company_number: str = "prefixed"  # or "plain", as in the contract's example
    fingerprint_enrollment: bool = True  # an open question (docs/ksef.md A2-26)
    rate_limits: str = "per-endpoint"  # or "group" or "off" (docs/ksef.md A2-30)
    global_limit: bool = False  # 75 requests a second of one address (docs/ksef.md E6): announced

    # Certificates
    self_signed_allowed: bool = True
    chain_always_verified: bool = False
    certificate_valid_from_offset: float = 0  # seconds; 7200 is docs/ksef.md A2-28
    certificate_encoding: str = "plain"  # or "null-parameters": autumn 2025 (docs/ksef.md E16)
    person_enrollment_limit: int = 12
    person_certificate_limit: int = 6
    company_enrollment_limit: int = 300
    company_certificate_limit: int = 100

    # The header X-System-Warning on every xades-signature, besides what the verifier says
    system_warning: str | None = None
    # ... and on every answer that is no error (docs/ksef.md E10)
    warning_everywhere: str | None = None

    # What the availability service does: "502" and "html" are its own failures, "dummy" is what
    # the one for TEST tells (docs/ksef.md F-8)
    availability_answer: str = "usual"

    # Technical details that 9105 comes with besides (docs/ksef.md E9)
    signature_details: list[str] = field(default_factory=list)

    # Switches of the signature verifier by name, see verify.Settings
    verifier: dict[str, Any] = field(default_factory=dict)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set one switch.

        :raises ValueError: for a value that the switch does not have
        """
        if value not in CHOICES.get(name, (value,)):
            raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}")
        super().__setattr__(name, value)

    def update(self, values: dict[str, Any]) -> None:
        """Set several switches by name.

        :raises KeyError: for a name that is not a switch: a typing error must not pass a test
        """
        known = {item.name for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise KeyError(f"the simulator has no setting {name!r}")
            setattr(self, name, value)

    def reset(self) -> None:
        """Back to the documented behaviour."""
        self.update(asdict(Settings()))

    def as_dict(self) -> dict[str, Any]:
        """All switches by name, for the control API."""
        return asdict(self)
