"""Documents that are refused before anything looks for a signature."""

from __future__ import annotations

import time

import pytest
from verify_builders import judged, refusal, replaced, request, signed


def test_an_unsigned_request_lacks_its_signature():
    assert refusal(request()) == (9102, "")


@pytest.mark.parametrize("data", [b"", b"  \n", b"%PDF-1.7 \xe2\xe3", b"PK\x03\x04", b"<a", b"{}"])
def test_what_is_no_xml_is_unreadable(data):
    assert refusal(data) == (21001, "")


def test_a_cut_document_is_unreadable():
    assert refusal(signed()[:-20]) == (21001, "")


@pytest.mark.parametrize("data", [b"<html><body/></html>", b"<Faktura/>"])
def test_another_kind_of_document_is_refused(data):
    assert refusal(data) == (9101, "")


def test_a_byte_order_mark_is_a_wrong_encoding():
    assert refusal(b"\xef\xbb\xbf" + signed()) == (21217, "")


def test_utf_16_is_a_wrong_encoding():
    text = signed().decode().replace("utf-8", "utf-16", 1)
    assert refusal(text.encode("utf-16")) == (21217, "")
    assert refusal(text.encode("utf-16-le")) == (21217, "")


def test_a_declared_other_encoding_is_wrong_though_every_digest_holds():
    text = signed().decode().replace("utf-8", "windows-1250", 1)
    assert refusal(text.encode("windows-1250")) == (21217, "")


def test_polish_letters_re_encoded_on_the_way_are_a_wrong_encoding():
    assert refusal(signed().decode().encode("windows-1250")) == (21217, "")


def test_polish_letters_in_the_signers_name_are_fine_in_utf_8():
    assert "Żółć".encode() in signed()
    assert judged(signed()).identity.surname == "Żółć-Źdźbło"


def test_a_document_type_is_refused_before_it_is_parsed():
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><AuthTokenRequest'
    assert refusal(replaced(signed(), "<AuthTokenRequest", bomb)) == (9101, "")
    hidden = '<!-- x --><?pi?>\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><AuthTokenRequest'
    assert refusal(replaced(signed(), "<AuthTokenRequest", hidden)) == (9101, "")


def test_a_document_beyond_the_limit_is_refused():
    assert refusal(signed(), max_bytes=1000) == (9101, "")


NAMESPACES = " ".join(f'xmlns:n{number}="urn:n{number}"' for number in range(60))
MANY = {
    "elements": "<a/>" * 20_000,
    "elements with texts": "<a/> " * 20_000,
    "attributes": '<a b="" c="" d="" e="" f=""/>' * 3_000,
    "namespaces in scope": f"<x {NAMESPACES}>" + "<a/>" * 1_000 + "</x>",
}


@pytest.mark.parametrize("name", MANY)
def test_more_nodes_than_libxmlsec_can_search_are_refused_before_it_sees_them(name):
    document = replaced(signed(), "<Challenge>", f"<x>{MANY[name]}</x><Challenge>")
    started = time.process_time()
    assert refusal(document) == (9101, "")
    assert time.process_time() - started < 0.5


def test_the_costliest_document_that_is_judged_takes_about_a_second():
    filler = "<a/>" * 4_600
    document = replaced(signed(), "<Challenge>", f"<x>{filler}</x><Challenge>")
    started = time.process_time()
    assert refusal(document)[0] == 9105
    assert time.process_time() - started < 2.5


def test_two_signatures_are_one_too_many():
    assert refusal(signed("qualified", signed())) == (9103, "")


@pytest.mark.parametrize("layout", ["enveloping", "enveloping-base64"])
def test_a_signed_document_signed_once_more_around_it_has_too_many(layout):
    assert refusal(signed("qualified", signed(), layout=layout)) == (9103, "")
