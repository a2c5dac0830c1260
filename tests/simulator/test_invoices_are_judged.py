"""Sessions of sending invoices: the checks of an invoice, its number, its confirmation."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from invoice_kit import encrypt, invoice, open_request, opened
from kit import codes
from lxml import etree

from ksef_simulator.invoice_file import checksum


@pytest.fixture
def sender(ksef):
    return opened(ksef, ksef.login())


def test_a_sent_invoice_gets_a_ksef_number_with_a_right_checksum(sender):
    state = sender.sent(invoice())
    assert state["status"]["code"] == 200
    number = state["ksefNumber"]
    assert re.fullmatch(r"5265877635-\d{8}-[0-9A-F]{12}-[0-9A-F]{2}", number)
    assert number.endswith(f"{checksum(number[:32]):02X}")


def test_the_checksum_is_that_of_a_known_number():
    assert f"{checksum('5265877635-20250826-0100001AF629'):02X}" == "AF"


def test_the_confirmation_names_the_invoice_and_the_simulator(ksef, sender):
    state = sender.sent(invoice("FV/7"))
    upo = sender.get(f"/invoices/{state['referenceNumber']}/upo")
    root = etree.fromstring(upo.content)
    assert root.findtext(".//{*}NumerFaktury") == "FV/7"
    assert root.findtext(".//{*}NumerKSeFDokumentu") == state["ksefNumber"]
    assert "Symulator" in root.findtext("{*}NazwaPodmiotuPrzyjmujacego")
    assert sender.get(f"/invoices/ksef/{state['ksefNumber']}/upo").content == upo.content
    linked = ksef.http.get(state["upoDownloadUrl"], timeout=20)
    assert linked.content == upo.content


def test_an_invoice_takes_as_long_as_told(sim, sender):
    sim.settings.invoice_delay = 60
    state = sender.sent(invoice())
    assert state["status"]["code"] == 100
    assert codes(sender.get(f"/invoices/{state['referenceNumber']}/upo")) == [21178]
    sim.clock.advance(60)
    assert sender.get(f"/invoices/{state['referenceNumber']}").json()["status"]["code"] == 200


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"encryptedInvoiceSize": 1}, 21402),
        ({"encryptedInvoiceHash": "A" * 43 + "="}, 21403),
        ({"encryptedInvoiceContent": "%%%"}, 21405),
        ({"invoiceHash": None}, 21405),
    ],
)
def test_what_does_not_match_is_refused_at_once(sender, changed, code):
    assert codes(sender.send(invoice(), **changed)) == [code]


@pytest.mark.parametrize(
    ("content", "changed", "code"),
    [
        (invoice(), {"invoiceHash": "A" * 43 + "="}, 430),
        (invoice(), {"invoiceSize": 1}, 430),
        (b"not an invoice", {}, 430),
        (invoice(form="FA (2)"), {}, 430),
        (invoice(number=""), {}, 450),
        (invoice(nip="1111111111"), {}, 410),
    ],
    ids=["hash", "size", "not XML", "another form", "no number", "another seller"],
)
def test_what_is_wrong_inside_is_told_by_the_status(sender, content, changed, code):
    state = sender.sent(content, **changed)
    assert state["status"]["code"] == code
    assert "ksefNumber" not in state


def test_an_invoice_encrypted_with_another_key_is_435(sender):
    found = []
    for letter in (b"v", b"w", b"x", b"y", b"z"):
        sender.key = letter * 32
        found.append(sender.sent(invoice())["status"]["code"])
    # Once in 256 times what a wrong key makes of the padding looks like padding.
    assert found.count(435) >= 3


def test_the_same_invoice_twice_is_a_duplicate(ksef, sender):
    first = sender.sent(invoice())
    second = opened(ksef, ksef.login()).sent(invoice())["status"]
    assert second["code"] == 440
    assert second["extensions"] == {
        "originalSessionReferenceNumber": sender.reference,
        "originalKsefNumber": first["ksefNumber"],
    }


def test_a_status_of_an_invoice_can_be_forced(sim, sender):
    sim.settings.force_invoice_status = {"code": 500, "times": 1}
    assert sender.sent(invoice("FV/1"))["status"]["code"] == 500
    assert sender.sent(invoice("FV/2"))["status"]["code"] == 200


def test_a_closed_session_takes_no_invoice_and_confirms_all(sender):
    sender.sent(invoice("FV/1"))
    sender.sent(invoice("FV/2"))
    assert sender.close().status_code == 204
    assert codes(sender.send(invoice("FV/3"))) == [21180]
    assert codes(sender.close()) == [21180]
    state = sender.get().json()
    assert (state["status"]["code"], state["successfulInvoiceCount"]) == (200, 2)
    ref = state["upo"]["pages"][0]["referenceNumber"]
    numbers = re.findall(rb"<NumerFaktury>(.*?)<", sender.get(f"/upo/{ref}").content)
    assert numbers == [b"FV/1", b"FV/2"]


def test_a_session_closes_by_itself_after_twelve_hours(ksef, sim, sender):
    sender.sent(invoice())
    sim.clock.advance(timedelta(hours=12))
    sender.bearer = ksef.login().access
    assert sender.get().json()["status"]["code"] == 200
    assert codes(sender.send(invoice("FV/2"))) == [21180]


def test_a_session_without_invoices_ends_with_440(sender):
    sender.close()
    assert sender.get().json()["status"]["code"] == 440


def test_a_key_that_was_not_encrypted_for_ksef_is_told_by_the_session(ksef):
    tokens = ksef.login()
    body = open_request(ksef, b"k" * 32, b"i" * 16)
    body["encryption"]["encryptedSymmetricKey"] = encrypt(ksef, "KsefTokenEncryption", b"k" * 32)
    ref = ksef.call("POST", "/sessions/online", tokens.access, json=body).json()["referenceNumber"]
    state = ksef.call("GET", f"/sessions/{ref}", tokens.access).json()["status"]
    assert state["code"] == 415


def test_a_bad_opening_is_refused(ksef):
    tokens = ksef.login()
    good = open_request(ksef, b"k" * 32, b"i" * 16)
    other_form = {**good, "formCode": {**good["formCode"], "systemCode": "FA (1)"}}
    short = open_request(ksef, b"k" * 32, b"i" * 8)
    unknown_key = open_request(ksef, b"k" * 32, b"i" * 16, publicKeyId="A" * 43 + "=")
    answers = [
        ksef.call("POST", "/sessions/online", tokens.access, json=body)
        for body in (other_form, short, unknown_key)
    ]
    assert [codes(answer) for answer in answers] == [[21405], [21405], [21470]]


def test_sending_needs_the_right_to_issue_invoices(ksef):
    body = open_request(ksef, b"k" * 32, b"i" * 16)
    answer = ksef.call("POST", "/sessions/online", ksef.login("reader").access, json=body)
    assert answer.status_code == 403
    assert answer.json()["reasonCode"] == "missing-permissions"
    assert answer.json()["security"]["presentPermissions"] == ["InvoiceRead"]


def test_a_session_of_another_company_is_not_found(ksef, sim, sender):
    sim.world.grant("76021155713", "1111111111")
    sender.bearer = ksef.login("qualified", nip="1111111111").access
    assert codes(sender.get()) == [21173]


def test_an_invoice_can_be_downloaded_by_its_ksef_number(ksef, sender):
    number = sender.sent(invoice())["ksefNumber"]
    reader = ksef.login("reader")
    assert ksef.call("GET", f"/invoices/ksef/{number}", reader.access).content == invoice()
    unknown = "/invoices/ksef/5265877635-20250826-0100001AF629-AF"
    assert codes(ksef.call("GET", unknown, reader.access)) == [21164]


def test_sessions_and_invoices_are_listed_in_pages(ksef, sender):
    for number in range(11):
        sender.sent(invoice(f"FV/{number}"))
    sender.sent(b"wrong")
    first = sender.get("/invoices").json()
    assert len(first["invoices"]) == 10
    headers = {"x-continuation-token": first["continuationToken"]}
    path = f"/sessions/{sender.reference}/invoices"
    second = ksef.call("GET", path, sender.bearer, headers=headers).json()
    assert len(second["invoices"]) == 2
    assert len(sender.get("/invoices/failed").json()["invoices"]) == 1
    listed = ksef.call("GET", "/sessions?sessionType=Online", sender.bearer).json()["sessions"]
    assert (listed[0]["totalInvoiceCount"], listed[0]["failedInvoiceCount"]) == (12, 1)
