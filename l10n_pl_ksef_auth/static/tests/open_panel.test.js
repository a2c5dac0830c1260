import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import {
    mockService,
    mountView,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { router } from "@web/core/browser/router";
import { session } from "@web/session";
import { KsefConnectionAction } from "@l10n_pl_ksef_auth/connection/connection_action";
import { KsefConnectionPanel } from "@l10n_pl_ksef_auth/connection/connection_panel";
import { KsefSystray } from "@l10n_pl_ksef_auth/connection/systray";
import { CONNECTED as BASE } from "./panel_builders";

defineMailModels();

const HOUR = 3600;
const CONNECTED = {
    ...BASE,
    expires_at: "2026-11-29 13:00:00",
    seconds_left: 10 * HOUR,
    lifetime_share: 0.5,
    certificate: { state: "none", text: "none", valid_to: false, share: false },
    button: { label: "Refresh connection (signature)", primary: false },
};
const ENDED = { ...CONNECTED, state: "attention", tick: "no", color: "red", seconds_left: 0 };

/** Opens the panel; from the second answer on the server gives `after`. */
async function openPanel(before, after) {
    const answers = [before, after];
    const answer = (method) => {
        expect.step(method);
        return answers.length > 1 ? answers.shift() : answers[0];
    };
    onRpc("res.company", "l10n_pl_ksef_panel", () => answer("panel"));
    onRpc("res.company", "l10n_pl_ksef_follow", () => answer("follow"));
    await mountWithCleanup(KsefConnectionPanel, { props: { companyId: 1 } });
    await animationFrame();
    expect.verifySteps(["panel"]);
}

test("the settings show the panel of the company in view", async () => {
    onRpc("res.company", "l10n_pl_ksef_panel", ({ args }) => {
        expect.step(`panel of ${args[0]}`);
        return CONNECTED;
    });
    await mountView({
        type: "form",
        resModel: "res.partner",
        arch: `<form><widget name="l10n_pl_ksef_panel"/></form>`,
    });
    await animationFrame();
    expect.verifySteps(["panel of 1"]);
    expect(".o_ksef_panel .o_ksef_tick").toHaveText("Yes");
    expect(".o_ksef_panel h3").toHaveCount(0);
});

test("a panel left open says so when its connection has ended, and asks nothing before or after", async () => {
    await openPanel(CONNECTED, ENDED);
    await advanceTime(10 * HOUR * 1000);
    expect.verifySteps([]);
    expect(".o_ksef_tick").toHaveText("Yes");
    await advanceTime(61 * 1000);
    await animationFrame();
    expect.verifySteps(["follow"]);
    expect(".o_ksef_tick").toHaveText("No");
    await advanceTime(30 * HOUR * 1000);
    expect.verifySteps([]);
});

test("a panel left open shows the new date when the connection has renewed itself", async () => {
    const renewing = { ...CONNECTED, renews_at: "2026-11-29 05:00:00" };
    await openPanel(renewing, { ...CONNECTED, expires_at: "2026-12-06 13:00:00" });
    await advanceTime(2 * HOUR * 1000);
    expect.verifySteps([]);
    await advanceTime(61 * 1000);
    await animationFrame();
    expect.verifySteps(["follow"]);
    expect(".o_ksef_expiry").toHaveText(/12\/06\/2026/);
});

test("how many days are left is a day old at most", async () => {
    const week = { ...CONNECTED, seconds_left: 6 * 24 * HOUR + 60 };
    await openPanel(week, { ...week, seconds_left: 5 * 24 * HOUR + 60 });
    expect(".o_ksef_expiry small").toHaveText("in 6 days");
    await advanceTime(24 * HOUR * 1000 + 1000);
    await animationFrame();
    expect.verifySteps(["follow"]);
    expect(".o_ksef_expiry small").toHaveText("in 5 days");
});

test("the dot alone does not wait for the end of a connection", async () => {
    patchWithCleanup(session, { l10n_pl_ksef: { dots: { 1: { color: "amber" } } } });
    onRpc("res.company", "*", ({ method }) => {
        expect.step(method);
        return CONNECTED;
    });
    await mountWithCleanup(KsefSystray);
    await animationFrame();
    await advanceTime(11 * HOUR * 1000);
    expect.verifySteps(["l10n_pl_ksef_panel"]);
});

/** Opens the panel's screen at an address with these words behind the question mark. */
async function openScreen(words, canConnect = true) {
    patchWithCleanup(session, { l10n_pl_ksef: { dots: {}, can_connect: canConnect } });
    patchWithCleanup(router, {
        get current() {
            return words;
        },
    });
    mockService("action", { doAction: ({ tag }) => expect.step(tag) });
    onRpc("res.company", "l10n_pl_ksef_panel", () => ENDED);
    onRpc("res.company", "l10n_pl_ksef_open_authorization", ({ args }) => ({
        tag: `window of ${args[0]}`,
    }));
    await mountWithCleanup(KsefConnectionAction, { props: { action: {} } });
    await animationFrame();
}

test("the link of a notice opens the window", async () => {
    await openScreen({ sign: 1 });
    expect.verifySteps(["window of 1"]);
});

test("the menu opens the panel alone", async () => {
    await openScreen({});
    expect.verifySteps([]);
});

test("the link of a notice opens the panel alone for who may not connect", async () => {
    await openScreen({ sign: 1 }, false);
    expect.verifySteps([]);
});
