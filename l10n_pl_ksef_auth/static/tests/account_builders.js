import { expect } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import { getService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";
import { CONNECTED } from "./panel_builders";

export const PANEL = {
    ...CONNECTED,
    certificate: { state: "none", text: "none", valid_to: false, share: false },
    button: { label: "Refresh connection (signature)", primary: false },
};
export const CERTIFICATE = {
    id: 3,
    name: "Odoo 1234",
    serial_number: "01AB",
    owner: "Róża Żółć",
    masked: "•••94",
    here: true,
    state: "active",
    usage: "login",
    usage_label: "Logging in",
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
export const TAKE_OVER = {
    name: "Róża Żółć",
    masked: "PESEL •••94",
    certificate: { companies: [], hidden: 0, obstacle: "" },
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
export const ACCOUNT = {
    panel: PANEL,
    options: {
        environment: "production",
        context_type: "nip",
        subject_type: "certificateSubject",
        internal_id: "",
        responsible_ids: [],
        offline: true,
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
    consent: false,
    offline: false,
    take_over: false,
    others: [],
    asked_at: false,
    problem: false,
};
const COMPARED_PARTS = { sessions: [SESSION], asked_at: "2026-11-22 13:06:00" };

const METHODS = [
    "save_options",
    "issue_certificate",
    "issue_with_consent",
    "issue_offline",
    "terms_of_renewal",
    "renew_certificate",
    "revoke_certificate",
    "take_over",
    "agree",
    "connect_with_certificate",
];

/** Opens the screen; `answers` holds what each method answers, and each call is a step. */
export async function openAccount(account, answers = {}) {
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
