import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    makeServerError,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";
import { ACCOUNT, CERTIFICATE, openAccount } from "./account_builders";

defineMailModels();

test("certificates and logins stand side by side with what KSeF lists", async () => {
    await openAccount(ACCOUNT);
    expect(".o_ksef_certificates tbody tr").toHaveCount(1);
    expect(".o_ksef_certificates td:eq(3)").toHaveText(/valid$/);
    expect(".o_ksef_sessions tbody tr").toHaveCount(1);
    expect(".o_ksef_sessions .badge").toHaveText("in use");
});

test("who signed every 7 days has a certificate issued by the login that works", async () => {
    const consent = { signer: "Róża Żółć", offline: true, ends_at: "2026-11-29 13:05:00" };
    const account = { ...ACCOUNT, consent };
    await openAccount(account, { issue_with_consent: ACCOUNT });
    expect(".o_ksef_account_consent").toHaveText(/On 11\/29\/2026.*sign again.*Róża Żółć/s);
    account.consent = false;
    await contains(".o_ksef_issue").click();
    await animationFrame();
    expect.verifySteps(["issue_with_consent [[1],true]"]);
    expect(".o_ksef_account_consent").toHaveCount(0);
});

test("a certificate is revoked with a reason and after a question", async () => {
    await openAccount(ACCOUNT, {
        revoke_certificate: { type: "ir.actions.act_window_close" },
    });
    await contains(".o_ksef_certificates .o_ksef_more").click();
    await contains(".o_ksef_revoke").click();
    await contains(".modal select").select("KeyCompromise");
    await contains(".modal .btn-danger").click();
    expect.verifySteps(['revoke_certificate [[1],"01AB","KeyCompromise"]']);
});

const OFFLINE = {
    ...CERTIFICATE,
    id: 4,
    name: "Odoo 1234 offline",
    serial_number: "02CD",
    usage: "offline",
    usage_label: "Offline invoices",
};

test("of one for offline invoices both questions name the codes, not the logins", async () => {
    const account = { ...ACCOUNT, certificates: [OFFLINE] };
    await openAccount(account, { terms_of_renewal: { problem: false, left: 7 } });
    await contains(".o_ksef_certificates .o_ksef_more").click();
    await contains(".o_ksef_revoke").click();
    expect(".modal-body strong").toHaveText("Róża Żółć, •••94, Offline invoices");
    expect(".modal-body").toHaveText(/confirm the second codes.*these companies then get no second code/s);
    expect(".modal-body").not.toHaveText(/log in/);
    await contains(".modal .btn-secondary").click();
    await contains(".o_ksef_renew").click();
    expect.verifySteps(['terms_of_renewal [[1],"02CD"]']);
    expect(".modal-body").toHaveText(/stays valid to its end.*: 7\./s);
});

test("a certificate is renewed after a question and followed until its end", async () => {
    const renewing = { ...CERTIFICATE, can_renew: false, is_renewing: true };
    const replaced = { ...CERTIFICATE, can_renew: false, state_label: "Replaced" };
    const account = { ...ACCOUNT };
    await openAccount(account, {
        terms_of_renewal: { problem: false, left: 7 },
        renew_certificate: { ...ACCOUNT, certificates: [renewing] },
    });
    await contains(".o_ksef_renew").click();
    expect.verifySteps(['terms_of_renewal [[1],"01AB"]']);
    expect(".modal-body").toHaveText(/: 7\./);
    account.certificates = [renewing];
    await contains(".modal .btn-primary").click();
    await animationFrame();
    expect.verifySteps(['renew_certificate [[1],"01AB"]']);
    expect(".o_ksef_renew").toHaveCount(0);
    expect(".o_ksef_renewing").toHaveCount(1);
    account.certificates = [replaced];
    await advanceTime(15000);
    await animationFrame();
    expect(".o_ksef_renewing").toHaveCount(0);
    expect(".o_ksef_certificates .badge").toHaveText("Replaced");
});

test("a certificate's problem leads to the pages that help", async () => {
    const link = { label: "Rights", url: "https://example.com/rights" };
    const problem = { text: "No rights.", action: "", technical: "KSeF 415", links: [link] };
    await openAccount({ ...ACCOUNT, certificates: [{ ...CERTIFICATE, problem }] });
    expect(".o_ksef_certificates .o_ksef_note strong").toHaveText("No rights.");
    expect(".o_ksef_certificates .o_ksef_page_link").toHaveAttribute("href", link.url);
});

test("why a renewal cannot begin is told", async () => {
    const problem = { text: "Its owner is not logged in.", action: "Sign.", technical: "" };
    await openAccount(ACCOUNT, { terms_of_renewal: { problem, left: false } });
    await contains(".o_ksef_renew").click();
    expect.verifySteps(['terms_of_renewal [[1],"01AB"]']);
    expect(".modal").toHaveCount(0);
    expect(".o_ksef_note_stop strong").toHaveText("Its owner is not logged in.");
    expect(".o_ksef_renew").toHaveCount(1);
});

test("both kinds of certificates are listed, each with what it is for", async () => {
    await openAccount({ ...ACCOUNT, certificates: [OFFLINE, CERTIFICATE] });
    expect(".o_ksef_certificates tbody tr").toHaveCount(2);
    expect(".o_ksef_certificates tbody tr:eq(0)").toHaveText(/Offline invoices/);
    expect(".o_ksef_certificates tbody tr:eq(1)").toHaveText(/Logging in/);
});

test("one for offline invoices is asked for without a signature, by who manages all", async () => {
    const account = { ...ACCOUNT, offline: { owner: "Róża Żółć", is_mine: true } };
    await openAccount(account, { issue_offline: ACCOUNT });
    expect(".o_ksef_account_offline").toHaveText(/confirm for the certificate's owner \(Róża Żółć\)/);
    account.offline = false;
    await contains(".o_ksef_issue_offline").click();
    await animationFrame();
    expect.verifySteps(["issue_offline [[1]]"]);
    expect(".o_ksef_account_offline").toHaveCount(0);
});

test("who does not manage all of the owner's companies reads whom it needs", async () => {
    await openAccount({ ...ACCOUNT, offline: { owner: "Róża Żółć", is_mine: false } });
    expect(".o_ksef_account_offline").toHaveText(/Only who manages all companies/);
    expect(".o_ksef_issue_offline").toHaveCount(0);
});

for (const [reason, headline] of [
    ["failed", "The certificate for offline invoices could not be issued."],
    ["exists", "Róża Żółć already has a certificate for offline invoices that this Odoo does not hold."],
]) {
    test(`the choice names the certificate for offline invoices: ${reason}`, async () => {
        const choice = { usage: "offline", reason, owner: "Róża Żółć", can_issue: true, places: 4 };
        await openAccount({ ...ACCOUNT, choice });
        expect(".o_ksef_choice h3").toHaveText(headline);
        expect(".o_ksef_choice").toHaveText(/invoices get no second code while KSeF is away/);
        await contains(".o_ksef_choice .btn").click();
        expect.verifySteps(['issue_certificate [[1],"offline"]']);
    });
}

test("a separate certificate is preselected where KSeF leaves room", async () => {
    const choice = { reason: "exists", owner: "Róża Żółć", can_issue: true, places: 4 };
    await openAccount({ ...ACCOUNT, choice });
    expect(".o_ksef_choice input[value=issue]").toBeChecked();
    await contains(".o_ksef_choice .btn").click();
    expect.verifySteps(["issue_certificate [[1]]"]);
});

test("without room only the existing certificate can be loaded", async () => {
    const choice = { reason: "exists", owner: "", can_issue: false, places: 1 };
    await openAccount({ ...ACCOUNT, choice });
    expect(".o_ksef_choice input[value=issue]").toHaveCount(0);
    await contains(".o_ksef_choice .btn").click();
    expect(".modal-title").toHaveText("Load a KSeF certificate");
});

const SAVED =
    '{"l10n_pl_ksef_environment":"test","l10n_pl_ksef_context_type":"nip","l10n_pl_ksef_internal_id":"",' +
    '"l10n_pl_ksef_subject_type":"certificateSubject","l10n_pl_ksef_responsible_ids":[[6,false,[]]],"l10n_pl_ksef_offline":true}';

test("an accountant changes the environment", async () => {
    await openAccount(ACCOUNT);
    expect(".o_ksef_save").not.toBeEnabled();
    await contains("select[name=environment]").select("test");
    await contains(".o_ksef_save").click();
    expect.verifySteps([`save_options [[1],${SAVED},false]`]);
});

test("who would stop invoices is told what stops before it is saved", async () => {
    await openAccount(ACCOUNT, { save_options: { stops: ["Invoices stop.", "Also: Branch."] } });
    await contains("select[name=environment]").select("test");
    await contains(".o_ksef_save").click();
    expect(".modal-body").toHaveText("Invoices stop.\n\nAlso: Branch.");
    expect.verifySteps([`save_options [[1],${SAVED},false]`]);
    await contains(".modal .btn-danger").click();
    expect.verifySteps([`save_options [[1],${SAVED},true]`]);
});

test("wrong input is refused at its field", async () => {
    const choices = { ...ACCOUNT.options.choices, context_type: [["nip", "NIP"], ["internal_id", "Unit"]] };
    const account = { ...ACCOUNT, options: { ...ACCOUNT.options, choices } };
    await openAccount(account, { save_options: { invalid: { internal_id: "Not an identifier." } } });
    await contains("select[name=context_type]").select("internal_id");
    await contains("input[name=internal_id]").edit("123");
    await contains(".o_ksef_save").click();
    expect("input[name=internal_id]").toHaveClass("is-invalid");
    expect(".o_ksef_invalid").toHaveText("Not an identifier.");
    expect.verifySteps([
        'save_options [[1],{"l10n_pl_ksef_environment":"production","l10n_pl_ksef_context_type":' +
            '"internal_id","l10n_pl_ksef_internal_id":"123","l10n_pl_ksef_subject_type":' +
            '"certificateSubject","l10n_pl_ksef_responsible_ids":[[6,false,[]]],"l10n_pl_ksef_offline":true},false]',
    ]);
});

test("who leaves with unsaved settings is asked first", async () => {
    await openAccount(ACCOUNT);
    await contains("select[name=environment]").select("test");
    const leave = () =>
        getService("action").doAction({ type: "ir.actions.client", tag: "l10n_pl_ksef_connection" });
    leave();
    await animationFrame();
    await contains(".modal .btn-secondary").click();
    await animationFrame();
    expect(".o_ksef_options").toHaveCount(1);
    leave();
    await animationFrame();
    await contains(".modal .btn-primary").click();
    await animationFrame();
    expect(".o_ksef_options").toHaveCount(0);
});

test("who may not manage the connection reads whom to ask, on a page without an error", async () => {
    const sentence = 'This part of KSeF needs the right "KSeF: Manage".';
    onRpc("res.company", "l10n_pl_ksef_account", () => {
        throw makeServerError({ errorName: "odoo.exceptions.AccessError", message: sentence });
    });
    await mountWithCleanup(WebClient);
    await getService("action").doAction({ type: "ir.actions.client", tag: "l10n_pl_ksef_account" });
    expect(".o_ksef_refusal").toHaveText(sentence);
    expect(".o_ksef_account_page").toHaveCount(0);
    expect(".modal").toHaveCount(0);
});
