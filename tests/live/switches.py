"""For each fact the switch or fault of the simulator under which KSeF goes another way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ksef_simulator import Simulator


@dataclass(frozen=True)
class Switch:
    """What is switched, and which earlier fact has to be seen again under it.

    :param first: the fact that fetches what the one in question looks at
    """

    turn: Callable[[Simulator], Any]
    first: str = ""


def setting(first: str = "", **values: Any) -> Switch:
    """Return the switch of some settings."""
    return Switch(lambda sim: sim.settings.update(values), first)


def fault(operation: str, kind: str, **more: Any) -> Switch:
    """Return the switch of a fault at the next call of an operation."""
    return Switch(lambda sim: sim.faults.add(operation, kind, **more))


def refused(operation: str, code: int = 21999) -> Switch:
    """Return the switch of another refusal than usual."""
    return fault(operation, "refusal", code=code)


def login_ends(code: int) -> Switch:
    """Return the switch of another end of the next login."""
    return setting(force_status={"code": code, "details": [], "times": 1})


def order_ends(code: int) -> Switch:
    """Return the switch of another end of the next order about rights."""
    return setting(force_permission_status={"code": code, "times": 1})


#: Tried again or not, the next login ends without a right.
NO_RIGHT = setting(force_status={"code": 415, "details": []})
NO_CERTIFICATE = setting(force_enrollment_status={"code": 400, "times": 1})
OLDER = setting(version="2.6")
LATE_LISTS = setting(permission_list_delay=10.0**6)
DOCUMENT, GRANT = refused("xades-signature"), refused("permission-grant")

SWITCHES: dict[str, Switch] = {
    # Logging in
    "challenge_members": fault("challenge", "not-json"),
    "linked_person_is_owner": NO_RIGHT,
    "seal_is_owner": setting(self_signed_allowed=False),
    "stranger_has_no_right": login_ends(200),
    "refused_login_gets_no_tokens": refused("redeem"),
    "authentication_token_lives_45_minutes": setting(
        "linked_person_is_owner", authentication_token_seconds=600
    ),
    "tokens_live": setting(access_token_seconds=60),
    "tokens_are_given_once": refused("redeem"),
    "foreign_operation_is_not_found": refused("auth-status"),
    "one_right_lets_in": NO_RIGHT,
    "owner_permissions": OLDER,
    "others_are_no_owners": fault("permissions", "403"),
    "owner_is_read": refused("permissions"),
    "administrator_is_read": LATE_LISTS,
    "right_to_collective_identifiers": OLDER,
    "administrator_may_not_send": LATE_LISTS,
    "numbers_are_rewritten": fault("enrollment-data", "not-json"),
    # Documents
    "another_document": DOCUMENT,
    "addresses_backwards": DOCUMENT,
    "another_address": fault("auth-status", "401"),
    "unknown_challenge": DOCUMENT,
    "used_challenge": setting(challenge_single_use=False),
    "unsigned": DOCUMENT,
    "signed_twice": DOCUMENT,
    "changed_after_signing": setting(signature_details=["cvc-1"]),
    "signature_in_der": setting(signature_details=["cvc-1"]),
    "no_xml": DOCUMENT,
    "another_encoding": DOCUMENT,
    "nip_with_dashes": DOCUMENT,
    "nip_with_a_wrong_digit": DOCUMENT,
    "certificate_without_a_name": DOCUMENT,
    "certificate_without_a_number": DOCUMENT,
    "form_instead_of_xml": DOCUMENT,
    "no_signing_certificate": setting(verifier={"profile_enforced": False}),
    "profile_enforced": DOCUMENT,
    "schema_2_0": DOCUMENT,
    "enveloping": DOCUMENT,
    "layout_podpis_zaufany": DOCUMENT,
    "layout_szafir": DOCUMENT,
    "layout_filter2": DOCUMENT,
    "layout_three_references": DOCUMENT,
    "layout_enveloping_base64": DOCUMENT,
    "digests_by_sha_1": setting(verifier={"sha1_accepted": True}),
    "curve_p_521": setting(verifier={"p521_accepted": True}),
    "expired_certificate": login_ends(200),
    "chain_verified": login_ends(200),
    "warning_is_echoed": fault("challenge", "500"),
    "dead_person": login_ends(415),
    "end_of_a_life": refused("refresh"),
    # Sessions
    "refresh_returns_an_access_token": fault("refresh", "401"),
    "refresh_with_a_form": fault("refresh", "401"),
    "token_of_the_operation_is_no_bearer": fault("sessions", "500"),
    "invented_bearer": fault("sessions", "500"),
    "two_shapes_of_errors": fault("session-revoke", "500"),
    "unknown_session": refused("session-revoke"),
    "invented_continuation": refused("sessions"),
    "session_is_listed": fault("sessions", "not-json"),
    "method_by_category": fault("sessions", "401"),
    "deprecated_method": setting(deprecated_authentication_method=False),
    "revoked_session_is_425": refused("session-revoke"),
    "revoked_session_is_not_refreshed": fault("refresh", "500"),
    "access_token_outlives_its_session": fault("sessions", "401"),
    "groups_of_limits": OLDER,
    # Applications
    "limits_of_a_person": setting(person_enrollment_limit=6),
    "limits_of_a_company": setting(company_certificate_limit=99),
    "given_name": setting(given_names="list"),
    "unreadable_application": OLDER,
    "name_with_a_dot": refused("enroll"),
    "another_subject": refused("enroll"),
    "no_request": refused("enroll"),
    "another_curve": refused("enroll"),
    "another_algorithm": refused("enroll"),
    "unknown_application": refused("enrollment-status"),
    "unknown_certificate": refused("certificate-revoke"),
    "fingerprint_applies": setting(fingerprint_enrollment=False),
    "authentication_certificate": NO_CERTIFICATE,
    "offline_certificate": NO_CERTIFICATE,
    "validity": setting("authentication_certificate", certificate_days=365),
    "begins_at_once": setting("authentication_certificate", certificate_valid_from_offset=7200),
    "parameters_of_the_algorithm": setting(
        "authentication_certificate", certificate_encoding="null-parameters"
    ),
    "issuer_signs_with_ecdsa": NO_CERTIFICATE,
    "long_name": NO_CERTIFICATE,
    "key_of_another": refused("enroll"),
    "applications_run_out": refused("enroll"),
    "certificates_run_out": refused("enroll"),
    # Lives of certificates
    "login_with_a_certificate": login_ends(460),
    "offline_certificate_does_not_log_in": login_ends(200),
    "both_types_are_listed": fault("certificate-query", "401"),
    "validity_is_not_extended": refused("testdata"),
    "unknown_certificate_is_not_shortened": refused("testdata"),
    "validity_is_shortened": refused("testdata"),
    "renewal": NO_CERTIFICATE,
    "shortened_certificate_has_expired": login_ends(200),
    "shortened_certificate_is_expired_in_the_list": fault("certificate-query", "401"),
    "expired_certificate_is_not_revoked": refused("certificate-revoke"),
    "certificate_is_revoked": setting(revocation_delay=10.0**4),
    "revoked_certificate_does_not_log_in": login_ends(200),
    "session_outlives_its_certificate": refused("refresh"),
    # KSeF tokens
    "invented_token": login_ends(415),
    "garbled_token": OLDER,
    "token_in_another_encoding": OLDER,
    "unknown_key": refused("ksef-token"),
    "token_gets_no_data": refused("enrollment-data"),
    "token_revokes_no_certificate": refused("certificate-revoke"),
    "token_applies_for_nothing": refused("enroll"),
    "token_beyond_ones_rights": refused("token-generate"),
    "token_of_another_context": OLDER,
    "token_at_another_time": login_ends(415),
    "revoked_token": refused("token-revoke"),
    # An office
    "client_is_owner": NO_RIGHT,
    "short_name": GRANT,
    "right_named_twice": GRANT,
    "right_to_oneself": order_ends(450),
    "right_is_given": order_ends(420),
    "sole_trader_enters": setting(sole_trader_has_company_rights=False),
    "right_is_given_again": setting(repeated_grant_status=400),
    "office_resigns": setting(recipient_may_resign=True),
    "certificate_of_the_office_enters": NO_RIGHT,
    "client_sees_the_office": LATE_LISTS,
    "addon_finds_its_grant": LATE_LISTS,
    "received_rights_are_empty_at_the_client": fault("permission-list", "403"),
    "office_sees_the_client": LATE_LISTS,
    "foreign_rights_in_the_own_list": LATE_LISTS,
    "office_is_read_at_its_client": LATE_LISTS,
    "office_is_read_at_home": refused("permissions"),
    "office_may_not_pass_on": fault("permission-grant", "401"),
    "right_outlives_the_session": refused("session-revoke"),
    # Its staff
    "zaw_fa_is_taken_back": login_ends(200),
    "passing_on_without_leave": order_ends(430),
    "passing_on_to_nobody": order_ends(440),
    "employee_stays_outside": login_ends(200),
    "right_is_taken_back": order_ends(400),
    "right_that_is_not_there_is_taken_back": order_ends(200),
    "office_is_out": login_ends(200),
    "access_token_without_rights": fault("permissions", "401"),
    "end_of_rights_is_read": setting(nobodys_owner_permissions="null"),
    "refresh_without_rights": setting(refresh_without_rights="21301"),
    "right_is_given_anew": LATE_LISTS,
    "employee_enters": NO_RIGHT,
    "employee_sees_the_target": LATE_LISTS,
    "employee_is_out_with_the_office": login_ends(200),
    "row_of_the_employee": setting(indirect_rows_stay=True),
    "right_of_a_person": NO_RIGHT,
    # Blocking
    "blocked_context": login_ends(415),
    "unblocked_context": login_ends(415),
}
