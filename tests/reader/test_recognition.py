"""What a file is, and whose request it holds."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from datetime import timedelta

import pytest
from corpus.index import faulty

from ksef_simulator.verify import Settings
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


def alone(uri: str) -> bytes:
    """Return a signature without a document, which refers to this address."""
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>'
    return f'{signature}<Reference URI="{uri}"/></SignedInfo></Signature>'.encode()


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
        (b"-----BEGIN CMS-----\nMIIB\n", "p7s"),
        (
            b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data;",
            "p7s",
        ),
        (b"Content-Type: application/x-pkcs7-signature; name=smime.p7s\r\n\r\nMIIB", "p7s"),
        (zipped(**{"a.xml": REQUEST, "META-INF/signature.p7s": b""}), "asic"),
        (zipped(**{"a.xml": REQUEST, "META-INF/ASiCManifest.xml": b""}), "asic"),
        (zipped(**{"a.xml": REQUEST, "META-INF/manifest.xml": b""}), "zip"),
        (zipped(), "zip"),
        (gzip.compress(REQUEST), "zip"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 500, "zip"),
        # A certificate and its key: a sequence as well, and no CMS signature.
        (bytes.fromhex("3082010002010330 3006092a864886f70d010701") + b"<", "not_xml"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "not_xml"),
        (b"From: <Saved by Blink>\r\nContent-Type: multipart/related;", "html"),
        (b"<?xml version='1.0'?>\n", "cut"),
        (b"<Signatures>" + alone("AuthTokenRequest.xml") + b"</Signatures>", "detached"),
        (alone("AuthTokenRequest.xml"), "detached"),
        (alone(""), "missing_target"),
        (alone("#data"), "missing_target"),
        (b"<Signatures>" + alone("#data") + b"</Signatures>", "missing_target"),
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


ENCODINGS = {
    "utf-8": signed,
    "utf-8 with a mark": lambda: b"\xef\xbb\xbf" + signed(),
    "utf-16 with a mark": lambda: declared("UTF-16").encode("utf-16"),
    "utf-16 from the high byte": lambda: declared("UTF-16").encode("utf-16-be"),
    "windows-1250": lambda: declared("windows-1250").encode("cp1250"),
}


def declared(encoding: str) -> str:
    """Return the signed request as text that says it is in another encoding."""
    return signed().decode().replace("UTF-8", encoding, 1).replace("utf-8", encoding, 1)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_whatever_has_lost_its_end_is_called_cut(encoding):
    whole = ENCODINGS[encoding]()
    for length in (*range(7, len(whole) - 4, 41), *range(len(whole) - 40, len(whole) - 4)):
        assert codes(whole[:length]) == ("cut",), length


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_whatever_has_its_end_is_not_called_cut(encoding):
    whole, dice = ENCODINGS[encoding](), random.Random(encoding)
    for _time in range(60):
        start = dice.randrange(len(whole) - 200)
        put = dice.choice((b"", b"<", b'"', b"&", b"\x01", b"\xff", bytes(40)))
        assert "cut" not in codes(whole[:start] + put + whole[start + dice.randrange(100) :])


@pytest.mark.parametrize("mark", ["cp1250", "cp1252"])
def test_a_byte_order_mark_that_became_letters_is_damaged_letters(mark):
    letters = b"\xef\xbb\xbf".decode(mark).encode()
    assert codes(letters + signed()) == ("wrong_encoding",)


def test_letters_saved_in_another_encoding_than_declared_are_noticed():
    broken = signed().decode().encode("cp1250", errors="replace")
    assert codes(broken) == ("wrong_encoding",)


def test_a_document_type_declaration_is_refused_before_its_entities_are_read():
    bomb = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z SYSTEM "file:///etc/passwd">]><a>&z;</a>'
    assert codes(b"<?xml version='1.0'?><!-- first -->" + bomb) == ("dtd",)


def test_the_reader_takes_no_file_that_the_simulator_finds_too_large():
    """What one of them would refuse for its size alone, the other one refuses, too."""
    assert Settings().max_bytes == MAX_SIZE


def test_a_signature_of_mobywatel_is_explained():
    (finding,) = reading(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n").findings
    assert "mObywatel" in finding.text and "moj.gov.pl" in finding.action
    assert finding.other_ways


def test_a_letter_names_the_page_on_which_the_request_itself_is_signed():
    (item,) = (i for i in faulty() if i.file == "epuap_letter_with_the_request_attached.xml")
    (finding,) = reading(item.data).findings
    assert "moj.gov.pl, under Podpisz dokument elektronicznie" in finding.action


def test_a_pdf_inside_a_signature_is_called_by_its_name():
    (item,) = (i for i in faulty() if i.file == "signed_pdf.xml")
    (finding,) = reading(item.data).findings
    assert finding.values == {"found": "PDF"}


def test_another_way_of_signing_is_offered_where_the_way_is_at_fault_alone():
    assert reading(signed(algorithm="rsa", signing_certificate=None)).findings[0].other_ways
    assert not reading(REQUEST).findings[0].other_ways


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
