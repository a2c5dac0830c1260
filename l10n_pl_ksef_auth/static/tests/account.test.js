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

defineMailModels();

const PANEL = {
    company_id: 1,
    company_name: "Przykładowa Sp. z o.o.",
    nip: "526-587-76-35",
    environment: "production",
    environment_label: "Production",
    state: "connected",
    tick: "yes",
    color: "green",
    headline: "",
    expires_at: "2026-11-29 13:05:00",
    seconds_left: 600000,
    lifetime_share: 1,
    certificate: { state: "none", text: "none", valid_to: false, share: false },
    identity: false,
    missing_rights: [],
    checked_at: false,
    renews_at: false,
    problem: false,
    can_connect: true,
    button: { label: "Refresh connection (signature)", primary: false },
    poll_seconds: 0,
};
const CERTIFICATE = {
    id: 3,
    name: "Odoo 1234",
    serial_number: "01AB",
    owner: "Róża Żółć",
    masked: "•••94",
    here: true,
    state: "active",
    state_label: "Valid",
    status_at_ksef: "Active",
    valid_to: "2028-11-22 13:00:00",
    last_use: false,
    companies: ["Przykładowa Sp. z o.o."],
    problem: false,
    can_revoke: true,
    can_renew: true,
    is_renewing: false,
    is_former: false,
};
const TAKE_OVER = {
    name: "Róża Żółć",
    masked: "PESEL •••94",
    certificate: { owner: "Róża Żółć", companies: [], hidden: 0, obstacle: "" },
    sees: "Only she sees them.",
};
const SESSION = {
    reference_number: "20261122-AU-1",
    ours: true,
    is_current: true,
    method: "Profil Zaufany",
    started: "2026-11-22 13:05:00",
    expires: "2026-11-29 13:05:00",
    state_label: "OK",
};
const ACCOUNT = {
    company_id: 1,
    panel: PANEL,
    options: {
        environment: "production",
        context_type: "nip",
        subject_type: "certificateSubject",
        internal_id: "",
        responsible: false,
        choices: {
            environment: [
                ["production", "Production"],
                ["test", "Test"],
            ],
            context_type: [["nip", "NIP"]],
            subject_type: [["certificateSubject", "PESEL or NIP"]],
        },
    },
    certificates: [CERTIFICATE],
    sessions: [],
    choice: false,
    take_over: false,
    others: [],
    asked_at: false,
    problem: false,
};
const COMPARED_PARTS = { sessions: [SESSION], asked_at: "2026-11-22 13:06:00" };

const METHODS = [
    "save_options",
    "issue_certificate",
    "renew_certificate",
    "revoke_certificate",
    "take_over",
    "connect_with_certificate",
];

/** Opens the screen; what `answers` holds for a method is its answer, and the call a step. */
async function openAccount(account, answers = {}) {
    onRpc("res.company", "l10n_pl_ksef_panel", () => account.panel);
    onRpc("res.company", "l10n_pl_ksef_account", () => account);
    onRpc("res.company", "l10n_pl_ksef_account_at_ksef", () => ({ ...account, ...COMPARED_PARTS }));
    for (const method of METHODS) {
        onRpc("res.company", `l10n_pl_ksef_${method}`, ({ args }) => {
            expect.step(`${method} ${JSON.stringify(args)}`);
            return answers[method] || account;
        });
    }
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_account",
        params: { company_id: 1 },
    });
    await animationFrame();
}

test("certificates and logins stand side by side with what KSeF lists", async () => {
    await openAccount(ACCOUNT);
    expect(".o_ksef_certificates tbody tr").toHaveCount(1);
    expect(".o_ksef_certificates td:eq(3)").toHaveText("valid");
    expect(".o_ksef_sessions tbody tr").toHaveCount(1);
    expect(".o_ksef_sessions .badge").toHaveText("in use");
});

test("a certificate is revoked with a reason and after a question", async () => {
    await openAccount(ACCOUNT, {
        revoke_certificate: { type: "ir.actions.act_window_close" },
    });
    await contains(".o_ksef_revoke").click();
    await contains(".modal select").select("KeyCompromise");
    await contains(".modal .btn-danger").click();
    expect.verifySteps(['revoke_certificate [[1],"01AB","KeyCompromise"]']);
});

test("a certificate is renewed after a question and followed until its end", async () => {
    const renewing = { ...CERTIFICATE, can_renew: false, is_renewing: true };
    const replaced = { ...CERTIFICATE, can_renew: false, state_label: "Replaced" };
    const account = { ...ACCOUNT };
    await openAccount(account, { renew_certificate: { ...ACCOUNT, certificates: [renewing] } });
    account.certificates = [renewing];
    await contains(".o_ksef_renew").click();
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

test("why a renewal cannot begin is told", async () => {
    const problem = { text: "Its owner is not logged in.", action: "Sign.", technical: "" };
    await openAccount(ACCOUNT, { renew_certificate: { ...ACCOUNT, problem } });
    await contains(".o_ksef_renew").click();
    await contains(".modal .btn-primary").click();
    expect.verifySteps(['renew_certificate [[1],"01AB"]']);
    expect(".o_ksef_note_stop strong").toHaveText("Its owner is not logged in.");
    expect(".o_ksef_renew").toHaveCount(1);
});

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

test("an accountant changes the environment", async () => {
    await openAccount(ACCOUNT);
    expect(".o_ksef_save").not.toBeEnabled();
    await contains("select[name=environment]").select("test");
    await contains(".o_ksef_save").click();
    expect.verifySteps([
        'save_options [[1],{"l10n_pl_ksef_environment":"test","l10n_pl_ksef_context_type":"nip",' +
            '"l10n_pl_ksef_internal_id":"","l10n_pl_ksef_subject_type":"certificateSubject",' +
            '"l10n_pl_ksef_responsible_id":false}]',
    ]);
});

test("other companies connect one by one, each with its result", async () => {
    const others = [
        { id: 1, name: "Przykładowa", nip: "526-587-76-35", color: "green" },
        { id: 2, name: "Druga", nip: "111-111-11-11", color: "red" },
    ];
    await openAccount(
        { ...ACCOUNT, others },
        { connect_with_certificate: [{ id: 2, name: "Druga", state: "connected", text: "Connected." }] }
    );
    expect(".o_ksef_companies li").toHaveCount(1);
    await contains(".o_ksef_connect_companies").click();
    expect.verifySteps(["connect_with_certificate [[2]]"]);
    expect(".o_ksef_companies li").toHaveText(/Connected\./);
});

test("a company whose login is under way is followed until KSeF has decided", async () => {
    const others = [{ id: 2, name: "Druga", nip: "111-111-11-11", color: "red" }];
    const verifying = { id: 2, state: "verifying", color: "amber", text: "KSeF is checking." };
    await openAccount({ ...ACCOUNT, others }, { connect_with_certificate: [verifying] });
    const panels = [
        { ...PANEL, state: "verifying", headline: "Still.", poll_seconds: 2 },
        { ...PANEL, state: "attention", color: "red", problem: { text: "No rights." } },
    ];
    onRpc("res.company", "l10n_pl_ksef_follow", () => panels.shift());
    await contains(".o_ksef_connect_companies").click();
    expect.verifySteps(["connect_with_certificate [[2]]"]);
    expect(".o_ksef_companies li").toHaveText(/Still\./);
    await advanceTime(60000);
    expect(".o_ksef_companies li").toHaveText(/No rights\./);
});

test("a company that is refused keeps no other from connecting", async () => {
    const others = [
        { id: 2, name: "Druga", nip: "111-111-11-11", color: "red" },
        { id: 3, name: "Trzecia", nip: "222-222-22-22", color: "red" },
    ];
    await openAccount({ ...ACCOUNT, others });
    onRpc("res.company", "l10n_pl_ksef_connect_with_certificate", ({ args }) => {
        if (args[0][0] === 2) {
            throw makeServerError({ message: "Not yours." });
        }
        return [{ id: 3, name: "Trzecia", state: "connected", text: "Connected." }];
    });
    await contains(".o_ksef_connect_companies").click();
    expect(".o_ksef_companies li:first").toHaveText(/Not yours\./);
    expect(".o_ksef_companies li:last").toHaveText(/Connected\./);
});

test("a company that cannot be followed keeps no other from being followed", async () => {
    const others = [
        { id: 2, name: "Druga", nip: "111-111-11-11", color: "red" },
        { id: 3, name: "Trzecia", nip: "222-222-22-22", color: "red" },
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
    expect.verifySteps(["connect_with_certificate [[2]]", "connect_with_certificate [[3]]"]);
    expect(".o_ksef_companies li:first").toHaveText(/Not yours\./);
    expect(".o_ksef_companies li:last").toHaveText(/Connected\./);
});

/** Opens the dialog that comes before another identity signs. */
async function openTakeOver(certificate) {
    const take_over = { ...TAKE_OVER, certificate };
    await openAccount({ ...ACCOUNT, take_over }, { take_over: { type: "ir.actions.act_window_close" } });
    await contains(".o_ksef_take_over").click();
}

test("the account says whose identity the connection stands on", async () => {
    await openAccount({ ...ACCOUNT, take_over: TAKE_OVER });
    expect(".o_ksef_identity_name").toHaveText("Róża Żółć, PESEL •••94");
    expect(".o_ksef_identity").toHaveText(/Only she sees them\./);
});

test("where nobody signed there is nobody to take over from", async () => {
    await openAccount(ACCOUNT);
    expect(".o_ksef_identity").toHaveCount(0);
});

test("a certificate on which nobody else depends is revoked unless somebody says otherwise", async () => {
    await openTakeOver(TAKE_OVER.certificate);
    expect(".modal input[value=revoke]").toBeChecked();
    expect(".o_ksef_dependants").toHaveCount(0);
    await contains(".o_ksef_begin").click();
    expect.verifySteps(["take_over [[1],true]"]);
});

test("a certificate on which others depend is kept unless somebody says otherwise", async () => {
    await openTakeOver({ ...TAKE_OVER.certificate, companies: ["Druga Sp. z o.o."] });
    expect(".modal input[value=keep]").toBeChecked();
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
