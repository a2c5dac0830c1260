import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { contains } from "@web/../tests/web_test_helpers";
import { ACCOUNT, TAKE_OVER, openAccount } from "./account_builders";

defineMailModels();

/** Opens the dialog that comes before another identity signs. */
async function openTakeOver(certificate) {
    const take_over = { ...TAKE_OVER, certificate };
    await openAccount({ ...ACCOUNT, take_over }, { take_over: { type: "ir.actions.act_window_close" } });
    await contains(".o_ksef_take_over").click();
}

test("the account says whose identity the connection stands on", async () => {
    await openAccount({ ...ACCOUNT, take_over: TAKE_OVER });
    expect(".o_ksef_identity_name").toHaveText("Róża Żółć, PESEL •••94");
    await contains(".o_ksef_sees summary").click();
    expect(".o_ksef_identity").toHaveText(/Only she sees them\./);
});

test("where nobody signed there is nobody to take over from", async () => {
    await openAccount(ACCOUNT);
    expect(".o_ksef_identity").toHaveCount(0);
});

test("a certificate is kept unless somebody says otherwise", async () => {
    await openTakeOver(TAKE_OVER.certificate);
    expect(".modal input[value=keep]").toBeChecked();
    expect(".o_ksef_dependants").toHaveCount(0);
    await contains(".o_ksef_begin").click();
    expect.verifySteps(["take_over [[1],false]"]);
});

test("a certificate is revoked if somebody says so", async () => {
    await openTakeOver(TAKE_OVER.certificate);
    await contains(".modal input[value=revoke]").click();
    await contains(".o_ksef_begin").click();
    expect.verifySteps(["take_over [[1],true]"]);
});

test("whoever else depends on a certificate is named", async () => {
    await openTakeOver({ ...TAKE_OVER.certificate, companies: ["Druga Sp. z o.o."] });
    expect(".o_ksef_dependants").toHaveText(/with this certificate: 1/);
    expect(".o_ksef_dependants li").toHaveText("Druga Sp. z o.o.");
    await contains(".o_ksef_begin").click();
    expect.verifySteps(["take_over [[1],false]"]);
});

test("why a certificate can only be kept is told", async () => {
    await openTakeOver({ ...TAKE_OVER.certificate, hidden: 2, obstacle: "Not yours alone." });
    expect(".modal input[value=revoke]").not.toBeEnabled();
    expect(".o_ksef_obstacle").toHaveText("Not yours alone.");
    expect(".o_ksef_dependants").toHaveText(/with this certificate: 2/);
    expect(".o_ksef_dependants li").toHaveText("companies that you have no access to: 2");
});

test("a connection that stands on a signature alone asks nothing about a certificate", async () => {
    await openTakeOver(false);
    expect(".modal input").toHaveCount(0);
    await contains(".o_ksef_begin").click();
    expect.verifySteps(["take_over [[1],false]"]);
});
