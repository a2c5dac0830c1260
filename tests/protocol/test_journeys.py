"""Whole logins and enrollments by the protocol layer, against the simulated KSeF."""

from datetime import timedelta

import pytest
from logins import NIP, bearer_of, ended, enrolled, redeemed, request, signed, signed_in
from protocol_builders import raised

from ksef_simulator import DEMO_INTERNAL_ID, DEMO_NIP
from ksef_simulator.state import Who
from tools import enrollment, meanings, xades
from tools.auth_token_request import Context
from tools.client import KsefClient
from tools.const import NO_RIGHTS
from tools.credentials import matches
from tools.errors import KsefBlocked, KsefForbidden, KsefRateLimited, KsefRefused, KsefUnavailable
from tools.identity import identity_of_certificate, identity_of_enrollment_data

CLIENT = "1111111111"


@pytest.mark.parametrize("signer", ["owner", "qualified", "seal"])
def test_a_signature_opens_ksef_and_tells_the_rights(ksef, signer):
    tokens = signed_in(ksef, signer)
    assert tokens.access.token != tokens.refresh.token
    assert "InvoiceWrite" in ksef.personal_permissions(tokens.access.token)


def test_a_login_for_an_internal_identifier_works(ksef):
    tokens = signed_in(ksef, context=Context("InternalId", DEMO_INTERNAL_ID))
    assert tokens.refresh.valid_until > tokens.access.valid_until


def test_a_login_by_fingerprint_works(ksef):
    assert signed_in(ksef, "foreign", subject_type="certificateFingerprint")


#: How KSeF tells an owner's rights: today's, without a list for who is no owner, and the older one.
SHAPES = [{}, {"nobodys_owner_permissions": "null"}, {"version": "2.6"}]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("listed", ["empty", "listed"])
def test_an_office_may_send_for_itself_though_a_client_lets_it_only_read(sim, ksef, shape, listed):
    sim.settings.update({"owner_grants": listed, **shape})
    sim.world.grant(Who("nip", DEMO_NIP), CLIENT, "InvoiceRead")
    rights = ksef.personal_permissions(bearer_of(ksef, "seal"), NIP)
    if listed == "empty" and "version" in shape:
        assert rights == frozenset(), "which an older KSeF tells of an owner"
    else:
        assert {"InvoiceWrite", "InvoiceRead"} <= rights


@pytest.mark.parametrize("shape", SHAPES)
def test_who_is_no_owner_has_the_rights_that_were_given(sim, ksef, shape):
    sim.settings.update(shape)
    bearer = bearer_of(ksef, "reader")
    assert ksef.personal_permissions(bearer, NIP) == {"InvoiceRead"}
    sim.world.remove(lambda grant: True)
    gone = set() if shape else {NO_RIGHTS}
    assert ksef.personal_permissions(bearer, NIP) == gone


def test_a_reader_may_not_send(ksef):
    rights = ksef.personal_permissions(bearer_of(ksef, "reader"))
    assert "InvoiceRead" in rights
    assert "InvoiceWrite" not in rights


def test_a_stranger_is_told_what_is_missing(ksef):
    status, _tokens = ended(ksef, signed(ksef, "stranger"))
    assert status.code == 415
    assert "ZAW-FA" in meanings.auth_status(status.code, status.details).advice.action


def test_the_unsigned_file_is_refused_as_unsigned(ksef):
    with pytest.raises(KsefRefused) as caught:
        ksef.submit_signed_request(request(ksef))
    assert meanings.of_error(caught.value).advice.way_back == "other_file"


def test_a_used_challenge_is_refused_and_asks_for_a_new_one(ksef):
    document = signed(ksef)
    ksef.submit_signed_request(document)
    with pytest.raises(KsefRefused) as caught:
        ksef.submit_signed_request(document)
    assert caught.value.has(21111)
    assert meanings.of_error(caught.value).advice.way_back == "sign"


def test_a_changed_document_is_refused_as_changed(ksef):
    document = signed(ksef)
    with pytest.raises(KsefRefused) as caught:
        ksef.submit_signed_request(document.replace(DEMO_NIP.encode(), b"1111111111"))
    assert caught.value.has(9105)


def test_tokens_are_given_once(ksef):
    operation = ksef.submit_signed_request(signed(ksef))
    bearer = operation.authentication_token.token
    ksef.redeem(bearer)
    with pytest.raises(KsefRefused) as caught:
        ksef.redeem(bearer)
    assert caught.value.has(21301)


def test_an_access_token_is_renewed(sim, ksef):
    tokens = signed_in(ksef)
    assert ksef.refresh(tokens.refresh.token).valid_until >= tokens.access.valid_until


def test_a_revoked_login_is_not_renewed(ksef):
    tokens = signed_in(ksef)
    ksef.revoke_current_session(tokens.access.token)
    with pytest.raises(KsefRefused) as caught:
        ksef.refresh(tokens.refresh.token)
    assert meanings.of_error(caught.value).advice.way_back == "sign"


def test_another_login_can_be_found_and_ended(ksef):
    mine, other = bearer_of(ksef), signed_in(ksef)
    (found,) = (item for item in ksef.sessions(mine) if not item.is_current)
    ksef.revoke_session(mine, found.reference_number)
    with pytest.raises(KsefRefused):
        ksef.refresh(other.refresh.token)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("signer", ["owner", "seal"])
def test_an_enrolled_certificate_logs_in_by_itself(ksef, signer, kind):
    bearer = signed_in(ksef, signer).access.token
    key, certificate, _serial = enrolled(ksef, bearer, kind)
    assert matches(key, certificate)
    assert redeemed(
        ksef, xades.sign(request(ksef), enrollment.private_key_der(key), certificate.der)
    )


def test_a_certificate_stands_for_the_one_whoenrolled(ksef):
    bearer = bearer_of(ksef)
    data = ksef.enrollment_data(bearer)
    _key, certificate, _serial = enrolled(ksef, bearer)
    issued = identity_of_certificate(certificate)
    assert issued.kind == "pesel"
    assert issued.digest(b"key") == identity_of_enrollment_data(data).digest(b"key")


def test_a_company_whose_number_comes_without_a_prefix_enrolls_and_logs_in(sim, ksef):
    sim.settings.company_number = "plain"
    bearer = bearer_of(ksef, "seal")
    data = ksef.enrollment_data(bearer)
    key, certificate, _serial = enrolled(ksef, bearer)
    assert data.organization_identifier == NIP.value
    assert identity_of_enrollment_data(data).kind == "nip"
    assert identity_of_certificate(certificate, issued_by_ksef=True).value == NIP.value
    assert redeemed(
        ksef, xades.sign(request(ksef), enrollment.private_key_der(key), certificate.der)
    )


def test_given_names_as_a_list_enroll_too(sim, ksef):
    sim.settings.given_names = "list"
    sim.on_exchange = None  # docs/ksef.md A2-22: the contract knows a plain string only
    assert enrolled(ksef, bearer_of(ksef))


def test_an_application_counts_against_the_limits_and_the_list_shows_it(ksef):
    bearer = bearer_of(ksef)
    before = ksef.certificate_limits(bearer)
    _key, certificate, serial = enrolled(ksef, bearer)
    after = ksef.certificate_limits(bearer)
    assert after.enrollment_remaining == before.enrollment_remaining - 1
    (item,) = ksef.certificates(bearer, status="Active", type="Authentication")
    assert (item.serial_number, item.valid_to) == (serial, certificate.valid_to)


def test_a_revoked_certificate_does_not_log_in(ksef):
    bearer = bearer_of(ksef)
    key, certificate, serial = enrolled(ksef, bearer)
    ksef.revoke_certificate(bearer, serial, "Superseded")
    document = xades.sign(request(ksef), enrollment.private_key_der(key), certificate.der)
    assert ended(ksef, document)[0].code == 460


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", KsefUnavailable),
        ("lost", KsefUnavailable),
        ("half", KsefUnavailable),
        ("html", KsefUnavailable),
        ("500", KsefUnavailable),
        ("503", KsefUnavailable),
        ("not-json", KsefUnavailable),
        ("oversized", KsefUnavailable),
        ("wall", KsefBlocked),
        ("wall-text", KsefBlocked),
        ("wall-html", KsefBlocked),
        ("429", KsefRateLimited),
        ("401", KsefRefused),
        ("empty-403", KsefRefused),
    ],
)
def test_a_fault_is_told_and_the_next_call_works(sim, ksef, kind, error):
    refresh = signed_in(ksef).refresh.token
    sim.faults.add("refresh", kind)
    with pytest.raises(error):
        ksef.refresh(refresh)
    assert ksef.refresh(refresh)


@pytest.mark.parametrize("kind", ["wall", "wall-text", "wall-html"])
def test_a_wall_is_told_with_the_number_of_the_incident_in_each_of_its_forms(sim, ksef, kind):
    sim.faults.add("challenge", kind, details=["7860-1655"])
    with pytest.raises(KsefBlocked) as caught:
        ksef.challenge()
    assert caught.value.incident == "7860-1655"


def test_a_delay_beyond_the_patience_is_a_timeout(sim):
    sim.faults.add("challenge", "delay", seconds=2)
    with KsefClient(sim.base_url, timeout=0.2) as ksef, pytest.raises(KsefUnavailable) as caught:
        ksef.challenge()
    assert (caught.value.code, caught.value.sent) == ("timeout", True)


def test_a_reason_of_403_is_read(sim, ksef):
    bearer = bearer_of(ksef)
    sim.faults.add("certificate-limits", "403", reason="missing-permissions")
    with pytest.raises(KsefForbidden) as caught:
        ksef.certificate_limits(bearer)
    assert caught.value.reason == "missing-permissions"


def test_what_cannot_be_read_is_a_file_in_one_call_and_odoos_message_in_the_others(sim, ksef):
    bearer = bearer_of(ksef)
    sim.faults.add("certificate-query", "refusal", code=21001)
    said = raised(KsefRefused, lambda: next(ksef.certificates(bearer)))
    assert meanings.of_error(said).advice.way_back == "support"
    said = raised(KsefRefused, lambda: ksef.submit_signed_request(b"no file of ours"))
    assert (said.number, meanings.of_error(said).advice.way_back) == (21001, "other_file")


def test_an_outdated_access_token_is_unauthorized(sim, ksef):
    bearer = bearer_of(ksef)
    sim.clock.advance(timedelta(hours=1))
    with pytest.raises(KsefRefused) as caught:
        ksef.certificate_limits(bearer)
    sim.clock.advance(timedelta(hours=-1))
    assert caught.value.code == "unauthorized"
