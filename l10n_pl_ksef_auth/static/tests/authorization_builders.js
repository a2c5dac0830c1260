import { expect } from "@odoo/hoot";
import { getService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

// The answer of the server's record of the window.
export const VIEW = {
    id: 5,
    company_id: 1,
    step: "download",
    way: "site",
    company_name: "Przykładowa <b>Sp.</b> z o.o.",
    nip: "526-587-76-35",
    environment: "production",
    environment_label: "Production",
    challenge: false,
    download_url: false,
    document: false,
    reading: false,
    problem: false,
    blocked: false,
    answer: false,
    verifying: false,
    result: false,
    signing_url: "https://example.com/podpis",
    signing_label: "moj.gov.pl",
    take_over: false,
};
export const FRESH = {
    challenge: { expires_at: "2026-11-22 13:15:00", seconds_left: 600 },
    download_url: "/l10n_pl_ksef/request/7",
};
export const SIGN = { ...VIEW, ...FRESH, step: "sign" };
export const UPLOAD = { ...VIEW, ...FRESH, step: "upload" };
export const UNSIGNED = {
    document: { name: "AuthTokenRequest.xml", size: 700 },
    reading: {
        signer: false,
        can_send: false,
        findings: [
            { code: "unsigned", level: "stop", text: "Not signed yet.", action: "Sign.", evidence: "" },
        ],
    },
};
export const SIGNED = {
    document: { name: "AuthTokenRequest (1).xml", size: 9000 },
    reading: {
        signer: { name: "Róża Żółć", kind_label: "PZ", masked: "•••94", signed_at_label: "14:03" },
        can_send: true,
        findings: [],
    },
};

export const CONNECTED = {
    state: "connected",
    tick: "yes",
    color: "green",
    certificate: { state: "issuing" },
    poll_seconds: 0,
};

/**
 * Opens the window; each method of the server's record answers with what
 * `answers` holds for it, and is noted as a step.
 */
export async function openWindow(view, answers = {}, params = {}) {
    onRpc("l10n_pl_ksef.authorization", "*", ({ method, args }) => {
        if (method !== "view") {
            expect.step([method, ...args.slice(1)].join(" "));
        }
        return answers[method] || view;
    });
    if (!params.company_id) {
        onRpc("res.company", "l10n_pl_ksef_panel", () => CONNECTED);
    }
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_authorization",
        target: "new",
        name: "Account authorization",
        params: { wizard_id: 5, ...params },
    });
}
