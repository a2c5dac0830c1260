import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { destroy, expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    mockService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { session } from "@web/session";
import { WebClient } from "@web/webclient/webclient";
import { KsefConnectionPanel } from "@l10n_pl_ksef_auth/connection/connection_panel";
import { KsefSystray, systrayItem } from "@l10n_pl_ksef_auth/connection/systray";
import { VIEW } from "./authorization_builders";
import { CONNECTED, DISCONNECTED } from "./panel_builders";

defineMailModels();

const RIGHTS_PAGE = { label: "Rights", url: "https://example.com/rights" };
const VERIFYING = { ...DISCONNECTED, state: "verifying", color: "amber", poll_seconds: 2 };

/** Lets the server answer with these panels, one after the other; the last one stays. */
function answerPanels(...panels) {
    const answer = (method) => {
        expect.step(method);
        return panels.length > 1 ? panels.shift() : panels[0];
    };
    onRpc("res.company", "l10n_pl_ksef_panel", () => answer("panel"));
    onRpc("res.company", "l10n_pl_ksef_follow", () => answer("follow"));
}

async function mountPanel(...panels) {
    answerPanels(...panels);
    await mountWithCleanup(KsefConnectionPanel, { props: { companyId: 1 } });
    await animationFrame();
    expect.verifySteps(["panel"]);
}

test("a company without a connection shows the cross and the blue button", async () => {
    await mountPanel(DISCONNECTED);
    expect(".o_ksef_tick").toHaveText("No");
    expect(".o_ksef_tick .fa-times").toHaveCount(1);
    expect(".o_ksef_expiry").toHaveText("–");
    expect(".o_ksef_connect").toHaveText("Refresh connection (signature)");
    expect(".o_ksef_connect").toHaveClass("o_ksef_btn_blue");
});

test("a working connection shows the tick and how long it lasts", async () => {
    await mountPanel(CONNECTED);
    expect(".o_ksef_tick").toHaveText("Yes");
    expect(".o_ksef_expiry small").toHaveText("in 6 days");
    expect(".o_ksef_meter").toHaveAttribute("aria-valuenow", "87");
    expect(".o_ksef_certificate").toHaveText("being issued");
});

/** What the second line says of the certificate for offline invoices, and in which colour. */
const SECOND_LINE = [
    { state: "none", text: "none", shown: "none" },
    { state: "asks", text: "needs your consent", color: "amber" },
    { state: "waits", text: "waits: one more", shown: "waits: one more", color: "amber" },
    { state: "issuing", text: "being issued", shown: "being issued" },
    { state: "valid", valid_to: "2028-11-22 13:00:00", shown: "valid until 11/22/2028" },
    { state: "ending", text: "ends on 12/22/2026", valid_to: "2026-12-22 13:00:00", color: "amber" },
    { state: "ended", text: "ended on 10/22/2026", valid_to: "2026-10-22 13:00:00", color: "red" },
    { state: "refused", text: "could not be issued", color: "red" },
    { state: "exists", text: "one exists already", color: "amber" },
    { state: "attention", text: "needs attention", color: "red" },
].map((line) => ({ shown: `${line.text}: menu KSeF → Account`, ...line }));
const ISSUED = { state: "valid", text: "", valid_to: "2028-11-22 13:00:00", share: 1 };

for (const { state, shown, color, ...line } of SECOND_LINE) {
    test(`the second line says "${shown}"`, async () => {
        await mountPanel({ ...CONNECTED, offline: { state, text: "", valid_to: false, ...line } });
        // The way to Konto stays on one line.
        const told = queryOne(".o_ksef_offline").textContent.replace(/\s+/g, " ").trim();
        expect(told).toBe(shown);
        const expected = color ? [`o_ksef_${color}`] : [];
        const colors = ["o_ksef_red", "o_ksef_amber", "o_ksef_green"];
        const found = queryOne(".o_ksef_offline").classList;
        expect(colors.filter((name) => found.contains(name))).toEqual(expected);
    });

    test(`a card with "${shown}" is one line only while nobody has to look`, async () => {
        const offline = { state, text: "", valid_to: false, ...line };
        answerPanels({ ...CONNECTED, certificate: ISSUED, offline });
        await mountWithCleanup(KsefConnectionPanel, { props: { companyId: 1, slim: true } });
        await animationFrame();
        expect.verifySteps(["panel"]);
        expect(".o_ksef_slim").toHaveCount(color ? 0 : 1);
    });
}

test("in Konto itself the second line does not lead to Konto", async () => {
    answerPanels({ ...CONNECTED, offline: { state: "asks", text: "needs your consent", valid_to: false } });
    await mountWithCleanup(KsefConnectionPanel, { props: { companyId: 1, accountLink: false } });
    await animationFrame();
    expect.verifySteps(["panel"]);
    expect(".o_ksef_offline").toHaveText("needs your consent");
});

test("a NIP in a message stays on one line, and is copied as it is", async () => {
    const text = "<b>Anna</b> has no rights to the company (NIP 526-587-76-35).";
    const problem = { text, action: "Look for 526-587-76-35.", technical: "", links: [] };
    await mountPanel({ ...DISCONNECTED, problem });
    expect(queryAllTexts(".o_ksef_note .text-nowrap")).toEqual(["NIP 526-587-76-35", "526-587-76-35"]);
    expect(queryOne(".o_ksef_note strong").textContent).toBe(text);
});

test("who has to decide about a copy is not offered to ask for a signature", async () => {
    await mountPanel({ ...DISCONNECTED, state: "attention", is_locked: true });
    expect(".o_ksef_connect").toHaveCount(1);
    expect(".o_ksef_ask_signature").toHaveCount(0);
});

test("both lines say in the same words that a certificate is mended in Konto", async () => {
    const broken = { state: "attention", text: "needs attention", valid_to: false, share: false };
    await mountPanel({ ...CONNECTED, certificate: broken, offline: broken });
    for (const line of [".o_ksef_certificate", ".o_ksef_offline"]) {
        expect(queryOne(line).textContent.replace(/\s+/g, " ").trim()).toBe(
            "needs attention: menu KSeF → Account"
        );
    }
});

test("a company that needs no certificate for offline invoices has no second line", async () => {
    await mountPanel(CONNECTED);
    expect(".o_ksef_offline").toHaveCount(0);
});

test("a break that the Ministry announces is told, on a quiet card too", async () => {
    const availability = "KSeF announces a break until 6:00 PM.";
    answerPanels({ ...CONNECTED, certificate: ISSUED, availability });
    await mountWithCleanup(KsefConnectionPanel, { props: { companyId: 1, slim: true } });
    await animationFrame();
    expect.verifySteps(["panel"]);
    expect(".o_ksef_availability[role=status]").toHaveText(availability);
});

test("a missing right is named", async () => {
    await mountPanel({
        ...CONNECTED,
        state: "limited",
        tick: "partial",
        color: "amber",
        missing_rights: ["sending invoices"],
        rights_links: [RIGHTS_PAGE],
    });
    expect(".o_ksef_tick").toHaveText("Partly");
    expect(".o_ksef_tick").toHaveClass("o_ksef_amber");
    expect(".o_ksef_tick .fa-exclamation-triangle").toHaveCount(1);
    expect(".o_ksef_note li").toHaveText("sending invoices");
    expect(".o_ksef_note .o_ksef_page_link").toHaveAttribute("href", RIGHTS_PAGE.url);
});

test("a problem says what to do and keeps KSeF's words for support", async () => {
    const problem = {
        text: "No rights.",
        action: "Grant them.",
        technical: "KSeF 415",
        links: [RIGHTS_PAGE],
    };
    await mountPanel({ ...DISCONNECTED, state: "attention", problem });
    expect(".o_ksef_note .o_ksef_page_link").toHaveAttribute("href", RIGHTS_PAGE.url);
    expect(".o_ksef_note strong").toHaveText("No rights.");
    expect(".o_ksef_note p:eq(1)").toHaveText("Grant them.");
    expect(".o_ksef_note details").not.toHaveAttribute("open");
});

test("a page that is named in what to do can be followed", async () => {
    const problem = { text: "Blocked.", action: "Use the form: https://example.com/form/" };
    await mountPanel({ ...DISCONNECTED, problem });
    expect(".o_ksef_note p:eq(1)").toHaveText("Use the form: https://example.com/form/");
    expect(".o_ksef_note a").toHaveAttribute("href", "https://example.com/form/");
    expect(".o_ksef_note a").toHaveAttribute("rel", "noopener noreferrer");
});

test("who may not connect sees no button, but whom to ask", async () => {
    await mountPanel({ ...DISCONNECTED, can_connect: false, ask: "Ask Katarzyna." });
    expect(".o_ksef_connect").toHaveCount(0);
    expect(".o_ksef_account").toHaveCount(0);
    expect(".o_ksef_ask_whom").toHaveText("Ask Katarzyna.");
});

test("a company without a NIP has one way: its own data", async () => {
    const problem = { text: "No NIP.", action: "Enter it.", way_back: "company" };
    await mountPanel({ ...DISCONNECTED, problem, opens_company: true });
    expect(".o_ksef_actions .o_ksef_btn_blue").toHaveText("Open the company");
    expect(".o_ksef_connect").toHaveCount(0);
});

test("what is mended in Konto has its blue button there", async () => {
    const problem = { text: "The unit is missing.", action: "Enter it.", way_back: "account" };
    await mountPanel({ ...DISCONNECTED, state: "attention", problem });
    expect(".o_ksef_actions .o_ksef_btn_blue").toHaveText("Account");
});

test("a renewal is promised only where there is one; else somebody signs", async () => {
    await mountPanel({ ...CONNECTED, sign_again_at: "2026-11-29 13:05:00" });
    expect(".o_ksef_next_signature").toHaveText("On 11/29/2026 somebody has to sign again.");
    expect(".o_ksef_checked").toHaveCount(0);
});

test("another owner's certificate is named, and what it promises", async () => {
    const certificate = { state: "valid", valid_to: "2028-11-22 13:00:00", owner: "Róża Żółć", share: 1 };
    await mountPanel({ ...CONNECTED, certificate, renews_at: "2026-11-27 13:05:00" });
    expect(".o_ksef_certificate").toHaveText("Róża Żółć, valid until 11/22/2028");
    expect(".o_ksef_checked").toHaveText("The connection renews itself on 11/27/2026.");
});

const BY_CERTIFICATE = { name: "Róża Żółć", number: "NIP 526-587-76-35", agreed: true };

/** The user presses the button of a certificate that is held here. */
async function connectByCertificate(offer, answers) {
    await mountWithCleanup(WebClient);
    answerPanels({ ...DISCONNECTED, by_certificate: offer }, CONNECTED);
    onRpc("res.company", "l10n_pl_ksef_connect_by_certificate", ({ args }) => {
        expect.step(`connect ${JSON.stringify(args)}`);
        return answers.shift();
    });
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_connection",
        params: { company_id: 1 },
    });
    await animationFrame();
    expect.verifySteps(["panel"]);
    expect(".o_ksef_actions .o_ksef_btn_blue").toHaveText("Connect with the certificate (Róża Żółć)");
    await contains(".o_ksef_by_certificate").click();
    await animationFrame();
}

test("a certificate that is held here connects with one click where somebody agreed", async () => {
    await connectByCertificate(BY_CERTIFICATE, [{ state: "connected" }]);
    expect.verifySteps(['connect [[1],"NIP 526-587-76-35"]', "panel"]);
    expect(".o_ksef_tick").toHaveText("Yes");
    expect(".o_ksef_by_certificate").toHaveCount(0);
});

test("where nobody agreed the user does, with the password", async () => {
    const confirm = { type: "ir.actions.act_window_close" };
    await connectByCertificate({ ...BY_CERTIFICATE, agreed: false }, [{ confirm }, {}]);
    expect.verifySteps([]);
    expect(".modal-body").toHaveText(/for NIP 526-587-76-35 with the certificate of Róża Żółć/);
    await contains(".modal .btn-primary").click();
    await animationFrame();
    expect.verifySteps([
        'connect [[1],"NIP 526-587-76-35"]',
        'connect [[1],"NIP 526-587-76-35"]',
        "panel",
    ]);
});

test("a verification is followed until it ends, and its end is told", async () => {
    mockService("notification", {
        add: (message, { type }) => expect.step(`${type}: ${message}`),
    });
    await mountPanel(VERIFYING, VERIFYING, CONNECTED);
    await advanceTime(2000);
    expect.verifySteps(["follow"]);
    await advanceTime(2000);
    await animationFrame();
    expect.verifySteps([
        "follow",
        "success: The connection to KSeF is active until 11/29/2026 14:05.",
    ]);
    expect(".o_ksef_tick").toHaveText("Yes");
    await advanceTime(60000);
    expect.verifySteps([]);
});

test("a new signature is followed and told while an older login still works", async () => {
    mockService("notification", {
        add: (message, { type }) => expect.step(`${type}: ${message}`),
    });
    const verifying = { ...CONNECTED, is_verifying: true, poll_seconds: 2 };
    await mountPanel(verifying, { ...CONNECTED, expires_at: "2026-12-06 13:05:00" });
    expect(".o_ksef_tick").toHaveText("Yes");
    expect(".o_ksef_verifying").toHaveText("KSeF is checking the signature");
    await advanceTime(2000);
    await animationFrame();
    expect.verifySteps([
        "follow",
        "success: The connection to KSeF is active until 12/06/2026 14:05.",
    ]);
    expect(".o_ksef_verifying").toHaveCount(0);
});

test("a new signature that was refused is told although the older login still works", async () => {
    mockService("notification", {
        add: (message, { type }) => expect.step(`${type}: ${message}`),
    });
    const problem = { text: "No rights.", action: "Grant them.", technical: "KSeF 415" };
    await mountPanel(
        { ...CONNECTED, is_verifying: true, poll_seconds: 2 },
        { ...CONNECTED, is_refused: true, problem }
    );
    await advanceTime(2000);
    await animationFrame();
    expect.verifySteps(["follow", "warning: No rights."]);
    expect(".o_ksef_note_warn strong").toHaveText("No rights.");
    expect(".o_ksef_note_warn").toHaveText(/The connection from before still works\./);
});

test("a certificate that turns out to exist already is told, with the way to the account", async () => {
    mockService("notification", {
        add: (message, { type, buttons }) => expect.step(`${type}: ${message} ${buttons[0].name}`),
    });
    const certificate = { state: "exists", text: "one exists already", valid_to: false, share: false };
    await mountPanel({ ...CONNECTED, poll_seconds: 15 }, { ...CONNECTED, certificate });
    await advanceTime(15000);
    await animationFrame();
    expect.verifySteps(["follow", "warning: one exists already Account"]);
});

test("a panel that is gone asks nothing more", async () => {
    answerPanels(VERIFYING);
    const panel = await mountWithCleanup(KsefConnectionPanel, { props: { companyId: 1 } });
    await animationFrame();
    destroy(panel);
    await advanceTime(10000);
    expect.verifySteps(["panel"]);
});

test("the dot takes its colour from the session and asks nothing", async () => {
    patchWithCleanup(session, { l10n_pl_ksef: { dots: { 1: { color: "red" } } } });
    answerPanels(CONNECTED);
    await mountWithCleanup(KsefSystray);
    expect(".o_ksef_systray .o_ksef_dot").toHaveClass("o_ksef_red");
    expect.verifySteps([]);
    await contains(".o_ksef_systray").click();
    await animationFrame();
    expect.verifySteps(["panel"]);
    expect(".o_ksef_popover .o_ksef_tick").toHaveText("Yes");
    expect(".o_ksef_systray .o_ksef_dot").toHaveClass("o_ksef_green");
});

test("a verification goes on being followed after the page was loaded again", async () => {
    mockService("notification", {
        add: (message, { type }) => expect.step(`${type}: ${message}`),
    });
    patchWithCleanup(session, { l10n_pl_ksef: { dots: { 1: { color: "amber" } } } });
    answerPanels(VERIFYING, CONNECTED);
    await mountWithCleanup(KsefSystray);
    await advanceTime(2000);
    await animationFrame();
    expect.verifySteps([
        "panel",
        "follow",
        "success: The connection to KSeF is active until 11/29/2026 14:05.",
    ]);
    expect(".o_ksef_popover .o_ksef_tick").toHaveText("Yes");
});

test("the dot is hidden where KSeF does not apply", () => {
    const env = { services: { l10n_pl_ksef: { color: () => "" } } };
    expect(systrayItem.isDisplayed(env)).toBe(false);
});

test("the screen shows the company that a link to it names", async () => {
    onRpc("res.company", "l10n_pl_ksef_panel", ({ args }) => {
        expect.step(`panel of ${args[0]}`);
        return DISCONNECTED;
    });
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_connection",
        params: { company_id: 7 },
    });
    await animationFrame();
    expect.verifySteps(["panel of 7"]);
});

test("the focus comes back to the button when the window is closed", async () => {
    answerPanels(DISCONNECTED);
    onRpc("res.company", "l10n_pl_ksef_open_authorization", () => ({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_authorization",
        target: "new",
        name: "Account authorization",
        params: { wizard_id: 5, company_id: 1 },
    }));
    onRpc("l10n_pl_ksef.authorization", "view", () => VIEW);
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_connection",
        params: { company_id: 1 },
    });
    await animationFrame();
    await contains(".o_ksef_connect").focus();
    await press("Enter");
    await animationFrame();
    expect(".o_ksef_authorization h5").toBeFocused();
    await press("Escape");
    await animationFrame();
    expect(".o_ksef_authorization").toHaveCount(0);
    expect(".o_ksef_connect").toBeFocused();
    expect.verifySteps(["panel", "panel", "panel"]);
});

test("a client that took the rights back is asked for them again with one click", async () => {
    const problem = { text: "The rights are gone.", action: "Ask.", way_back: "rights" };
    await mountPanel({ ...DISCONNECTED, state: "attention", problem });
    patchWithCleanup(getService("l10n_pl_ksef"), {
        askForSignature: (companyId, purpose) => expect.step(`ask ${companyId} ${purpose}`),
    });
    expect(".o_ksef_actions .o_ksef_btn_blue").toHaveText("Ask the client for the rights");
    await contains(".o_ksef_ask_signature").click();
    expect.verifySteps(["ask 1 grant"]);
});
