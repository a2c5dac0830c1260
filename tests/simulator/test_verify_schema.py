"""The schema's rules, written anew, agree with the official XSD files where these are there."""

from __future__ import annotations

import pytest
from lxml import etree
from official_schemas import FILES, in_version, official_schema
from verify_builders import judged, refusal, request, signed

from ksef_simulator.identities import DEMO_NIP
from ksef_simulator.verify import Refusal
from ksef_simulator.verify.schema import read

NIP = f"<Nip>{DEMO_NIP}</Nip>"


def policy(addresses: str) -> str:
    return f"<AuthorizationPolicy><AllowedIps>{addresses}</AllowedIps></AuthorizationPolicy>"


ALLOWED = {
    "nip": request(),
    "internal identifier": request(f"<InternalId>{DEMO_NIP}-00013</InternalId>"),
    "white space around a token": request(subject=" certificateSubject\n "),
    "fingerprint": request(subject="certificateFingerprint"),
    "empty list of addresses": request(policy=policy("")),
    "addresses": request(
        policy=policy(
            "<Ip4Address>255.0.0.1</Ip4Address><Ip4Range>1.1.1.1-1.1.1.2</Ip4Range>"
            "<Ip4Mask>10.0.0.0/8</Ip4Mask>"
        )
    ),
    "instruction inside": request(NIP + "<?note x?><!-- y -->"),
}
FORBIDDEN = {
    "nip with dashes": request("<Nip>526-587-76-35</Nip>"),
    "nip with a country": request(f"<Nip>PL{DEMO_NIP}</Nip>"),
    "nip with a space": request(f"<Nip>{DEMO_NIP} </Nip>"),
    "nip of zeros": request("<Nip>0000000000</Nip>"),
    "nip too short": request("<Nip>526587763</Nip>"),
    "empty nip": request("<Nip/>"),
    "no context": request(""),
    "two contexts": request(NIP * 2),
    "unknown context": request("<Pesel>85041742162</Pesel>"),
    "context of another namespace": request('<Nip xmlns="urn:x">5265877635</Nip>'),
    "text beside an element": request(f"{NIP}x"),
    "element inside a value": request("<Nip>526<b/>5877635</Nip>"),
    "short internal identifier": request(f"<InternalId>{DEMO_NIP}-0001</InternalId>"),
    "unknown subject type": request(subject="certificate"),
    "challenge in small letters": request(challenge="20261122-CR-226fb7b000-3ACF9BE4C0-10"),
    "challenge of another kind": request(challenge="20261122-AU-226FB7B000-3ACF9BE4C0-10"),
    "unknown attribute": request().replace(b"<Challenge>", b'<Challenge Id="x">'),
    "attribute at the root": request().replace(b"Request xmlns", b'Request Id="x" xmlns', 1),
    "wrong order": request(policy="<Challenge>x</Challenge>"),
    "missing challenge": request()
    .replace(b"<Challenge>", b"<!--")
    .replace(b"</Challenge>", b"-->"),
    "policy without its list": request(policy="<AuthorizationPolicy/>"),
    "octet above 255": request(policy=policy("<Ip4Address>256.0.0.1</Ip4Address>")),
    "address with a leading zero": request(policy=policy("<Ip4Address>01.0.0.1</Ip4Address>")),
    "mask of 33": request(policy=policy("<Ip4Mask>10.0.0.0/33</Ip4Mask>")),
    "addresses in the wrong order": request(
        policy=policy("<Ip4Mask>10.0.0.0/8</Ip4Mask><Ip4Address>10.0.0.1</Ip4Address>")
    ),
    "eleven addresses": request(policy=policy("<Ip4Address>10.0.0.1</Ip4Address>" * 11)),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_the_schema_allows_is_read(name):
    assert read(etree.fromstring(ALLOWED[name])).challenge


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_schema_forbids_is_21401(name):
    with pytest.raises(Refusal) as caught:
        read(etree.fromstring(FORBIDDEN[name]))
    assert caught.value.code == 21401
    assert caught.value.details


@pytest.mark.parametrize("version", FILES)
@pytest.mark.parametrize("name", [*ALLOWED, *FORBIDDEN])
def test_the_official_schemas_judge_alike(name, version):
    document = in_version({**ALLOWED, **FORBIDDEN}[name], version)
    assert official_schema(version).validate(document) == (name in ALLOWED)


def test_a_signed_request_against_the_schema_is_refused_with_the_element_at_fault():
    code, detail = refusal(signed(document=request("<Nip>526-587-76-35</Nip>")))
    assert code == 21401
    assert "Nip" in detail and "Pattern" in detail


def test_an_unknown_version_of_the_schema_is_refused():
    assert refusal(signed(document=request(version="3.0")))[0] == 21401


def test_an_element_smuggled_in_before_signing_is_refused():
    extra = request().replace(b"</AuthTokenRequest>", b'<x xmlns="urn:x"/></AuthTokenRequest>')
    assert refusal(signed(document=extra))[0] == 21401


def test_a_nip_with_a_wrong_check_digit_is_no_identifier_of_its_kind():
    assert refusal(signed(document=request("<Nip>5265877636</Nip>"))) == (21117, "")


def test_an_address_range_that_ends_before_it_begins_is_invalid_input():
    ranges = policy("<Ip4Range>10.0.0.9-10.0.0.1</Ip4Range>")
    assert refusal(signed(document=request(policy=ranges)))[0] == 21405


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("InternalId", f"{DEMO_NIP}-00013"),
        ("NipVatUe", f"{DEMO_NIP}-DE123456789"),
        ("PeppolId", "PPL123456"),
    ],
)
def test_the_other_contexts_are_read(kind, value):
    found = judged(signed(document=request(f"<{kind}>{value}</{kind}>")))
    assert (found.context_type, found.context_value) == (kind, value)
