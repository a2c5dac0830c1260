import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test, waitFor } from "@odoo/hoot";
import { Deferred } from "@odoo/hoot-mock";
import { contains, getService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

defineMailModels();

const VIEW = {
    company_name: "Przykładowa Sp. z o.o.",
    number: "NIP 526-587-76-35",
    address: "https://odoo.firma.pl",
    warnings: [],
    set_by: "Anna Admin",
    can_set: false,
    languages: [{ id: "pl_PL", name: "Polish" }],
    purposes: [{ id: "connect", name: "Connection" }],
    signer_name: "",
    signer_email: "",
    hours: 72,
    requests: [],
};
const REQUEST = {
    id: 5,
    signer: "Jan Kowalski",
    email: "jan@example.com",
    state: "open",
    is_open: true,
    label: "Waiting for the signature",
    until: "2026-12-03 10:00:00",
    events: [{ text: "mail sent", at: "2026-11-30 10:00:00" }],
    problem: "",
};
const LINK = { link: "https://odoo.firma.pl/ksef/podpis#abc", picture: "data:image/png;base64," };

/** Opens the window; each call is a step, and answers hold what its method answers. */
async function openWindow(view, answers = {}) {
    onRpc("res.company", "l10n_pl_ksef_requests", () => view);
    for (const [method, answer] of Object.entries(answers)) {
        onRpc("res.company", method, ({ args }) => {
            expect.step(`${method} ${JSON.stringify(args[1])}`);
            return answer;
        });
    }
    await mountWithCleanup(WebClient);
    getService("l10n_pl_ksef").askForSignature(1);
    await waitFor(".o_ksef_ask .o_ksef_lead");
}

test("while KSeF is asked who gave rights already, the window says so and proposes nothing", async () => {
    const answer = new Deferred();
    onRpc("res.company", "l10n_pl_ksef_requests", () => answer);
    await mountWithCleanup(WebClient);
    getService("l10n_pl_ksef").askForSignature(1);
    await waitFor(".o_ksef_ask .o_ksef_looking");
    expect(".o_ksef_looking").toHaveText(/KSeF is asked first/);
    expect(".o_ksef_ask_by_link").toHaveCount(0);
    answer.resolve(VIEW);
    await waitFor(".o_ksef_ask_by_link");
    expect(".o_ksef_looking").toHaveCount(0);
});

test("a link is made for whom the name is written, and shown with its code", async () => {
    await openWindow(VIEW, { l10n_pl_ksef_ask: { ...VIEW, requests: [REQUEST], ...LINK } });
    expect(".o_ksef_ask_by_link").not.toBeEnabled();
    await contains(".o_ksef_signer_name").edit("Jan Kowalski");
    expect(".o_ksef_ask_by_mail").not.toBeEnabled();
    await contains(".o_ksef_ask_by_link").click();
    expect.verifySteps([
        'l10n_pl_ksef_ask {"signer_name":"Jan Kowalski","signer_email":"","lang":"pl_PL","hours":72,"purpose":"connect","by":"link"}',
    ]);
    expect(".o_ksef_new_link input").toHaveValue(LINK.link);
    expect(".o_ksef_qr").toHaveCount(1);
    expect(".o_ksef_requests").toHaveText(/Jan Kowalski/);
});

test("a request is sent again and revoked in its row", async () => {
    await openWindow(
        { ...VIEW, requests: [REQUEST] },
        {
            l10n_pl_ksef_write_again: { ...VIEW, requests: [REQUEST] },
            l10n_pl_ksef_revoke_request: {
                ...VIEW,
                requests: [{ ...REQUEST, state: "revoked", is_open: false }],
            },
        }
    );
    await contains(".o_ksef_resend").click();
    await contains(".o_ksef_revoke_link").click();
    expect.verifySteps(["l10n_pl_ksef_write_again 5", "l10n_pl_ksef_revoke_request 5"]);
    expect(".o_ksef_revoke_link").toHaveCount(0);
});

test("without an address nobody is asked, and it is said who sets it", async () => {
    await openWindow({ ...VIEW, address: "" });
    expect(".o_ksef_ask .o_ksef_note").toHaveText(/Anna Admin/);
    expect(".o_ksef_ask_by_link").toHaveCount(0);
    expect(".o_ksef_set_address").toHaveCount(0);
});

test("the price of each purpose is told, rights come first, and the signer is known", async () => {
    const purposes = [{ id: "grant", name: "Rights" }, ...VIEW.purposes];
    await openWindow({ ...VIEW, purposes, signer_name: "Jan", signer_email: "jan@example.com" });
    expect(".o_ksef_purposes input:eq(0)").toBeChecked();
    expect(".o_ksef_purposes label:eq(0)").toHaveText(/Signatures: 1\. Nothing/);
    expect(".o_ksef_purposes label:eq(1)").toHaveText(/It opens every NIP/);
    expect(".o_ksef_signer_name").toHaveValue("Jan");
    expect(".o_ksef_ask_by_mail").toBeEnabled();
});
