import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    mockService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { session } from "@web/session";
import { KsefDashboardCard } from "@l10n_pl_ksef_auth/dashboard/dashboard_card";
import { CONNECTED, DISCONNECTED } from "./panel_builders";

defineMailModels();

async function mountCard(panel, color = panel.color, figures = []) {
    patchWithCleanup(session, { l10n_pl_ksef: { dots: { 1: { color } }, can_connect: true } });
    onRpc("res.company", "l10n_pl_ksef_panel", () => {
        expect.step("panel");
        if (panel instanceof Error) {
            throw panel;
        }
        return panel;
    });
    onRpc("res.company", "l10n_pl_ksef_figures", () => {
        if (figures instanceof Error) {
            throw figures;
        }
        return figures;
    });
    await mountWithCleanup(KsefDashboardCard);
    await animationFrame();
    await animationFrame();
}

test("the dashboard's card is one line while all is well, and the whole panel at a click", async () => {
    await mountCard(CONNECTED);
    expect.verifySteps(["panel"]);
    expect(".o_ksef_dashboard .o_ksef_rows").toHaveCount(0);
    expect(".o_ksef_slim").toHaveText(/Active until/);
    await contains(".o_ksef_whole").click();
    expect(".o_ksef_dashboard .o_ksef_rows").toHaveCount(1);
});

test("the dashboard's card shows the whole panel and its button while there is no connection", async () => {
    const first_steps = [
        { text: "The company's NIP is there.", is_done: true },
        { text: "Connect: one signature, about 3 minutes." },
    ];
    await mountCard({ ...DISCONNECTED, first_steps });
    expect(".o_ksef_dashboard .o_ksef_connect").toHaveCount(1);
    expect(".o_ksef_first_steps li").toHaveCount(2);
    expect(".o_ksef_first_steps li:first .fa-check").toHaveCount(1);
    expect.verifySteps(["panel"]);
});

test("the dashboard does without its card where KSeF does not apply", async () => {
    await mountCard(DISCONNECTED, "");
    expect(".o_ksef_dashboard").toHaveCount(0);
    expect.verifySteps([]);
});

test("the dashboard does without its card when the server fails", async () => {
    await mountCard(new Error("out of order"), "red");
    expect(".o_ksef_dashboard").toHaveCount(0);
    expect.verifySteps(["panel"]);
});

test("the dashboard's card counts what other addons count, and a click leads there", async () => {
    mockService("action", { doAction: (action) => expect.step(action) });
    await mountCard(CONNECTED, "green", [{ text: "Not sent to KSeF: 12", action: "a.list" }]);
    expect(".o_ksef_figure").toHaveText("Not sent to KSeF: 12");
    await contains(".o_ksef_figure button").click();
    expect.verifySteps(["panel", "a.list"]);
});

test("the dashboard's card is not slim while the certificate for offline invoices waits", async () => {
    const offline = { state: "waits", text: "It waits for a place at KSeF.", valid_to: false };
    await mountCard({ ...CONNECTED, offline }, "green", []);
    expect(".o_ksef_slim").toHaveCount(0);
    expect(".o_ksef_dashboard").toHaveText(/It waits for a place at KSeF/);
    expect.verifySteps(["panel"]);
});

test("the dashboard's card does without figures when they fail", async () => {
    await mountCard(CONNECTED, "green", new Error("out of order"));
    expect(".o_ksef_slim").toHaveCount(1);
    expect(".o_ksef_figure").toHaveCount(0);
    expect.verifySteps(["panel"]);
});
