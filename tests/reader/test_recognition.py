"""What a file is, and whose request it holds."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import timedelta

import pytest

from tools.auth_token_request import Context, build
from tools.signed_document import MAX_SIZE, Expected, KnownChallenge, read

from .shared import CHALLENGE, CONTEXT, KNOWN, NOW, REQUEST, codes, reading, signed

OTHER_CHALLENGE = "20261122-CR-0000000000-0000000000-00"


def test_the_downloaded_request_is_called_unsigned_with_the_words_of_the_journey():
    (finding,) = reading(REQUEST).findings
    assert (finding.code, finding.level) == ("unsigned", "stop")
    assert finding.text == (
        "Invalid signature: this is the file downloaded from Odoo, not signed yet; "
        "choose the newest file, downloaded from gov.pl"
    )
    assert finding.evidence == "the download, byte for byte"


def test_an_unsigned_request_that_was_saved_by_an_editor_is_still_called_unsigned():
    (finding,) = reading(REQUEST.replace(b"\n", b"\r\n")).findings
    assert (finding.code, finding.evidence) == ("unsigned", "not byte for byte")


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        (zipped(**{"AuthTokenRequest.xml": REQUEST}), "zip"),
        (zipped(mimetype=b"application/vnd.etsi.asic-e+zip"), "asic"),
        (bytes.fromhex("3082010006092a864886f70d010702a081f2"), "p7s"),
        (b"-----BEGIN PKCS7-----\nMIIB\n", "p7s"),
        (zipped(**{"a.xml": REQUEST, "META-INF/signature.p7s": b""}), "asic"),
        (zipped(), "zip"),
        (gzip.compress(REQUEST), "zip"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 500, "zip"),
        # A certificate and its key: a sequence as well, and no CMS signature.
        (bytes.fromhex("3082010002010330 3006092a864886f70d010701") + b"<", "not_xml"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "not_xml"),
        (b"From: <Saved by Blink>\r\nContent-Type: multipart/related;", "html"),
        (b"<?xml version='1.0'?>\n", "cut"),
        (
            b"<Signatures><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></Signatures>",
            "detached",
        ),
        (b"<!DOCTYPE html>\n<html><head><title>gov.pl</title></head></html>", "html"),
        (b"\n<html lang='pl'><body>Zaloguj</body></html>", "html"),
        (b"<!-- " + b"x" * 2000 + b" --><html><body/></html>", "html"),
        (b"Dzie\xc5\x84 dobry", "not_xml"),
        (b'{"challenge": "x"}', "not_xml"),
        (b"\x00" * 40, "not_xml"),
        (
            b"<?xml version='1.0'?><Faktura xmlns='http://crd.gov.pl/x'><a/></Faktura>",
            "other_document",
        ),
    ],
)
def test_other_files_are_called_what_they_are(data, code):
    assert codes(data) == (code,)


def test_a_file_above_the_limit_is_refused_before_anything_looks_into_it():
    (finding,) = reading(b"<" * (MAX_SIZE + 1)).findings
    assert finding.code == "too_large"
    assert "2.0 MB" in finding.sentence


def test_half_a_download_is_called_cut():
    document = signed()
    assert codes(document[: len(document) // 2]) == ("cut",)


def test_a_file_that_ends_within_a_letter_is_called_cut():
    whole = "<?xml version='1.0' encoding='utf-8'?><a>Łódź</a>".encode()
    assert codes(whole[: whole.index("ź".encode()) + 1]) == ("cut",)


def test_a_file_that_ends_within_a_reference_to_a_letter_is_called_cut():
    # What is there of &#13; names a character that XML does not have.
    assert codes(b"<?xml version='1.0' encoding='utf-8'?><a>two lines&#1") == ("cut",)


def test_letters_saved_in_another_encoding_than_declared_are_noticed():
    broken = signed().decode().encode("cp1250", errors="replace")
    assert codes(broken) == ("wrong_encoding",)


def test_a_document_type_declaration_is_refused_before_its_entities_are_read():
    bomb = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z SYSTEM "file:///etc/passwd">]><a>&z;</a>'
    assert codes(b"<?xml version='1.0'?><!-- first -->" + bomb) == ("dtd",)


def test_a_signed_request_of_this_company_is_let_through():
    assert not reading(signed()).stops


def test_a_request_of_another_company_stops():
    document = signed(document=build(CHALLENGE, Context("Nip", "1111111111")))
    found = reading(document).findings[0]
    assert (found.code, found.level) == ("other_company", "stop")
    assert found.values == {"found": "111-111-11-11", "expected": "526-587-76-35"}


def test_an_internal_identifier_is_not_mistaken_for_the_nip_inside_it():
    document = signed(document=build(CHALLENGE, Context("InternalId", f"{CONTEXT.value}-12345")))
    assert codes(document) == ("other_company",)


def test_an_earlier_download_stops():
    document = signed(document=build(OTHER_CHALLENGE, CONTEXT))
    assert codes(document) == ("other_challenge",)


def test_every_challenge_that_still_lives_is_accepted():
    document = signed(document=build(OTHER_CHALLENGE, CONTEXT))
    other = KnownChallenge(OTHER_CHALLENGE, NOW + timedelta(minutes=1))
    assert codes(document, challenges=[KNOWN, other]) == ()


def test_an_outdated_challenge_stops_from_the_moment_that_it_ends():
    document = signed()
    assert codes(document, now=KNOWN.expires_at) == ("outdated_challenge",)
    assert codes(document, now=KNOWN.expires_at - timedelta(seconds=1)) == ()


@pytest.mark.parametrize(("hours", "found"), [(3, ()), (-3, ("future_signature",))])
def test_a_wrong_clock_of_this_machine_stops_nothing(hours, found):
    """The challenge's ten minutes are counted by the same clock as the moment of reading."""
    wrong = timedelta(hours=hours)
    asked = [KnownChallenge(CHALLENGE, KNOWN.expires_at + wrong)]
    assert codes(signed(), challenges=asked, now=NOW + wrong) == found


def test_without_known_challenges_and_company_any_request_is_let_through():
    document = signed(document=build(OTHER_CHALLENGE, Context("Nip", "1111111111")))
    assert codes(document, challenges=(), context=None) == ()


@pytest.mark.parametrize("data", ["text", None, 7])
def test_arguments_of_a_wrong_type_are_a_value_error(data):
    with pytest.raises(ValueError, match="bytes"):
        read(data, Expected(NOW))


def test_a_time_without_a_zone_is_a_value_error():
    with pytest.raises(ValueError, match="aware"):
        read(REQUEST, Expected(NOW.replace(tzinfo=None)))


@pytest.mark.parametrize("container", [bytes, bytearray, memoryview])
def test_bytes_in_any_container_are_read(container):
    found = read(container(signed()), Expected(NOW, [KNOWN], CONTEXT))
    assert found.codes == () and found == reading(signed())


def test_a_fault_of_the_reader_is_a_sentence_and_stops_nothing(monkeypatch):
    monkeypatch.setattr("tools.signed_document.reader.examine", lambda tree: 1 / 0)
    found = read(signed(), Expected(NOW))
    assert found.codes == ("unchecked",) and not found.stops
    assert found.findings[0].evidence == "ZeroDivisionError"
