"""AuthTokenRequest.xml, and the numbers that go into it."""

import pytest
from lxml import etree
from official_schemas import FILES, in_version, official_schema
from protocol_builders import CHALLENGE, NIP

from tools import nip
from tools.auth_token_request import Context, build

NS = "{http://ksef.mf.gov.pl/auth/token/2.1}"


@pytest.fixture(scope="module", params=FILES)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def schema(version):
    return official_schema(version)


@pytest.mark.parametrize("context", [Context("Nip", NIP), Context("InternalId", f"{NIP}-00001")])
@pytest.mark.parametrize("subject_type", ["certificateSubject", "certificateFingerprint"])
def test_the_request_is_valid_by_the_ministrys_schemas(schema, version, context, subject_type):
    schema.assertValid(in_version(build(CHALLENGE, context, subject_type), version))


def test_a_request_that_the_schemas_forbid_is_noticed(schema, version):
    wrong = build(CHALLENGE, Context("Nip", "526-587-76-35"))
    assert not schema.validate(in_version(wrong, version))


def test_the_request_says_what_it_was_told():
    root = etree.fromstring(build(CHALLENGE, Context("Nip", NIP)))
    assert root.findtext(f"{NS}Challenge") == CHALLENGE
    assert root.findtext(f"{NS}ContextIdentifier/{NS}Nip") == NIP
    assert root.findtext(f"{NS}SubjectIdentifierType") == "certificateSubject"


def test_the_request_declares_its_encoding_and_has_no_byte_order_mark():
    assert build(CHALLENGE, Context("Nip", NIP)).startswith(
        b'<?xml version="1.0" encoding="utf-8"?>'
    )


def test_a_value_cannot_bring_markup_in():
    root = etree.fromstring(build("<a>&", Context("Nip", "</Nip>")))
    assert root.findtext(f"{NS}Challenge") == "<a>&"


def test_an_unknown_kind_of_identifier_is_refused():
    with pytest.raises(ValueError, match="Unknown kind"):
        build(CHALLENGE, Context("Regon", NIP))
    with pytest.raises(ValueError, match="Unknown kind"):
        build(CHALLENGE, Context("Nip", NIP), "anything")


@pytest.mark.parametrize(
    "text",
    [
        "5265877635",
        "PL5265877635",
        "526-587-76-35",
        "pl 526 587 76 35",
        "NIP: 526-587-76-35",
        " NIP PL 5265877635 ",
        "526\u2011587\u00a07635",
        "526.587.76.35",
    ],
)
def test_a_nip_is_understood_as_people_write_it(text):
    assert nip.normalise(text) == NIP


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        (None, "missing"),
        ("PL", "missing"),
        ("/", "missing"),
        ("526587763", "length"),
        ("52658776355", "length"),
        ("526587763A", "characters"),
        ("DE5265877635", "characters"),
        ("5265877634", "checksum"),
        ("0000000000", "pattern"),
        ("٥٢٦٥٨٧٧٦٣٥", "characters"),
    ],
)
def test_what_is_no_nip_is_refused_with_its_reason(text, reason):
    with pytest.raises(nip.InvalidNip) as caught:
        nip.normalise(text)
    assert caught.value.reason == reason


def test_a_number_whose_control_sum_is_ten_is_no_nip():
    with pytest.raises(nip.InvalidNip):
        nip.normalise("1234567890")


def test_a_nip_is_shown_as_poles_write_it():
    assert nip.formatted(NIP) == "526-587-76-35"


@pytest.mark.parametrize("text", [f"{NIP}-00001", f"{NIP}00001", "526-587-76-35-00001"])
def test_an_internal_identifier_is_understood(text):
    assert nip.normalise_internal_id(text) == f"{NIP}-00001"


@pytest.mark.parametrize("text", [NIP, f"{NIP}-0001", "5265877634-00001", f"{NIP}-0000A"])
def test_what_is_no_internal_identifier_is_refused(text):
    with pytest.raises(nip.InvalidNip) as caught:
        nip.normalise_internal_id(text)
    assert caught.value.reason == "internal_id"


@pytest.mark.parametrize("text", [None, "", " "])
def test_a_missing_internal_identifier_is_told_from_a_wrong_one(text):
    with pytest.raises(nip.InvalidNip) as caught:
        nip.normalise_internal_id(text)
    assert caught.value.reason == "unit_missing"
