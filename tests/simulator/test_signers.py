"""The invented signers have valid numbers, leave bytes untouched, and sign as real ones do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree
from signxml import SignatureConfiguration, SignatureConstructionMethod, XMLVerifier
from signxml.xades import XAdESSigner
from verify_builders import AUTHORITY, NOW, PROFILE, judged, refusal, request, signed

from ksef_simulator import identities, keys
from ksef_simulator.layouts import LAYOUTS, Layout
from ksef_simulator.pki import Authority
from ksef_simulator.releases import HAS_UTC_TIMES
from ksef_simulator.signers import SIGNERS, certificate_of, forget_certificates

SAMPLES = Path(__file__).parents[3] / "shared" / "ksef" / "samples"


def test_every_invented_number_has_its_check_digit():
    assert identities.is_nip(identities.DEMO_NIP)
    assert all(identities.is_pesel(person.pesel) for person in identities.PEOPLE.values())


@pytest.mark.parametrize("layout", ["enveloped", "podpis-zaufany", "szafir", "filter2"])
def test_an_enveloped_signature_leaves_every_byte_of_the_request(layout):
    document = signed(layout=layout)
    start = document.index(b"<ds:Signature" if b"<ds:Signature" in document else b"<Signature")
    end = document.rindex(b"</AuthTokenRequest>")
    assert document[:start] + document[end:] == request()


@pytest.mark.parametrize("form", ["PodpisZP", "EPSignature"])
@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not part of this project")
def test_podpis_zaufany_has_the_shape_of_the_sample(form):
    sample = etree.parse(SAMPLES / f"reconstructed_podpis_zaufany_{form}.xml").getroot()
    made = etree.fromstring(signed(role=form))
    optional = {"DateOfBirth", "IdentityIssueTimestamp"}

    def outline(root):
        return [
            re.sub(r"/token/2\.\d", "", item.tag)
            for item in root.iter(etree.Element)
            if etree.QName(item).localname not in optional
        ]

    assert outline(made) == outline(sample)


@pytest.mark.parametrize("signer", SIGNERS)
def test_every_signer_can_sign_in_every_layout(signer):
    for layout in LAYOUTS:
        assert b"Signature" in signed(signer, layout=layout)


def test_another_process_knows_the_same_authorities():
    program = (
        "from datetime import datetime, timezone\n"
        "from ksef_simulator.signers import sign\n"
        "import sys\n"
        "at = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)\n"
        "sys.stdout.buffer.write(sign(sys.stdin.buffer.read(), 'owner', at=at))\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", program],
        input=request(),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert judged(made.stdout).identity == identities.OWNER.identity


def test_the_fingerprint_of_the_foreign_certificate_is_always_the_same():
    known = identities.fingerprint(certificate_of("foreign", NOW))
    forget_certificates()
    assert identities.fingerprint(certificate_of("foreign", NOW)) == known


def test_each_environment_has_a_ksef_of_its_own():
    production = Authority(NOW, "production")
    assert AUTHORITY.ksef.certificate.public_key() != production.ksef.certificate.public_key()


INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


@pytest.mark.parametrize("packaging", SignatureConstructionMethod)
@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_an_independent_signer_is_understood(algorithm, packaging):
    method = "rsa-sha256" if algorithm == "rsa" else "ecdsa-sha256"
    signer = XAdESSigner(method=packaging, signature_algorithm=method, c14n_algorithm=INCLUSIVE)
    certificate = certificate_of("seal", NOW, algorithm)
    made = signer.sign(
        etree.fromstring(request()), key=keys.key("seal", algorithm), cert=[certificate]
    )
    if packaging is SignatureConstructionMethod.detached:
        assert refusal(etree.tostring(made)) == (9105, PROFILE)
    else:
        assert judged(etree.tostring(made)).method == "QualifiedSeal"


@pytest.mark.skipif(not HAS_UTC_TIMES, reason="signxml needs cryptography 42")
@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_an_independent_verifier_believes_our_signers(algorithm):
    document = signed("seal", layout=Layout(), algorithm=algorithm)
    found = XMLVerifier().verify(
        document,
        x509_cert=certificate_of("seal", NOW, algorithm),
        expect_config=SignatureConfiguration(expect_references=2),
    )
    assert etree.QName(found[0].signed_xml).localname == "AuthTokenRequest"
