"""The login by docs/ksef.md A0 and A1: lifetimes, single use, order, final states."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit import Tokens, codes, details, request_document

from ksef_simulator import DEMO_INTERNAL_ID, DEMO_NIP, identities, signers, texts


def test_a_person_with_rights_gets_access_and_refresh_token(ksef):
    tokens = ksef.login()
    assert tokens.access and tokens.refresh


def test_a_person_without_any_right_ends_with_415(ksef):
    state = ksef.status(ksef.started("stranger"))
    assert (state["code"], state["details"]) == (415, ["Brak przypisanych uprawnień"])


def test_one_right_of_any_kind_is_enough_for_a_login(ksef):
    assert ksef.status(ksef.started("reader"))["code"] == 200


def test_the_seal_of_the_company_itself_is_its_owner(ksef):
    assert ksef.status(ksef.started("seal"))["code"] == 200


def test_a_person_linked_to_a_tax_number_owns_it(ksef, sim):
    sim.world.add_person(identities.STRANGER.pesel, nips=["1111111111"])
    assert ksef.status(ksef.started("stranger", nip="1111111111"))["code"] == 200


def test_an_internal_identifier_is_a_context_of_its_own(ksef):
    good = ksef.started("owner", nip=DEMO_INTERNAL_ID, context="InternalId")
    other = ksef.started("owner", nip=f"{DEMO_NIP}-00002", context="InternalId")
    assert (ksef.status(good)["code"], ksef.status(other)["code"]) == (200, 415)


def test_a_signer_without_numbers_logs_in_by_the_fingerprint(ksef):
    refused = ksef.submit(ksef.signed("foreign"))
    assert codes(refused) == [21406]
    tokens = ksef.started("foreign", subject_type="certificateFingerprint")
    assert ksef.status(tokens)["code"] == 200


@pytest.mark.parametrize(("switch", "found"), [(True, 400), (False, 202)])
def test_a_challenge_serves_once_or_for_its_whole_life(ksef, sim, switch, found):
    sim.settings.challenge_single_use = switch
    document = ksef.signed()
    assert ksef.submit(document).status_code == 202
    assert ksef.submit(document).status_code == found


@pytest.mark.parametrize(
    ("query", "always", "code"), [("false", False, 200), ("false", True, 460), ("true", False, 460)]
)
def test_a_chain_is_verified_where_the_client_or_the_environment_asks_for_it(
    ksef, sim, query, always, code
):
    """It matters only where self-signed certificates are allowed (docs/ksef.md A2-36)."""
    sim.settings.chain_always_verified = always
    answer = ksef.submit(ksef.signed("self-signed"), params={"verifyCertificateChain": query})
    body = answer.json()
    tokens = Tokens(body["referenceNumber"], body["authenticationToken"]["token"])
    assert ksef.status(tokens)["code"] == code


@pytest.mark.parametrize("signer", ["qualified", "sole-trader", "seal", "edowod"])
def test_a_signer_with_numbers_may_use_the_fingerprint_and_needs_rights_of_its_own(
    ksef, sim, signer
):
    """Rights of the PESEL or NIP do not count, not even the owner's."""
    asked = {"subject_type": "certificateFingerprint"}
    assert ksef.status(ksef.started(signer, **asked))["code"] == 415
    certificate = signers.certificate_of(signer, sim.clock.now())
    sim.world.grant(identities.fingerprint(certificate), DEMO_NIP, "InvoiceRead")
    assert ksef.status(ksef.started(signer, **asked))["code"] == 200


def test_a_challenge_lives_ten_minutes(ksef, sim):
    in_time, late = ksef.signed(), ksef.signed()
    sim.clock.advance(timedelta(minutes=9, seconds=59))
    assert ksef.submit(in_time).status_code == 202
    sim.clock.advance(1)
    assert codes(ksef.submit(late)) == [21111]


def test_a_challenge_serves_once(ksef):
    document = ksef.signed()
    assert ksef.submit(document).status_code == 202
    assert codes(ksef.submit(document)) == [21111]


def test_a_challenge_that_was_never_given_out_is_refused(ksef):
    document = ksef.signed(challenge="20261122-CR-0123456789-0123456789-AB")
    assert codes(ksef.submit(document)) == [21111]


@pytest.mark.parametrize(("consumed", "second"), [(False, 202), (True, 400)])
def test_a_refused_document_leaves_the_challenge_alive_unless_switched(ksef, sim, consumed, second):
    sim.settings.challenge_consumed_by_refusal = consumed
    document = ksef.signed()
    spoilt = document.replace(b"certificateSubject", b"certificateFingerprint")
    assert ksef.submit(spoilt).status_code == 400
    assert ksef.submit(document).status_code == second


def test_a_document_must_come_as_application_xml(ksef):
    answer = ksef.submit(ksef.signed(), headers={"Content-Type": "text/xml"})
    assert answer.status_code == 415


def test_an_unsigned_document_is_9102(ksef):
    assert codes(ksef.submit(request_document(ksef.challenge()))) == [9102]


def test_a_document_changed_after_signing_is_9105(ksef):
    spoilt = ksef.signed().replace(DEMO_NIP.encode(), b"1111111111", 1)
    assert codes(ksef.submit(spoilt)) == [9105]


def test_the_status_takes_as_long_as_told(ksef, sim):
    sim.settings.auth_delay = 1800
    tokens = ksef.started()
    assert ksef.status(tokens)["code"] == 100
    sim.clock.advance(1800)
    assert ksef.status(tokens)["code"] == 200


def test_tokens_are_not_given_out_before_the_status_is_200(ksef, sim):
    sim.settings.auth_delay = 60
    answer = ksef.call("POST", "/auth/token/redeem", ksef.started().operation)
    assert codes(answer) == [21301]
    assert "(100)" in details(answer)[0]


def test_tokens_are_given_out_once(ksef):
    tokens = ksef.login()
    answer = ksef.call("POST", "/auth/token/redeem", tokens.operation)
    assert codes(answer) == [21301]
    assert "zostały już pobrane" in details(answer)[0]


@pytest.mark.parametrize("code", [415, 425, 450, 460, 470, 480, 500, 550])
def test_each_final_status_can_be_forced(ksef, sim, code):
    sim.settings.force_status = {"code": code, "times": 1}
    text, usual = texts.AUTH_STATUS[code]
    state = ksef.status(ksef.started())
    assert (state["code"], state["description"]) == (code, text)
    assert state.get("details", []) == list(usual)
    assert ksef.status(ksef.started())["code"] == 200


def test_forced_details_replace_the_usual_ones(ksef, sim):
    sim.settings.force_status = {"code": 460, "details": ["Certyfikat zawieszony"]}
    assert ksef.status(ksef.started())["details"] == ["Certyfikat zawieszony"]


def test_a_blocked_context_ends_with_480(ksef, sim):
    sim.world.block(DEMO_NIP)
    assert ksef.status(ksef.started())["code"] == 480
    sim.world.unblock(DEMO_NIP)
    assert ksef.status(ksef.started())["code"] == 200


def test_a_person_who_has_died_ends_with_470(ksef, sim):
    sim.world.add_person(identities.OWNER.pesel, deceased=True)
    assert ksef.status(ksef.started())["code"] == 470


def test_an_expired_certificate_ends_with_460_and_its_reason(ksef):
    state = ksef.status(ksef.started("expired"))
    assert (state["code"], state["details"]) == (460, ["Nieważny certyfikat"])


def test_an_operation_is_readable_for_seven_days(ksef, sim):
    tokens = ksef.started()
    sim.clock.advance(timedelta(days=7))
    answer = ksef.call("GET", f"/auth/{tokens.reference}", tokens.operation)
    assert answer.status_code == 410


def test_the_operation_of_another_login_is_not_found(ksef):
    first, second = ksef.started(), ksef.started()
    answer = ksef.call("GET", f"/auth/{first.reference}", second.operation)
    assert codes(answer) == [21304]


def test_the_deprecated_method_can_be_left_out(ksef, sim):
    tokens = ksef.started()
    path = f"/auth/{tokens.reference}"
    assert ksef.call("GET", path, tokens.operation).json()["authenticationMethod"]
    sim.on_exchange = None  # the contract still requires the member
    sim.settings.deprecated_authentication_method = False
    body = ksef.call("GET", path, tokens.operation).json()
    assert "authenticationMethod" not in body
    assert body["authenticationMethodInfo"]["category"] == "XadesSignature"


def test_a_warning_comes_as_a_header_in_plain_letters(ksef, sim):
    sim.settings.system_warning = "[sig-001]: Format podpisu niezgodny, wkrótce błąd"
    answer = ksef.submit(ksef.signed())
    assert answer.headers["X-System-Warning"] == "[sig-001]: Format podpisu niezgodny, wkrotce blad"


def test_a_client_may_ask_for_a_warning(ksef):
    answer = ksef.call("POST", "/auth/challenge", headers={"X-Test-System-Warning": "[x]: y"})
    assert answer.headers["X-System-Warning"] == "[x]: y"


def test_a_signature_outside_the_profile_passes_with_a_warning_or_not_at_all(ksef, sim):
    def signed():
        return signers.sign(
            request_document(ksef.challenge()),
            "owner",
            signing_certificate=None,
            at=sim.clock.now(),
        )

    assert codes(ksef.submit(signed())) == [9105]
    sim.settings.verifier = {"profile_enforced": False}
    tolerated = ksef.submit(signed())
    assert tolerated.status_code == 202
    assert tolerated.headers["X-System-Warning"].startswith("[sig-001]: Format podpisu")
    sim.settings.system_warning = "[sys-2]: Przerwa"
    both = ksef.submit(signed()).headers["X-System-Warning"].split(" | ")
    assert [item.partition(":")[0] for item in both] == ["[sig-001]", "[sys-2]"]
    strict = {"X-KSeF-Feature": "enforce-xades-compliance"}
    assert codes(ksef.submit(signed(), headers=strict)) == [9105]


def test_self_signed_certificates_pass_where_they_are_allowed_only(ksef, sim):
    assert ksef.status(ksef.started("self-signed"))["code"] == 200
    sim.settings.self_signed_allowed = False
    assert codes(ksef.submit(ksef.signed("self-signed"))) == [21115]
