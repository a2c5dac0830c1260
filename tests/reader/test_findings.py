"""The table of findings: complete, translatable, and filled with values."""

from __future__ import annotations

import ast
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from corpus.generate import making
from corpus.index import faulty
from corpus.mutations import MUTATIONS
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree

from ksef_simulator import identities, keys, pki, signers
from ksef_simulator.releases import validity
from tools.meanings.meaning import SIGN_AGAIN
from tools.signed_document import findings
from tools.signed_document.findings import TABLE
from tools.signed_document.report import mask, ordered

from .shared import CHALLENGE, CONTEXT, NOW, REQUEST, codes, reading, signed

FOLDER = Path(findings.__file__).parent
SOURCE = Path(findings.__file__).read_text()


def test_odoo_finds_every_sentence_to_translate():
    """Odoo extracts constant arguments of calls of _lt."""
    calls = [node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Call)]
    marked = [c.args[0] for c in calls if isinstance(c.func, ast.Name) and c.func.id == "_lt"]
    texts = {node.value for node in marked if isinstance(node, ast.Constant)}
    shown = {text for _level, *sentences in TABLE.values() for text in sentences}
    assert shown - {SIGN_AGAIN.action} == texts  # the one that is marked where all tables find it


@pytest.mark.parametrize("code", TABLE)
def test_every_code_is_found_in_some_test(code):
    """In a faulty document, after a mutation, or by a test of its own."""
    known = {code for item in (*faulty(), *MUTATIONS) for code in item.codes}
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert code in known or f'"{code}"' in tests


def test_every_code_of_the_table_is_used_and_every_used_code_is_in_the_table():
    source = "".join(p.read_text() for p in FOLDER.glob("*.py") if p.name != "findings.py")
    quoted = set(re.findall(r'"([a-z_0-9]+)"', source))
    assert set(TABLE) <= quoted
    assert set(re.findall(r'\bfinding\(\s*"([a-z_0-9]+)"', source)) <= set(TABLE)


@pytest.mark.parametrize("code", TABLE)
def test_every_finding_says_what_happened_and_what_to_do(code):
    _level, text, action = TABLE[code]
    assert text.endswith((".", "gov.pl"))
    assert action.endswith(".")
    assert set(re.findall(r"%\((\w+)\)s", text)) <= {
        *("found", "expected", "date", "size", "limit", "count")
    }


def test_every_sentence_of_the_faulty_documents_can_be_filled():
    for item in faulty():
        assert all("%(" not in f.sentence for f in reading(item.data).findings)


def test_every_finding_of_the_faulty_documents_has_evidence_for_support():
    for item in faulty():
        assert all(found.evidence for found in reading(item.data).findings), item.file


def test_the_gravest_finding_comes_first():
    document = signed(algorithm="ec", signing_certificate=None).replace(
        NOW_TEXT, b"2026-11-22T13:00:00Z"
    )
    levels = [finding.level for finding in reading(document).findings]
    assert levels == sorted(levels, key=["stop", "warn", "info"].index)
    assert levels[0] == "stop" and "warn" in levels


NOW_TEXT = NOW.strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def test_the_same_finding_is_said_once():
    (finding,) = reading(REQUEST).findings
    assert ordered([finding, finding]) == (finding,)


def test_evidence_masks_personal_numbers_and_stays_short():
    assert mask("PNOPL-85041742164 signed") == "PNOPL-•••••••••64 signed"
    assert mask("5265877635") == "5265877635"
    assert len(mask("x" * 10_000)) == 200
    assert mask("a\x00\u202eb\nc") == "a b c"


def test_evidence_of_a_changed_request_names_the_reference_and_both_digests():
    document = signed().replace(b"certificateSubject", b"certificateOther")
    (finding,) = [f for f in reading(document).findings if f.code == "changed"]
    assert re.fullmatch(r"reference '' sha256 signed \S{44} found \S{44}", finding.evidence)


def test_an_edited_file_is_told_from_a_changed_one():
    document = signed(layout="podpis-zaufany").replace(b"<Challenge>", b"\t<Challenge>")
    assert codes(document) == ("edited",)


def test_a_file_that_an_editor_indented_throughout_costs_one_sentence():
    root = etree.fromstring(signed(layout="podpis-zaufany"))
    etree.indent(root)
    assert codes(etree.tostring(root)) == ("edited",)


def named(letters: str) -> bytes:
    """Return a signed request whose role names somebody in other letters than were signed."""
    return signed("owner").replace(identities.OWNER.surname.encode(), letters.encode())


@pytest.mark.parametrize("letters", ["\u0179\ufffd\u0142\u0107", "?o?c-?d?b?o"])
def test_letters_that_a_program_lost_are_not_said_to_be_changed_by_somebody(letters):
    assert codes(named(letters)) == ("wrong_encoding",)


@pytest.mark.parametrize("letters", ["Obcy", "\u0139\u201ayk", "\u010f\u017c\u013e", "Li\xc3\xb3"])
def test_another_name_is_a_change_whatever_its_letters(letters):
    """Also where a program might have made them of others, and of such as XML cannot hold."""
    assert codes(named(letters)) == ("changed_properties",)


def issued_by(issuer: str) -> bytes:
    """Return the request signed with a certificate whose issuer has this name."""
    key = keys.rsa_key("other")
    builder = x509.CertificateBuilder(
        pki.name(common_name=issuer),
        making.PERSON,
        key.public_key(),
        7,
        datetime(2025, 12, 1),
        datetime(2027, 12, 1),
    )
    return making.signed(key=key, certificate=builder.sign(key, hashes.SHA256()))


@pytest.mark.parametrize(
    ("issuer", "environment", "expected"),
    [
        ("KSeF TEST CA", "production", ("other_environment",)),
        ("Centrum KSeF (demo)", "test", ("other_environment",)),
        ("KSeF TEST CA", "test", ()),
        ("KSeF TEST CA", None, ()),
        ("Centrum KSeF", "production", ()),
        ("Inne centrum TEST", "production", ()),
    ],
)
def test_a_certificate_of_another_environment_is_told_where_its_issuer_says_so(
    issuer, environment, expected
):
    document = issued_by(issuer)
    assert codes(document, environment=environment) == expected


def test_a_self_signed_certificate_only_warns_where_ksef_refuses_it():
    document = signed("self-signed")
    assert codes(document, environment="test") == ()
    assert codes(document, environment=None) == ()
    for environment in ("production", "demo"):
        (finding,) = reading(document, environment=environment).findings
        assert (finding.code, finding.level) == ("self_signed", "warn")


def test_a_certificate_that_has_just_expired_only_warns_because_clocks_differ():
    document = signed("expired")
    end = validity(signers.certificate_of("expired", NOW))[1]
    assert "certificate_expired" in codes(document, now=end + timedelta(days=2), challenges=())
    found = reading(document, now=end + timedelta(hours=2), challenges=())
    assert "certificate_expiring" in found.codes and not found.stops


def test_the_reading_tells_everything_that_the_wizard_shows():
    found = reading(signed())
    assert found.codes == () and not found.stops
    assert (found.challenge, found.context, found.signed_at) == (CHALLENGE, CONTEXT, NOW)
    assert found.signer is not None
    assert found.signer.issuer == "Centrum Pieczęci Ministra (symulator)"


def test_a_personal_number_is_masked_even_where_the_text_is_cut():
    shown = mask("x" * 190 + "85041742164")
    assert "8504" not in shown and len(shown) == 200


def test_one_sentence_is_said_once_with_the_evidence_of_all():
    unknown = b"http://www.w3.org/TR/1999/REC-xslt-19991116"
    exclusive = b"http://www.w3.org/2001/10/xml-exc-c14n#"
    document = signed(layout="podpis-zaufany").replace(exclusive, unknown)
    found = [f for f in reading(document).findings if f.code == "unchecked"]
    assert len(found) == len({f.sentence for f in found})
