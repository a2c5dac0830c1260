import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryOne, setInputFiles } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { contains, onRpc, patchWithCleanup } from "@web/../tests/web_test_helpers";
import {
    CONNECTED,
    FRESH,
    SIGN,
    SIGNED,
    UNSIGNED,
    UPLOAD,
    VIEW,
    openWindow,
} from "./authorization_builders";

defineMailModels();

/** Notes a download instead of letting the test page leave. */
function catchDownloads() {
    patchWithCleanup(HTMLAnchorElement.prototype, {
        click() {
            expect.step(`saved ${this.getAttribute("href")} as ${this.download}`);
        },
    });
}

test("nothing can be signed before there is a file", async () => {
    await openWindow(VIEW);
    expect(".modal-title").toHaveText("Account authorization");
    expect(".o_ksef_next").not.toBeEnabled();
    expect(".o_ksef_do_not_open").toBeVisible();
    expect(".o_ksef_countdown").toHaveCount(0);
});

test("a company's name is shown as text", async () => {
    await openWindow(VIEW);
    expect(".o_ksef_lead").toHaveText(/Przykładowa <b>Sp\.<\/b> z o\.o\./);
});

test("the file is saved under its name, its card turns into the signing, and the focus stays", async () => {
    catchDownloads();
    await openWindow(VIEW, { prepare_download: SIGN });
    await contains(".o_ksef_way[data-way=site] .o_ksef_download").click();
    expect.verifySteps([
        "prepare_download site",
        "saved /l10n_pl_ksef/request/7 as AuthTokenRequest.xml",
    ]);
    expect(".o_ksef_way[data-way=site] .o_ksef_signing li").toHaveCount(5);
    expect(".o_ksef_way .o_ksef_btn_navy").toHaveCount(1);
    expect(".o_ksef_signing_link").toHaveClass("o_ksef_btn_navy");
    expect(".o_ksef_way[data-way=site] .o_ksef_download").toBeFocused();
    expect(".o_ksef_countdown").toHaveText("file valid for another 10:00");
    await advanceTime(61000);
    await animationFrame();
    // The test's clock and its timers may be a second apart.
    expect(".o_ksef_countdown").toHaveText(/^file valid for another (9:00|8:5\d)$/);
    expect(".o_ksef_next").toBeEnabled();
});

test("a file that ran out is replaced in one click", async () => {
    catchDownloads();
    const outdated = { ...SIGN, challenge: { ...FRESH.challenge, seconds_left: 0 } };
    await openWindow(outdated, { prepare_download: SIGN });
    expect(".o_ksef_expired").toHaveCount(1);
    expect(".o_ksef_signing_link").toHaveCount(0);
    await contains(".o_ksef_way[data-way=site] .o_ksef_download").click();
    expect.verifySteps([
        "prepare_download site",
        "saved /l10n_pl_ksef/request/7 as AuthTokenRequest.xml",
    ]);
});

test("the signing page opens in a new tab, and then the window's own button leads on", async () => {
    await openWindow(SIGN);
    expect(".o_ksef_next").toBeEnabled();
    expect(".o_ksef_next").not.toHaveClass("o_ksef_btn_blue");
    queryOne(".o_ksef_signing_link").addEventListener("click", (ev) => ev.preventDefault());
    await contains(".o_ksef_signing_link").click();
    expect(".o_ksef_next").toHaveClass("o_ksef_btn_blue");
    expect(".o_ksef_signing_link").toHaveAttribute("target", "_blank");
    expect(".o_ksef_signing_link").toHaveAttribute("href", "https://example.com/podpis");
});

test("the unsigned file is explained and cannot be sent", async () => {
    await openWindow(UPLOAD, { attach: { ...UPLOAD, ...UNSIGNED } });
    await contains(".o_ksef_file", { visible: false }).click();
    await setInputFiles([new File(["<x/>"], "AuthTokenRequest.xml")]);
    await animationFrame();
    await advanceTime(10);
    expect.verifySteps(["attach AuthTokenRequest.xml PHgvPg=="]);
    expect(".o_ksef_note_stop strong").toHaveText("Not signed yet.");
    expect(".o_ksef_authenticate").not.toBeEnabled();
    expect(".o_ksef_consent").toHaveCount(0);
});

test("two findings of one kind are both shown", async () => {
    const weak = { code: "weak_algorithm", level: "warn", action: "", evidence: "" };
    const findings = [{ ...weak, text: "SHA-1 is weak." }, { ...weak, text: "P-521 is refused." }];
    await openWindow({ ...UPLOAD, ...SIGNED, reading: { ...SIGNED.reading, findings } });
    expect(".o_ksef_note_warn").toHaveCount(2);
});

test("a file that is too large replaces the one chosen before", async () => {
    await openWindow({ ...UPLOAD, ...SIGNED }, { detach: UPLOAD });
    await contains(".o_ksef_file", { visible: false }).click();
    await setInputFiles([new File([new Uint8Array(6 * 1024 * 1024)], "video.xml")]);
    await animationFrame();
    await advanceTime(10);
    expect.verifySteps(["detach"]);
    expect(".o_ksef_note").toHaveCount(1);
    expect(".o_ksef_note_stop strong").toHaveText(/too large/);
    expect(".o_ksef_authenticate").not.toBeEnabled();
});

const OLD = { expires_at: "2026-11-22 12:00:00", seconds_left: 0 };

/** A file that was signed too late; `needs_download`: none was downloaded since. */
function late(needs_download) {
    const text = { text: "Downloaded at 12:00.", action: "Again.", evidence: "" };
    const findings = [{ ...text, code: "outdated_challenge", level: "stop", needs_download }];
    const reading = { signer: SIGNED.reading.signer, can_send: false, challenge: OLD, findings };
    return { ...UPLOAD, document: SIGNED.document, reading };
}

test("a file that was signed too late is one box, with the button for a new one in it", async () => {
    catchDownloads();
    await openWindow({ ...late(true), challenge: OLD }, { go: VIEW, prepare_download: SIGN });
    expect(".o_ksef_body .o_ksef_note").toHaveCount(1);
    expect(".o_ksef_note_stop").toHaveText(/Downloaded at 12:00\..*Róża Żółć/s);
    await contains(".o_ksef_note_stop .o_ksef_other_way").click();
    expect.verifySteps([
        "go download",
        "prepare_download site",
        "saved /l10n_pl_ksef/request/7 as AuthTokenRequest.xml",
    ]);
});

test("beside an old file the time of a newer one does not run", async () => {
    await openWindow(late(false));
    expect(".o_ksef_note_stop").toHaveCount(1);
    expect(".o_ksef_countdown").toHaveCount(0);
    expect(".o_ksef_other_way").toHaveCount(0);
});

test("the time left is that of the attached file", async () => {
    const challenge = { expires_at: "2026-11-22 13:11:00", seconds_left: 360 };
    await openWindow({ ...UPLOAD, ...SIGNED, reading: { ...SIGNED.reading, challenge } });
    expect(".o_ksef_countdown").toHaveText("file valid for another 6:00");
});

test("the file of another company goes on there in one click", async () => {
    const found = { code: "other_company", level: "stop", text: "Theirs.", action: "", evidence: "" };
    const findings = [{ ...found, switch_to: { id: 9, name: "Inna" } }];
    const reading = { signer: false, can_send: false, challenge: OLD, findings };
    await openWindow(
        { ...UPLOAD, document: SIGNED.document, reading },
        { change_company: { type: "ir.actions.act_window_close" } }
    );
    expect(".o_ksef_other_way").toHaveText("Go on with Inna");
    await contains(".o_ksef_other_way").click();
    await animationFrame();
    expect.verifySteps(["change_company"]);
    expect(".o_ksef_authorization").toHaveCount(0);
});

test("beside the file of another company nobody reads that ten minutes are over", async () => {
    const found = { code: "other_company", level: "stop", text: "Theirs.", action: "", evidence: "" };
    const findings = [{ ...found, switch_to: { id: 9, name: "Inna" } }];
    const reading = { signer: false, can_send: false, challenge: OLD, findings };
    await openWindow({ ...UPLOAD, challenge: false, document: SIGNED.document, reading });
    expect(".o_ksef_other_way").toHaveText("Go on with Inna");
    expect(".o_ksef_expired").toHaveCount(0);
});

const NO_NIP = { text: "No NIP.", action: "Enter it.", technical: "", way_back: "company" };

test("without a NIP an accountant has nothing to press but a mail to the administrator", async () => {
    const administrator = { name: "Adam", email: "adam+it@example.com" };
    await openWindow({ ...VIEW, blocked: true, problem: { ...NO_NIP, administrator } });
    expect(".o_ksef_note_stop strong").toHaveText("No NIP.");
    expect(".o_ksef_page_link").toHaveText("Write to the administrator (Adam)");
    expect(queryOne(".o_ksef_page_link").href).toMatch(/^mailto:adam%2Bit@example\.com\?subject=NIP/);
    expect(".o_ksef_ways, .o_ksef_next, .o_ksef_way_back").toHaveCount(0);
});

test("who may change the company goes from a missing NIP to its data", async () => {
    await openWindow({ ...VIEW, blocked: true, problem: { ...NO_NIP, opens_company: true } });
    expect(".o_ksef_way_back").toHaveText("Open the company's data");
});

test("who lacks rights finds the Ministry's pages beside the way back", async () => {
    const links = [{ label: "Rights", url: "https://example.com/rights" }];
    const problem = { text: "No rights.", action: "", technical: "", way_back: "sign", links };
    await openWindow({ ...VIEW, problem });
    expect(".o_ksef_page_link").toHaveAttribute("href", "https://example.com/rights");
    expect(".o_ksef_page_link").toHaveAttribute("target", "_blank");
    expect(".o_ksef_page_link").toHaveCount(1);
});

test("a signed file names its signer and asks one question, with no answer chosen", async () => {
    const signed = { ...UPLOAD, ...SIGNED };
    await openWindow(signed, { authenticate: { ...VIEW, step: "verify" } });
    expect(".o_ksef_signer").toHaveText(/Róża Żółć, •••94/);
    expect(".o_ksef_consent legend").toHaveText("Sign every 7 days, or only once?");
    expect(".o_ksef_answer").toHaveCount(2);
    expect(".o_ksef_answer input:checked").toHaveCount(0);
    expect(".o_ksef_authenticate").not.toBeEnabled();
    await contains(".o_ksef_answer[data-answer=once] input").click();
    expect(".o_ksef_answer[data-answer=once]").toHaveText(/for the signer \(Róża Żółć\)/);
    expect(".o_ksef_authenticate").toBeEnabled();
    await contains(".o_ksef_authenticate").click();
    expect.verifySteps(["set_answer once", "authenticate"]);
});

test("success closes the window and is told", async () => {
    const verifying = {
        ...VIEW,
        step: "verify",
        verifying: { long: false },
    };
    await openWindow(
        { ...UPLOAD, ...SIGNED, answer: "once" },
        { authenticate: verifying, follow: { ...VIEW, step: "done", result: "connected" } }
    );
    await contains(".o_ksef_authenticate").click();
    expect(".o_ksef_verify").toBeVisible();
    await advanceTime(2000);
    await animationFrame();
    expect(".o_ksef_authorization").toHaveCount(0);
    expect.verifySteps(["authenticate", "follow"]);
    expect(".o_notification").toHaveText(/The connection to KSeF is active/);
});

test("a refusal shows its sentence and one way back", async () => {
    const problem = { text: "No rights.", action: "Sign as somebody else.", technical: "KSeF 415" };
    await openWindow(
        { ...UPLOAD, ...SIGNED, problem: { ...problem, way_back: "other_file" } },
        { detach: UPLOAD }
    );
    expect(".o_ksef_note_stop strong").toHaveText("No rights.");
    expect(".o_ksef_way_back").toHaveCount(1);
    await contains(".o_ksef_way_back").click();
    expect.verifySteps(["detach"]);
    expect(queryOne(".o_ksef_choose")).toHaveText("+ Choose a file");
});

test("who takes over sees from whom, and may leave it", async () => {
    const take_over = { name: "Róża Żółć", masked: "PESEL •••94", text: "Sign.", is_same: false };
    await openWindow({ ...VIEW, take_over }, { forget_take_over: VIEW });
    expect(".o_ksef_take_over_note strong").toHaveText(/until now: Róża Żółć, PESEL •••94\./);
    await contains(".o_ksef_forget").click();
    expect.verifySteps(["forget_take_over"]);
    expect(".o_ksef_take_over_note").toHaveCount(0);
});

test("the window of another company than the active one looks after that company", async () => {
    onRpc("res.company", "l10n_pl_ksef_panel", ({ args }) => {
        expect.step(`panel of ${args[0]}`);
        return CONNECTED;
    });
    await openWindow(VIEW, {}, { company_id: 7 });
    await contains(".modal .btn-close").click();
    await animationFrame();
    expect.verifySteps(["panel of 7"]);
});
