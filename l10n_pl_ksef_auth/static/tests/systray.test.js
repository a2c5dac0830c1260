import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { press } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    getMockEnv,
    getService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { user } from "@web/core/user";
import { session } from "@web/session";
import { KsefSystray } from "@l10n_pl_ksef_auth/connection/systray";
import { LoginNeededDialog } from "@l10n_pl_ksef_auth/login_needed/login_needed";
import { DISCONNECTED } from "./panel_builders";

defineMailModels();

const RED = { color: "red", state: "disconnected", seconds_left: false, due: "sign" };
const ENDING = { color: "amber", state: "expiring", seconds_left: 2 * 24 * 3600 + 60 };
const GREEN = { color: "green", state: "connected", seconds_left: 6 * 24 * 3600 };
const LIMITED = { color: "amber", state: "limited", seconds_left: 6 * 24 * 3600 };
const COMPANIES = [1, 2, 3].map((id) => ({ id, name: `Company ${id}`, child_ids: [] }));

/** Mounts the bar's item for a user with these companies; `day` is the day of the last opening. */
async function mountSystray(dots, { canConnect = true, day = false } = {}) {
    patchWithCleanup(session, { l10n_pl_ksef: { dots, can_connect: canConnect } });
    patchWithCleanup(user, { allowedCompanies: COMPANIES });
    user.updateUserSettings("l10n_pl_ksef_panel_day", day);
    onRpc("res.company", "l10n_pl_ksef_panel", () => DISCONNECTED);
    onRpc("res.users.settings", "set_res_users_settings", ({ kwargs }) => {
        expect.step(Object.keys(kwargs.new_settings)[0]);
        return {};
    });
    await mountWithCleanup(KsefSystray);
}

/** The web client has drawn its first screen. */
async function drawScreen() {
    getMockEnv().bus.trigger("ACTION_MANAGER:UI-UPDATED", "new");
    // The panel is asked for, drawn, and looked for.
    for (let frame = 0; frame < 5; frame++) {
        await animationFrame();
    }
}

const texts = [
    ["nothing where nothing is due", { 1: GREEN, 2: GREEN }, {}, "KSeF"],
    ["that a signature is due", { 1: RED }, {}, "KSeF: sign"],
    ["that nothing is connected to who cannot connect", { 1: RED }, { canConnect: false }, "KSeF: not connected"],
    ["when the connection ends", { 1: ENDING }, {}, "KSeF: in 2 days"],
    ["that a right is missing", { 1: LIMITED }, {}, "KSeF: a right is missing"],
    ["how many companies need somebody", { 1: RED, 2: GREEN, 3: ENDING }, {}, "KSeF: 2 companies"],
    ["that another company needs somebody", { 1: GREEN, 2: RED }, {}, "KSeF: 1 company"],
    ["what is due once for a company and its branches", { 1: { ...RED, principal: 1 }, 2: { ...RED, principal: 1 } }, {}, "KSeF: sign"],
    ["that something else than a signature may be due", { 1: { ...RED, due: "attention" } }, {}, "KSeF: needs attention"],
    ["that the company has no NIP", { 1: { ...RED, due: "nip" } }, {}, "KSeF: enter the NIP"],
    ["that a certificate connects without a signature", { 1: { ...RED, due: "certificate" } }, {}, "KSeF: connect"],
    ["nothing of what to do to who cannot connect", { 1: { ...RED, due: "nip" } }, { canConnect: false }, "KSeF: not connected"],
    ["nothing of other companies to who cannot connect", { 1: GREEN, 2: RED }, { canConnect: false }, "KSeF"],
];
for (const [what, dots, options, text] of texts) {
    test(`the bar says ${what}`, async () => {
        await mountSystray(dots, options);
        expect(".o_ksef_systray span:not(.visually-hidden):not(.o_ksef_dot)").toHaveText(text);
    });
}

const colors = [
    ["the worst of all that need somebody, where the words count companies", { 1: GREEN, 2: RED, 3: ENDING }, {}, "red"],
    ["the company in view where that is the worst", { 1: RED, 2: ENDING }, {}, "red"],
    ["what ends soon where no company has ended yet", { 1: GREEN, 2: ENDING }, {}, "amber"],
    ["the company in view where nothing is due elsewhere", { 1: GREEN, 2: { ...RED, color: "amber", state: "verifying" } }, {}, "green"],
    ["the company in view to who cannot connect the others", { 1: GREEN, 2: RED }, { canConnect: false }, "green"],
];
for (const [what, dots, options, color] of colors) {
    test(`the dot has the colour of ${what}`, async () => {
        await mountSystray(dots, options);
        expect(".o_ksef_systray").toHaveAttribute("data-color", color);
        expect(".o_ksef_systray .o_ksef_dot").toHaveClass(`o_ksef_${color}`);
    });
}

test("the panel opens by itself while the connection is red, and the server remembers the day", async () => {
    await mountSystray({ 1: RED });
    await drawScreen();
    expect(".o_ksef_popover .o_ksef_panel").toHaveCount(1);
    expect.verifySteps(["l10n_pl_ksef_panel_day"]);
});

test("the panel does not open by itself a second time on the same day", async () => {
    await mountSystray({ 1: RED }, { day: luxon.DateTime.now().toISODate() });
    await drawScreen();
    expect(".o_ksef_popover").toHaveCount(0);
    expect.verifySteps([]);
});

test("the panel does not open by itself for who cannot connect, nor while all is well", async () => {
    await mountSystray({ 1: RED }, { canConnect: false });
    await drawScreen();
    expect(".o_ksef_popover").toHaveCount(0);
});

test("the panel does not open by itself over a form that nobody has saved", async () => {
    await mountSystray({ 1: RED });
    const unsaved = document.createElement("div");
    unsaved.className = "o_form_status_indicator_buttons";
    document.querySelector(".o_ksef_systray").after(unsaved);
    await drawScreen();
    expect(".o_ksef_popover").toHaveCount(0);
    expect.verifySteps([]);
});

test("the panel that was opened takes the keyboard, and Escape gives it back", async () => {
    await mountSystray({ 1: RED });
    await contains(".o_ksef_systray").click();
    await animationFrame();
    expect(".o_ksef_popover").toHaveAttribute("role", "dialog");
    await press("Tab");
    expect(".o_ksef_popover .o_ksef_panel :focus").toHaveCount(1);
    await press("Escape");
    await animationFrame();
    expect(".o_ksef_popover").toHaveCount(0);
    expect(".o_ksef_systray").toHaveAttribute("aria-expanded", "false");
});

test("the bar turns red in the moment in which a dialog says that only a signature helps", async () => {
    await mountSystray({ 1: GREEN });
    expect(".o_ksef_systray").toHaveAttribute("data-color", "green");
    const action = { type: "ir.actions.client", tag: "l10n_pl_ksef_sign", params: { company_id: 1 } };
    getService("dialog").add(LoginNeededDialog, {
        data: { arguments: ["The invoice was not sent to KSeF.", action, "Refresh", null] },
    });
    await animationFrame();
    await animationFrame();
    expect(".modal-title").toHaveText("Connection to KSeF");
    expect(".o_ksef_systray").toHaveAttribute("data-color", "red");
    expect(".o_ksef_systray span:not(.visually-hidden):not(.o_ksef_dot)").toHaveText("KSeF: sign");
});
