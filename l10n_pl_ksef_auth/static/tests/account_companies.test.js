import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { contains, makeServerError, onRpc } from "@web/../tests/web_test_helpers";
import { ACCOUNT, PANEL, openAccount } from "./account_builders";

defineMailModels();

const AGREED = 'agree [[2],{"2":"NIP 111-111-11-11"}]';

test("other companies connect one by one, each with its result", async () => {
    const others = [
        { id: 1, name: "Przykładowa", number: "NIP 526-587-76-35", color: "green" },
        { id: 2, name: "Druga", number: "NIP 111-111-11-11", color: "red" },
    ];
    await openAccount(
        { ...ACCOUNT, others },
        { connect_with_certificate: [{ id: 2, name: "Druga", state: "connected", text: "Connected." }] }
    );
    expect(".o_ksef_companies li").toHaveCount(1);
    await contains(".o_ksef_connect_companies").click();
    expect.verifySteps([AGREED, "connect_with_certificate [[2]]"]);
    expect(".o_ksef_companies li").toHaveText(/Connected\./);
});

test("a company whose login is under way is followed until KSeF has decided", async () => {
    const others = [{ id: 2, name: "Druga", number: "NIP 111-111-11-11", color: "red" }];
    const verifying = { id: 2, state: "verifying", color: "amber", text: "KSeF is checking." };
    await openAccount({ ...ACCOUNT, others }, { connect_with_certificate: [verifying] });
    const panels = [
        { ...PANEL, state: "verifying", headline: "Still.", poll_seconds: 2 },
        { ...PANEL, state: "attention", color: "red", problem: { text: "No rights." } },
    ];
    onRpc("res.company", "l10n_pl_ksef_follow", () => panels.shift());
    await contains(".o_ksef_connect_companies").click();
    expect.verifySteps([AGREED, "connect_with_certificate [[2]]"]);
    expect(".o_ksef_companies li").toHaveText(/Still\./);
    await advanceTime(60000);
    expect(".o_ksef_companies li").toHaveText(/No rights\./);
});

test("a company that is refused keeps no other from connecting", async () => {
    const others = [
        { id: 2, name: "Druga", number: "NIP 111-111-11-11", color: "red" },
        { id: 3, name: "Trzecia", number: "NIP 222-222-22-22", color: "red" },
    ];
    await openAccount({ ...ACCOUNT, others });
    onRpc("res.company", "l10n_pl_ksef_connect_with_certificate", ({ args }) => {
        if (args[0][0] === 2) {
            throw makeServerError({ message: "Not yours." });
        }
        return [{ id: 3, name: "Trzecia", state: "connected", text: "Connected." }];
    });
    await contains(".o_ksef_connect_companies").click();
    expect.verifySteps(['agree [[2,3],{"2":"NIP 111-111-11-11","3":"NIP 222-222-22-22"}]']);
    expect(".o_ksef_companies li:first").toHaveText(/Not yours\./);
    expect(".o_ksef_companies li:last").toHaveText(/Connected\./);
});

test("a company that cannot be followed keeps no other from being followed", async () => {
    const others = [
        { id: 2, name: "Druga", number: "NIP 111-111-11-11", color: "red" },
        { id: 3, name: "Trzecia", number: "NIP 222-222-22-22", color: "red" },
    ];
    const verifying = { state: "verifying", color: "amber", text: "KSeF is checking." };
    await openAccount({ ...ACCOUNT, others }, { connect_with_certificate: [verifying] });
    onRpc("res.company", "l10n_pl_ksef_follow", ({ args }) => {
        if (args[0][0] === 2) {
            throw makeServerError({ message: "Not yours." });
        }
        return { ...PANEL, headline: "Connected." };
    });
    await contains(".o_ksef_connect_companies").click();
    await animationFrame();
    expect.verifySteps([
        'agree [[2,3],{"2":"NIP 111-111-11-11","3":"NIP 222-222-22-22"}]',
        "connect_with_certificate [[2]]",
        "connect_with_certificate [[3]]",
    ]);
    expect(".o_ksef_companies li:first").toHaveText(/Not yours\./);
    expect(".o_ksef_companies li:last").toHaveText(/Connected\./);
});

test("without the password no company is connected", async () => {
    const others = [{ id: 2, name: "Druga", number: "NIP 111-111-11-11", color: "red" }];
    const confirm = { type: "ir.actions.act_window_close" };
    await openAccount({ ...ACCOUNT, others }, { agree: { confirm } });
    await contains(".o_ksef_connect_companies").click();
    await animationFrame();
    expect.verifySteps([AGREED, AGREED]);
    expect(".o_ksef_connect_companies").toBeEnabled();
});

test("what keeps a company from being connected is told, and how the last login ended", async () => {
    const others = [
        { id: 2, name: "Druga", number: "", color: "red", reason: "No NIP.", result: "" },
        { id: 3, name: "Trzecia", number: "NIP 1", color: "red", reason: "", result: "No rights." },
    ];
    await openAccount({ ...ACCOUNT, others });
    expect("[data-company='2'] input").not.toBeEnabled();
    expect("[data-company='2'] .o_ksef_result").toHaveText("No NIP.");
    expect("[data-company='3'] input").toBeEnabled();
    expect("[data-company='3'] input").not.toBeChecked();
    expect("[data-company='3'] .o_ksef_result").toHaveText("No rights.");
});

const NAMES = ["Alfa", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta"];
const MANY = [
    ...NAMES.map((name, index) => ({ id: 10 + index, name, number: "NIP 1", color: "green" })),
    { id: 2, name: "Druga", number: "NIP 111-111-11-11", color: "red" },
    { id: 3, name: "Trzecia", number: "NIP 3", color: "red", reason: "No NIP.", result: "" },
    { id: 4, name: "Czwarta", number: "NIP 4", color: "red", reason: "", result: "No rights." },
];

test("many companies are found by name, number and how they stand", async () => {
    await openAccount({ ...ACCOUNT, others: MANY });
    expect(".o_ksef_companies li").toHaveCount(10);
    const names = () => queryAllTexts(".o_ksef_companies li span:not(.o_ksef_dot)");
    for (const [kind, found] of [
        ["disconnected", ["Druga NIP 111-111-11-11", "Czwarta NIP 4"]],
        ["failed", ["Czwarta NIP 4"]],
        ["impossible", ["Trzecia NIP 3"]],
    ]) {
        await contains(".o_ksef_companies [name='kind']").select(kind);
        expect(names()).toEqual(found);
    }
    await contains(".o_ksef_companies [name='kind']").select("all");
    await contains(".o_ksef_companies [name='wanted']").edit("druga", { confirm: false });
    expect(names()).toEqual(["Druga NIP 111-111-11-11"]);
    await contains(".o_ksef_companies [name='wanted']").edit("111-111", { confirm: false });
    expect(names()).toEqual(["Druga NIP 111-111-11-11"]);
    await contains(".o_ksef_companies [name='wanted']").edit("nobody", { confirm: false });
    expect(".o_ksef_none_found").toHaveCount(1);
});

test("only what the filter leaves is connected", async () => {
    await openAccount({ ...ACCOUNT, others: MANY }, { connect_with_certificate: [{ id: 4 }] });
    await contains("[data-company='4'] input").click();
    await contains(".o_ksef_companies [name='wanted']").edit("czwarta", { confirm: false });
    await contains(".o_ksef_connect_companies").click();
    expect.verifySteps(['agree [[4],{"4":"NIP 4"}]', "connect_with_certificate [[4]]"]);
});

test("a NIP is found with its dashes and without", async () => {
    const others = MANY.map((one, index) => ({ ...one, number: `NIP 526-000-00-0${index}` }));
    await openAccount({ ...ACCOUNT, others });
    for (const wanted of ["5260000003", "526-000-00-03"]) {
        await contains(".o_ksef_companies [name='wanted']").edit(wanted, { confirm: false });
        expect(".o_ksef_companies li").toHaveCount(1);
    }
});

test("few companies need no filter", async () => {
    await openAccount({ ...ACCOUNT, others: MANY.slice(7) });
    expect(".o_ksef_companies li").toHaveCount(3);
    expect(".o_ksef_companies_filter").toHaveCount(0);
});
