"""Somebody without an account signs in a browser of his own, on the page behind a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe
import pytest
from journey import GREEN, Journey, expect_tick
from odoo_user import OdooUser, another_company
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_client import log_in

from ksef_simulator.control import Control
from ksef_simulator.identities import OWNER
from ksef_simulator.signers import sign
from stack.demo import DemoStack
from stack.fixtures import polish_context

PHONE, LAPTOP = (390, 844), (1366, 768)
CLICKS = [
    "Pokaż, o co chodzi",
    "Pobierz AuthTokenRequest.xml",
    "Otwórz moj.gov.pl",
    "Tylko raz",
    "Wyślij do KSeF",
]


def set_address(demo: DemoStack, chromium: Browser) -> None:
    """Have the administrator set where links point: the address that is proposed."""
    context = polish_context(chromium, LAPTOP)
    page = context.new_page()
    log_in(page, f"{demo.odoo_url}/web/login", "admin")
    page.goto(f"{demo.odoo_url}/odoo/action-l10n_pl_ksef_auth.action_link_address")
    proposed = page.get_by_role("textbox").first
    expect(proposed).to_have_value(demo.odoo_url)
    page.locator("button[name=action_save]").click()
    page.locator("input[type=password]").fill("admin")
    page.locator(".modal-footer .btn-primary").last.click()
    expect(page.locator("input[type=password]")).to_be_hidden()
    context.close()


def link_for_signer(journey: Journey) -> str:
    """Have the accountant ask for a signature, and return the link that the window shows."""
    # Where an office is set, the window asks for the purpose, too.
    journey.demo.sql("DELETE FROM l10n_pl_ksef_office")
    journey.log_in()
    journey.open_panel().get_by_role("button", name="Poproś o podpis").click()
    window = journey.page.get_by_role("dialog").filter(has_text="Poproś o podpis")
    window.get_by_label("Osoba podpisująca").fill("Róża Żółć-Źdźbło")
    # A signer elsewhere would find nothing behind the demo's address.
    expect(window.locator(".o_ksef_note_warn")).to_contain_text("własny komputer")
    window.get_by_role("button", name="Link i kod QR").first.click()
    shown = window.get_by_role("textbox", name="Link")
    expect(shown).to_have_value(re.compile("/ksef/podpis#"))
    journey.picture("ask_for_signature")
    return shown.input_value()


def grave(page: Page) -> list[str]:
    """Return what axe finds on a page of ours that keeps people out."""
    return [str(found) for found in axe.findings(page, "body") if found.is_grave]


def test_a_signer_without_an_account_signs_on_a_phone(
    demo: DemoStack,
    chromium: Browser,
    journey: Journey,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    set_address(demo, chromium)
    link = link_for_signer(journey)
    context = polish_context(chromium, PHONE)
    signer = Journey(demo, context, tmp_path, journey.pictures)
    sent: list[str] = []
    signer.page.on("request", lambda request: sent.append(request.url))
    signer.page.goto(link)
    page = signer.page.locator("body")
    expect(page).not_to_contain_text("Przykładowa Sp. z o.o.")
    page.get_by_role("button", name="Pokaż, o co chodzi").click()
    expect(page).to_contain_text("Przykładowa Sp. z o.o.")
    expect(page).to_contain_text("Katarzyna Księgowa")
    signer.picture("signer_begins")
    assert not grave(signer.page)

    with signer.page.expect_download() as download:
        page.get_by_role("button", name="Pobierz AuthTokenRequest.xml").click()
    document = tmp_path / "AuthTokenRequest.xml"
    download.value.save_as(document)
    expect(page.locator(".countdown")).to_contain_text("9:")
    signed = signer.sign(document, "owner")
    files = page.locator("input[type=file]")
    files.set_input_files(document)
    expect(page).to_contain_text("jeszcze bez podpisu")
    files.set_input_files(signed)
    expect(page).to_contain_text("Róża Żółć-Źdźbło")
    expect(page.get_by_role("button", name="Wyślij do KSeF")).to_be_disabled()
    expect(page).to_contain_text("Zgadzam się (Róża Żółć-Źdźbło): KSeF może wydać mi")
    expect(page).not_to_contain_text("za osobę podpisującą")
    page.get_by_text("Tylko raz", exact=True).click()
    signer.picture("signer_sends")
    assert not grave(signer.page)
    page.get_by_role("button", name="Wyślij do KSeF").click()
    expect(page).to_contain_text("Gotowe")
    for to_come in ("prosi o podpis", "połączy firmę"):
        expect(page).not_to_contain_text(to_come)
    signer.picture("signer_done")

    # The page in English, for who comes back.
    signer.page.reload()
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Show what it is about").click()
    expect(page).to_contain_text("The signature was accepted")
    expect(page).not_to_contain_text("Your signature connects")
    assert not context.cookies(demo.odoo_url)
    assert not [address for address in sent if link.partition("#")[2] in address]
    context.close()
    clicks = signer.clicks.in_odoo[: len(CLICKS)]
    assert clicks == CLICKS
    record_property("figures", f"signer without an account: {len(CLICKS)} clicks on the page")

    journey.page.reload()
    expect_tick(journey.open_panel(), "Tak", GREEN)


def drop(page: Page, *handfuls: dict[str, str]) -> None:
    """Drop files on a page, beside everything, each handful right after the former.

    :param handfuls: texts of files by their names
    """
    page.evaluate(
        """(handfuls) => {
            for (const files of handfuls) {
                const dataTransfer = new DataTransfer();
                for (const [name, text] of Object.entries(files)) {
                    dataTransfer.items.add(new File([text], name));
                }
                const dropped = { dataTransfer, bubbles: true, cancelable: true };
                document.body.dispatchEvent(new DragEvent("drop", dropped));
            }
        }""",
        handfuls,
    )


def download_as_signer(
    demo: DemoStack, context: BrowserContext
) -> tuple[dict[str, Any], Page, bytes]:
    """Ask a signer by a link, and download his file; return the window, his page and the file."""
    accountant = OdooUser(demo.odoo_url, demo.database, "ksiegowa")
    asked = {"signer_name": "Róża Żółć-Źdźbło", "lang": "pl_PL", "by": "link"}
    window = accountant.call("res.company", "l10n_pl_ksef_ask", [1], asked)
    page = context.new_page()
    page.goto(window["link"])
    page.get_by_role("button", name="Pokaż, o co chodzi").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Pobierz AuthTokenRequest.xml").click()
    expect(page.locator(".countdown")).to_be_visible()
    return window, page, Path(download.value.path()).read_bytes()


def test_files_that_are_dropped_while_the_page_looks_at_others_come_next(
    demo: DemoStack, chromium: Browser
) -> None:
    set_address(demo, chromium)
    context = polish_context(chromium, LAPTOP)
    _window, page, unsigned = download_as_signer(demo, context)
    signed = sign(unsigned, "owner", at=Control(demo.simulator_url).clock.now())
    drop(page, {"pobrany.xml": unsigned.decode()}, {"podpisany.xml": signed.decode()})
    expect(page.locator("#main strong").filter(has_text="podpisany.xml")).to_be_visible()
    expect(page.get_by_role("button", name="Wyślij do KSeF")).to_be_visible()
    context.close()


def test_a_scan_that_is_too_large_is_called_so(demo: DemoStack, chromium: Browser) -> None:
    set_address(demo, chromium)
    context = polish_context(chromium, PHONE)
    _window, page, _unsigned = download_as_signer(demo, context)
    scan = {"name": "skan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 2**20}
    page.locator("input[type=file]").set_input_files(scan)
    expect(page.locator("#main")).to_contain_text("podpisany plik ma około 30 kB")
    context.close()


def test_who_waits_behind_a_link_that_is_revoked_is_told(
    demo: DemoStack, chromium: Browser
) -> None:
    set_address(demo, chromium)
    control = Control(demo.simulator_url)
    context = polish_context(chromium, PHONE)
    window, page, unsigned = download_as_signer(demo, context)
    signed = sign(unsigned, "owner", at=control.clock.now())
    drop(page, {"podpisany.xml": signed.decode()})
    page.get_by_text("Co 7 dni", exact=True).click()
    control.settings.auth_delay = 10**6
    page.get_by_role("button", name="Wyślij do KSeF").click()
    expect(page.locator("#main")).to_contain_text("KSeF sprawdza")
    accountant = OdooUser(demo.odoo_url, demo.database, "ksiegowa")
    request_id = window["requests"][0]["id"]
    accountant.call("res.company", "l10n_pl_ksef_revoke_request", [1], request_id)
    control.settings.auth_delay = 0
    expect(page.locator("#main")).to_contain_text("Ten link jest nieprawidłowy")
    expect(page.locator("#main")).not_to_contain_text("KSeF sprawdza")
    context.close()


def download_of_row(page: Page, row: int) -> bytes:
    """Download the file of one company of the list, return to that, and return the file."""
    page.locator("li[data-request]").nth(row).get_by_role("button").click()
    with page.expect_download() as download:
        page.locator("#download").click()
    page.get_by_role("button", name="Wróć do listy").click()
    return Path(download.value.path()).read_bytes()


@pytest.fixture
def sister(demo: DemoStack) -> Iterator[int]:
    """Give the accountant a second company for a while."""
    admin = OdooUser(demo.odoo_url, demo.database, "admin")
    with another_company(admin, "Bratnia S.A.", "1111111111") as company:
        yield company


@pytest.mark.long
def test_a_signer_of_two_companies_gets_one_mail_and_chooses_all_files_at_once(
    demo: DemoStack, chromium: Browser, tmp_path: Path, sister: int
) -> None:
    set_address(demo, chromium)
    asked = {"signer_name": "Róża Żółć-Źdźbło", "signer_email": "roza@example.com"}
    rows = [{"company_id": company, **asked} for company in (1, sister)]
    accountant = OdooUser(demo.odoo_url, demo.database, "ksiegowa")
    results = accountant.call("l10n_pl_ksef.request", "ask_for_signatures", rows)
    assert [row["ok"] for row in results] == [True, True], results
    (mail,) = demo.mailbox.html_for("roza@example.com")
    (link,) = set(re.findall(r"http[^\s\"<]*/ksef/podpis#[\w-]{43}", mail))

    context = polish_context(chromium, PHONE)
    mailbox = context.new_page()
    mailbox.goto(demo.mailbox.url)
    with context.expect_page() as opened:
        newest = mailbox.frame_locator("iframe").first
        newest.get_by_role("link", name="Przejdź do podpisu").click()
    page = opened.value
    expect(page).to_have_url(link)
    page.get_by_role("button", name="Pokaż, o co chodzi").click()
    expect(page.locator("li[data-request]")).to_have_count(2)
    control, files = Control(demo.simulator_url), []
    for row in range(2):
        content = download_of_row(page, row)
        files.append(tmp_path / f"podpisany-{row}.xml")
        files[-1].write_bytes(sign(content, "owner", at=control.clock.now()))
    # All of a folder: the file of the first company before it was signed, and one of nobody's.
    strangers = {"niepodpisany.xml": content.decode(), "umowa.pdf": "%PDF-1.7"}
    signed = {file.name: file.read_text() for file in reversed(files)}
    drop(page, signed | strangers)
    expect(page.get_by_text("Co 7 dni", exact=True)).to_have_count(2)
    expect(page.locator("#main")).to_contain_text("umowa.pdf nie należy do żadnej z tych firm")
    expect(page.locator("#main")).to_contain_text("niepodpisany.xml nie da się wysłać")
    for row in range(2):
        page.get_by_text("Co 7 dni", exact=True).first.click()
        page.get_by_role("button", name="Wyślij do KSeF").first.click()
        expect(page.get_by_role("button", name="Wyślij do KSeF")).to_have_count(1 - row)
    # The list itself says why KSeF refused the second one.
    expect(page.locator("li[data-request]").first).to_contain_text("gotowe")
    expect(page.locator("li[data-request]").last).to_contain_text("nie ma w KSeF uprawnień")
    control.world.add_company("1111111111", "Bratnia S.A.")
    control.world.grant(OWNER.pesel, "1111111111")
    signed = sign(download_of_row(page, 1), "owner", at=control.clock.now())
    drop(page, {"podpisany.xml": signed.decode()})
    page.get_by_text("Co 7 dni", exact=True).click()
    page.get_by_role("button", name="Wyślij do KSeF").click()
    expect(page.locator("#main")).to_contain_text("Nic więcej nie trzeba robić")
    expect(page.locator("#main")).not_to_contain_text("Wybierz podpisane pliki")
    assert not grave(page)
    context.close()
