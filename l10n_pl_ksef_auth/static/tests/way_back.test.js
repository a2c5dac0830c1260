import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { manuallyDispatchProgrammaticEvent, queryOne } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { contains, onRpc, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { browser } from "@web/core/browser/browser";
import { SIGN, SIGNED, UPLOAD, VIEW, openWindow } from "./authorization_builders";

defineMailModels();

const PROBLEM = { text: "No.", action: "Do this.", technical: "KSeF 480", final: true };
const VERIFYING = {
    ...VIEW,
    step: "verify",
    verifying: { long: false },
};

/** Opens the last step on which KSeF's refusal leads back this way, and takes that way. */
async function goBack(way_back, { final = true, answers = {} } = {}) {
    patchWithCleanup(HTMLAnchorElement.prototype, {
        click() {
            expect.step(`saved ${this.getAttribute("href")}`);
        },
    });
    const problem = { ...PROBLEM, way_back, final };
    await openWindow(
        { ...UPLOAD, ...SIGNED, problem },
        { go: VIEW, prepare_download: SIGN, authenticate: VERIFYING, ...answers }
    );
    expect(".o_ksef_way_back").toHaveCount(1);
    const label = queryOne(".o_ksef_way_back").textContent;
    await contains(".o_ksef_way_back").click();
    await animationFrame();
    return label;
}

for (const wayBack of ["sign", "new_file", "support"]) {
    test(`a refusal that leads to ${wayBack} fetches a new file in one click`, async () => {
        expect(await goBack(wayBack)).toBe("Download a new file");
        expect.verifySteps(["go download", "prepare_download site", "saved /l10n_pl_ksef/request/7"]);
    });
}

for (const wayBack of ["wait", "support"]) {
    test(`what may pass by itself and leads to ${wayBack} is tried again with the same file`, async () => {
        expect(await goBack(wayBack, { final: false })).toBe("Try again");
        expect.verifySteps(["authenticate"]);
        expect(".o_ksef_verify").toBeVisible();
    });
}

test("a refusal that the account mends leads to the account", async () => {
    onRpc("res.company", "l10n_pl_ksef_open_account", () => {
        expect.step("account");
        return { type: "ir.actions.act_window_close" };
    });
    expect(await goBack("account")).toBe("Go to Account");
    expect.verifySteps(["account"]);
    expect(".o_ksef_authorization").toHaveCount(0);
});

test("what is mended at the office leads to the office", async () => {
    onRpc("/web/action/load", async (request) => {
        const { params } = await request.json();
        expect.step(params.action_id);
        return { type: "ir.actions.act_window_close" };
    });
    expect(await goBack("office")).toBe("Go to the office");
    expect.verifySteps(["l10n_pl_ksef_auth.action_office"]);
});

test("the first step's own button is the way back from what only support can mend", async () => {
    await openWindow({ ...VIEW, problem: { ...PROBLEM, way_back: "support" } });
    expect(".o_ksef_way_back").toHaveCount(0);
    expect(".o_ksef_download").toBeEnabled();
});

test("what KSeF said is copied for support with its sentence", async () => {
    patchWithCleanup(browser.navigator.clipboard, { writeText: (text) => expect.step(text) });
    await openWindow({ ...UPLOAD, ...SIGNED, problem: { ...PROBLEM, way_back: "support" } });
    await contains(".o_ksef_note_stop summary").click();
    await contains(".o_ksef_note_stop .o_clipboard_button").click();
    expect.verifySteps(["No.\nDo this.\nKSeF 480"]);
});

test("a connection to Odoo that is lost for a moment only delays the answer", async () => {
    let isLost = true;
    await openWindow({ ...UPLOAD, ...SIGNED, answer: "once" }, { authenticate: VERIFYING });
    onRpc(
        "/web/dataset/call_kw/l10n_pl_ksef.authorization/follow",
        () => {
            expect.step(isLost ? "lost" : "follow");
            if (isLost) {
                throw new Error("gone");
            }
            return { result: { ...UPLOAD, problem: { ...PROBLEM, way_back: "sign" } } };
        },
        { pure: true }
    );
    await contains(".o_ksef_authenticate").click();
    await advanceTime(2000);
    isLost = false;
    expect(".o_ksef_verify").toBeVisible();
    await advanceTime(10000);
    await animationFrame();
    expect.verifySteps(["authenticate", "lost", "follow"]);
    expect(".o_ksef_note_stop strong").toHaveText("No.");
});

test("a file may be dropped anywhere on the page", async () => {
    await openWindow(UPLOAD, { attach: { ...UPLOAD, ...SIGNED } });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["<x/>"], "AuthTokenRequest (1).xml"));
    await manuallyDispatchProgrammaticEvent(document.body, "dragover", { dataTransfer });
    await animationFrame();
    expect(".o_ksef_drop").toHaveClass("o_ksef_dragging");
    await manuallyDispatchProgrammaticEvent(document.body, "drop", { dataTransfer });
    await animationFrame();
    await advanceTime(10);
    expect.verifySteps(["attach AuthTokenRequest (1).xml PHgvPg=="]);
    expect(".o_ksef_drop").not.toHaveClass("o_ksef_dragging");
    expect(".o_ksef_signer").toHaveText(/Róża Żółć/);
});
