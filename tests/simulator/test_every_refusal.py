"""Each code with which KSeF refuses a signed request, over HTTP and by a real cause.

The codes: docs/ksef.md A1-signature.
"""

from __future__ import annotations

import pytest
from kit import Caller, codes, request_document

from ksef_simulator import DEMO_NIP, signers, texts

WRONG_NIP = "5265877636"
INVOICE = b'<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"><Fa/></Faktura>'
POLICY = (
    "</SubjectIdentifierType><AuthorizationPolicy><AllowedIps>"
    "<Ip4Range>10.0.0.9-10.0.0.1</Ip4Range></AllowedIps></AuthorizationPolicy>"
)


def backwards(ksef: Caller) -> bytes:
    """Return a signed request whose range of addresses ends before it begins."""
    document = request_document(ksef.challenge()).decode()
    changed = document.replace("</SubjectIdentifierType>", POLICY)
    return signers.sign(changed.encode(), "owner", at=ksef.sim.clock.now())


DOCUMENTS = {
    "9101 another document": lambda ksef: signers.sign(INVOICE, "owner", at=ksef.sim.clock.now()),
    "9102 no signature": lambda ksef: request_document(ksef.challenge()),
    "9103 two signatures": lambda ksef: signers.sign(
        ksef.signed(), "qualified", at=ksef.sim.clock.now()
    ),
    "9105 changed": lambda ksef: ksef.signed().replace(b"</Challenge>", b" </Challenge>"),
    "21001 not XML": lambda ksef: b"%PDF-1.7",
    "21111 unknown challenge": lambda ksef: ksef.signed(
        challenge="20261122-CR-0123456789-0123456789-AB"
    ),
    "21115 self-signed": lambda ksef: ksef.signed("self-signed"),
    "21117 wrong check digit": lambda ksef: ksef.signed(nip=WRONG_NIP),
    "21217 UTF-16": lambda ksef: (
        ksef.signed().decode().replace('encoding="utf-8"', "").encode("utf-16")
    ),
    "21401 another schema": lambda ksef: ksef.signed(nip=f"PL{DEMO_NIP}"),
    "21405 range of addresses": backwards,
    "21406 no identifier": lambda ksef: ksef.signed("foreign"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("format", ["problem-details", ""])
def test_every_refusal_of_a_signed_request_comes_with_its_code_and_words(ksef, sim, name, format):
    sim.settings.self_signed_allowed = False
    headers = {"X-Error-Format": format} if format else {}
    answer = ksef.submit(DOCUMENTS[name](ksef), headers=headers)
    code = int(name.split()[0])
    assert codes(answer) == [code]
    assert texts.REFUSALS[code] in answer.text
    assert sim.state.operations == {}


def test_the_unofficial_code_for_too_few_signatures_comes_on_demand(ksef, sim):
    sim.faults.add("xades-signature", "refusal", code=9104)
    assert codes(ksef.submit(ksef.signed())) == [9104]
