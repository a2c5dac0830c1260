import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryOne, setInputFiles } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { contains, onRpc, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { user } from "@web/core/user";
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
    expect(".o_ksef_next").toHaveCount(0);
    expect(".o_ksef_do_not_open").toBeVisible();
    expect(".o_ksef_countdown").toHaveCount(0);
});

test("a company's name is shown as text", async () => {
    await openWindow(VIEW);
    expect(".o_ksef_lead").toHaveText(/Przykładowa <b>Sp\.<\/b> z o\.o\./);
});

test("the file is saved under its name, and its signing begins", async () => {
    catchDownloads();
    await openWindow(VIEW, { prepare_download: SIGN });
    await contains(".o_ksef_way[data-way=site] .o_ksef_download").click();
    expect.verifySteps([
        "prepare_download site",
        "saved /l10n_pl_ksef/request/7 as AuthTokenRequest.xml",
    ]);
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
    await openWindow(outdated, { go: VIEW, prepare_download: SIGN });
    await contains(".o_ksef_expired button").click();
    expect.verifySteps([
        "go download",
        "prepare_download site",
        "saved /l10n_pl_ksef/request/7 as AuthTokenRequest.xml",
    ]);
});

test("the signing page opens in a new tab", async () => {
    await openWindow(SIGN);
    expect(".o_ksef_signing li").toHaveCount(5);
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

test("a file that was signed too late is replaced in one click, and told so once", async () => {
    const late = { code: "outdated_challenge", level: "stop", text: "Too late.", action: "Again." };
    const reading = { signer: false, can_send: false, findings: [{ ...late, evidence: "" }] };
    const outdated = { expires_at: "2026-11-22 12:00:00", seconds_left: 0 };
    await openWindow({ ...UPLOAD, challenge: outdated, document: SIGNED.document, reading });
    expect(".o_ksef_note_stop strong").toHaveText("Too late.");
    expect(".o_ksef_expired").toHaveText("Download a new file");
});

test("who is no administrator gets no button that leads to the company's data", async () => {
    const problem = { text: "No NIP.", action: "Enter it.", technical: "", way_back: "company" };
    patchWithCleanup(user, { isSystem: false });
    await openWindow({ ...VIEW, problem });
    expect(".o_ksef_note_stop strong").toHaveText("No NIP.");
    expect(".o_ksef_way_back").toHaveCount(0);
});

test("an administrator goes from a missing NIP to the company's data", async () => {
    const problem = { text: "No NIP.", action: "Enter it.", technical: "", way_back: "company" };
    patchWithCleanup(user, { isSystem: true });
    await openWindow({ ...VIEW, problem });
    expect(".o_ksef_way_back").toHaveText("Open the company's data");
});

test("a signed file names its signer and asks for the consent", async () => {
    const signed = { ...UPLOAD, ...SIGNED };
    await openWindow(signed, { set_consent: { ...signed, consent: true } });
    expect(".o_ksef_signer").toHaveText(/Róża Żółć, •••94/);
    await contains(".o_ksef_consent input").click();
    expect.verifySteps(["set_consent true"]);
    expect(".o_ksef_consent_hint").toHaveCount(0);
    expect(".o_ksef_authenticate").toBeEnabled();
});

test("success closes the window and is told", async () => {
    const verifying = {
        ...VIEW,
        step: "verify",
        verifying: { long: false },
    };
    await openWindow(
        { ...UPLOAD, ...SIGNED },
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
    expect(".o_ksef_take_over_note strong").toHaveText(/stands on: Róża Żółć, PESEL •••94\./);
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
