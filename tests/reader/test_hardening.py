"""Bytes of strangers: never a crash, a hang, a file or a connection; time and memory bounded."""

from __future__ import annotations

import base64
import os
import random
import socket
import subprocess
import sys
import time
from operator import itemgetter
from pathlib import Path

import pytest
from corpus.generate import making
from corpus.mutations.base import unsigned_object
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ksef_simulator import keys
from ksef_simulator.releases import ORGANIZATION_IDENTIFIER
from stack.sizes import wide
from tools.signed_document import const, parsing

from .costliest import COSTLIEST, REFERENCE, costliest, largest_accepted, search, seconds
from .shared import codes, reading, signed

KEY = keys.rsa_key("other")  # xmlsec 1.3.14 writes ECDSA values too long
TOUCHED = (
    '<?xml-stylesheet href="{0}"?>',
    '<x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a {0}"/>',
    '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{0}" parse="text"/>',
    '<x xml:base="{0}"/>',
)


def test_a_document_of_just_the_largest_size_passes():
    assert codes(largest_accepted()) == ()


@pytest.mark.parametrize("shape", COSTLIEST)
def test_the_costliest_documents_are_read_within_two_seconds(shape):
    document = costliest(shape)
    assert reading(document).stops
    assert seconds(document) < 2


@pytest.mark.skipif(not wide(), reason="./run test all searches")
def test_a_search_finds_nothing_that_costs_more_than_two_seconds():
    cost, shape = max((search(seed, rounds=12) for seed in range(6)), key=itemgetter(0))
    assert cost < 2, shape


def test_the_costliest_document_takes_bounded_memory(tmp_path):
    path = tmp_path / "costliest.xml"
    path.write_bytes(costliest())
    script = (
        "import resource, sys, pathlib; from reader import shared;"
        "data = pathlib.Path(sys.argv[1]).read_bytes(); shared.reading(shared.signed());"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "before = peak(); shared.reading(data); print(peak() - before)"
    )
    root = Path(__file__).parents[2]
    where = {"PYTHONPATH": f"{root}/tests:{root}/l10n_pl_ksef_auth"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(path)], env=where, check=True, capture_output=True
    )
    assert int(done.stdout) < 50 * 1024


@pytest.mark.parametrize("scheme", ["http", "file"])
@pytest.mark.parametrize("markup", TOUCHED)
def test_no_address_and_no_file_in_a_document_is_ever_opened(markup, scheme, tmp_path):
    """A connection would be accepted and noticed; a named pipe would block whoever opens it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        web = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        target = web if scheme == "http" else f"file://{pipe}"
        document = unsigned_object(signed(), markup.format(target).encode())
        assert document is not None
        reading(document)
        reading(document.replace(b'URI=""', f'URI="{target}"'.encode()))
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!-- <x> --><?y <z> ?><!DOCTYPE a []>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_document_types_are_refused_in_every_encoding(prolog, encoding):
    data = f"{prolog}<AuthTokenRequest/>".encode(encoding)
    assert codes(data) == ("dtd",)


#: Attributes of which a document type declaration may declare so many; libxml2 compares them all.
_MANY = " ".join(f"a{n} CDATA ''" for n in range(60_000))
DECLARATION = f"<!DOCTYPE r [<!ATTLIST r {_MANY}>]><r/>"


def in_utf_7(declaration: str) -> bytes:
    """Return a declaration and a document type in UTF-7, which shows no markup."""
    hidden = base64.b64encode(DECLARATION[:600_000].encode("utf-16-be")).rstrip(b"=")
    return declaration.encode() + b"+" + hidden + b"-"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        # In UTF-16, its U+2D2D is the bytes of "--".
        (f"<!-- \u2d2d> <x -->{DECLARATION}".encode("utf-16"), "dtd"),
        (f"<!-- \u2d2d> <x -->{DECLARATION}".encode("utf-16-le"), "dtd"),
        (f"<!--{DECLARATION}--><r/>".encode(), "dtd"),
        (in_utf_7('<?xml version="1.0" encoding="UTF-7"?>'), "too_complex"),
        (in_utf_7(f'<?xml version="1.0"{" " * 400_000}encoding="UTF-7"?>'), "too_complex"),
        (in_utf_7('<?xml version="1.0>" encoding="UTF-7"?>'), "too_complex"),
        (in_utf_7('<?xml encoding="utf-8" encoding="UTF-7"?>'), "too_complex"),
        (in_utf_7('\ufeff<?xml version="1.0" encoding="UTF-7"?>'), "too_complex"),
        (f'<?xml version="1.0"?>{DECLARATION}'.encode("cp037"), "not_xml"),
    ],
    ids=[
        *("mark in UTF-16", "no mark", "comment", "UTF-7", "far behind", "odd version"),
        *("second encoding", "two encodings", "EBCDIC"),
    ],
)
def test_a_document_type_that_hides_costs_no_time(data, code):
    assert len(data) <= const.MAX_SIZE
    started = time.process_time()
    assert codes(data) == (code,)
    assert time.process_time() - started < 0.5


def test_requests_in_base64_are_counted_before_they_are_read():
    many = b"<AuthTokenRequest/>" + b"<a/>" * 9_000
    encoded = base64.b64encode(b"<x>" + many + b"</x>")
    document = unsigned_object(signed(), encoded)
    for _time in range(40):
        document = unsigned_object(document, encoded)
    started = time.process_time()
    assert codes(document) == ("too_complex",)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "inside",
    [
        b"<a>" * 100 + b"</a>" * 100,
        b"<a/>" * const.MAX_TAGS,
        b"<a " + b" ".join(b'b%d=""' % n for n in range(300)) + b"/>",
        b"<a " + b" ".join(b'xmlns:n%d="urn:n"' % n for n in range(60)) + b"/>",
        b'<a xmlns="urn:' + b"n" * 300 + b'"/>',
        b"<AuthTokenRequest/>" * 20,
    ],
    ids=["depth", "tags", "attributes", "namespaces", "long namespace", "requests"],
)
def test_markup_beyond_the_bounds_is_not_read(inside):
    document = unsigned_object(signed(), inside)
    assert document is not None
    assert codes(document) == ("too_complex",)


@pytest.mark.parametrize(
    "inside", ["<a/>" * 150_000, '<a b="" c=""/>' * 40_000, "<!---->" * 80_000, "<?a?>" * 100_000]
)
@pytest.mark.parametrize("blanks", [1, 5_000], ids=["declared", "declared far behind"])
def test_markup_that_hides_in_another_encoding_is_not_read(inside, blanks):
    """UTF-7 writes no ``<``: the counts before parsing do not see it."""
    text = signed().decode().partition("?>")[2]
    text = text.replace("<Challenge>", f"<x>{inside}</x><Challenge>")
    hidden = base64.b64encode(text.encode("utf-16-be")).rstrip(b"=")
    declaration = b'<?xml version="1.0"' + b" " * blanks + b'encoding="UTF-7"?>'
    assert codes(declaration + b"+" + hidden + b"-") == ("too_complex",)


def test_the_tree_is_counted_even_if_the_bytes_were_not(monkeypatch):
    document = unsigned_object(signed(), b"<a/>" * 500)
    assert document is not None and codes(document) == ()
    monkeypatch.setattr(parsing, "_refuse_markup_beyond_bounds", lambda data: None)
    monkeypatch.setattr(const, "MAX_TAGS", 500)
    assert codes(document) == ("too_complex",)


def test_too_many_references_are_not_followed():
    document = signed()
    reference = REFERENCE.search(document)
    assert reference is not None
    many = document.replace(reference[0], reference[0] * const.MAX_REFERENCES)
    assert codes(many) == ("too_complex",)


@pytest.mark.parametrize("seed", range(4))
def test_any_change_of_single_bytes_is_survived(seed, layout):
    dice = random.Random(f"{seed} {layout}")
    document = bytearray(signed(layout=layout))
    for _change in range(12):
        position = dice.randrange(len(document))
        before, document[position] = document[position], dice.randrange(256)
        reading(bytes(document))
        document[position] = before


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_survived(seed):
    dice = random.Random(seed)
    data = dice.randbytes(500)
    assert reading(data).stops
    assert reading(b"<AuthTokenRequest>" + data).stops


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        (NameOID.SERIAL_NUMBER, "NIP" * 3_700),
        (NameOID.SERIAL_NUMBER, "PNOPL" * 2_200),
        (ORGANIZATION_IDENTIFIER, "VATPL" * 2_200),
    ],
)
@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_names_of_any_length_in_a_certificate_take_no_time(attribute, text):
    """The patterns for numbers take time with the square of a name's length."""
    subject = x509.Name([x509.NameAttribute(attribute, text, _validate=False)])
    document = making.signed(key=KEY, certificate=making.qualified(KEY, subject))
    started = time.process_time()
    assert codes(document) == ("no_identifier",)
    assert time.process_time() - started < 1


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_many_certificates_of_many_names_take_no_time():
    """asn1crypto takes a certificate apart in Python: name by name."""
    names = [x509.NameAttribute(NameOID.COMMON_NAME, f"A{n}") for n in range(550)]
    certificate = making.qualified(KEY, x509.Name(names)).public_bytes(Encoding.DER)
    added = b"<ds:X509Certificate>%s</ds:X509Certificate>" % base64.b64encode(certificate)
    document = making.signed(key=KEY).replace(b"</ds:X509Data>", added * 60 + b"</ds:X509Data>")
    started = time.process_time()
    assert codes(document) == ()
    assert time.process_time() - started < 1
