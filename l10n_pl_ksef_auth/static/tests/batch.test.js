import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test, waitFor } from "@odoo/hoot";
import { advanceTime, animationFrame, Deferred } from "@odoo/hoot-mock";
import { contains, getService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

defineMailModels();

const LINE = {
    id: 1,
    company_id: 7,
    name: "Warsztat Młot",
    number: "NIP 778-004-11-12",
    state: "todo",
    state_label: "To do",
    text: "",
    is_there: false,
    signer_name: "Róża Żółć-Źdźbło",
    signer_email: "roza@example.com",
    file: "",
    signer: "",
    findings: [],
    can_send: false,
    seconds_left: 0,
    offline: false,
};
const VIEW = {
    id: 3,
    kind: "environment",
    title: "Environment",
    choice: false,
    choices: [
        { id: "production", label: "Production" },
        { id: "test", label: "Test" },
    ],
    strays: [],
    asking: false,
    is_to_look: false,
    still_looking: "",
    signing_url: "https://moj.gov.pl",
    lines: [LINE],
};
const ASKING = {
    languages: [{ id: "pl_PL", name: "Polish" }],
    hours: 72,
    purposes: [{ id: "connect" }],
    address: "https://odoo.firma.pl",
    warnings: [],
    set_by: "",
    can_set: false,
};

/** Opens the screen of what is done for many companies. */
async function openScreen(view) {
    onRpc("l10n_pl_ksef.batch", "view", () => view);
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "l10n_pl_ksef_batch",
        params: { batch_id: view.id },
    });
}

test("nothing can be saved for all before something is chosen", async () => {
    onRpc("l10n_pl_ksef.batch", "choose", () => ({ ...VIEW, choice: "test" }));
    await openScreen(VIEW);
    expect(".o_ksef_run").not.toBeEnabled();
    await contains("input[value=test]").click();
    expect(".o_ksef_run").toBeEnabled();
});

test("who is still to be asked stands once, with what to know before", async () => {
    const text = "Try the certificate of Róża first.";
    const lines = [
        { ...LINE, text },
        { ...LINE, id: 2, company_id: 8 },
    ];
    await openScreen({ ...VIEW, kind: "ask", choices: [], asking: ASKING, lines });
    expect("[data-company='7']").toHaveCount(1);
    expect("[data-company='7']").toHaveText(new RegExp(text));
    expect("[data-company='7'] [type=checkbox]").not.toBeChecked();
    expect("[data-company='8'] [type=checkbox]").toBeChecked();
    expect(".o_ksef_summary").toHaveText("");
});

test("while KSeF is asked who gave rights already, the screen says so and proposes nobody", async () => {
    const view = { ...VIEW, kind: "ask", choices: [], asking: ASKING, is_to_look: true };
    const answer = new Deferred();
    onRpc("l10n_pl_ksef.batch", "look", () => answer);
    await openScreen(view);
    expect(".o_ksef_looking").toHaveText(/KSeF is asked first/);
    expect(".o_ksef_send_links").toHaveCount(0);
    answer.resolve({ ...view, still_looking: "KSeF has not answered yet." });
    await waitFor(".o_ksef_send_links");
    expect(".o_ksef_looking").toHaveCount(0);
    expect(".o_ksef_still_looking").toHaveText("KSeF has not answered yet.");
});

test("what can connect is ticked, connects first, and only the rest is asked", async () => {
    const there = { ...LINE, text: "The certificate of Róża is tried first.", is_there: true };
    const lines = [there, { ...there, id: 2, company_id: 8 }, { ...LINE, id: 4, company_id: 9 }];
    const view = { ...VIEW, kind: "ask", choices: [], asking: ASKING, lines };
    const connected = { ...there, state: "done", is_there: false, text: "Connected." };
    const tried = { ...lines[1], is_there: false };
    onRpc("l10n_pl_ksef.batch", "confirm", ({ args }) => {
        expect.step(`confirm ${args[1]}`);
        return {};
    });
    onRpc("l10n_pl_ksef.batch", "connect_first", ({ args }) => {
        expect.step(`connect ${args[1]}`);
        return args[1] === 1 ? { ...there, state: "running" } : tried;
    });
    onRpc("l10n_pl_ksef.batch", "follow", () => connected);
    onRpc("l10n_pl_ksef.batch", "ask", ({ args }) => {
        expect.step(`ask ${args[1].map(({ id }) => id)}`);
        return { ...view, lines: [connected, { ...tried, state: "done" }, lines[2]] };
    });
    await openScreen(view);
    expect(".o_ksef_batch_asked [type=checkbox]:checked").toHaveCount(3);
    await contains(".o_ksef_send_links").click();
    await advanceTime(5000);
    await animationFrame();
    expect.verifySteps(["confirm 1,2", "connect 1", "connect 2", "ask 2,4"]);
    expect("[data-company='7']").toHaveText(/Connected\./);
});

test("a lost connection to Odoo only delays a result", async () => {
    const lines = [{ ...LINE, state: "running", text: "KSeF is checking the signature." }];
    let asked = 0;
    onRpc("l10n_pl_ksef.batch", "follow", () => {
        asked += 1;
        // A proxy whose Odoo is away.
        const lost = new Response("", { status: 502 });
        return asked === 1 ? lost : { ...LINE, state: "done", text: "Connected." };
    });
    await openScreen({ ...VIEW, kind: "connect", choices: [], lines });
    await advanceTime(5000);
    await animationFrame();
    expect("[data-company='7']").toHaveText(/Connected\./);
});

test("the one answer for all files names both certificates where a company needs both", async () => {
    const ready = { ...LINE, file: "podpisany.xml", signer: "Róża", can_send: true };
    const lines = [ready, { ...ready, id: 2, company_id: 8, offline: true }];
    await openScreen({ ...VIEW, kind: "sign", choices: [], lines });
    expect("[data-answer=once]").toHaveText(/also one for offline invoices/);
});

test("one certificate of a signer is asked for once, rights for each company", async () => {
    const purposes = [{ id: "grant" }, ...ASKING.purposes];
    const asking = { ...ASKING, purposes };
    const lines = [LINE, { ...LINE, id: 2, company_id: 8 }];
    await openScreen({ ...VIEW, kind: "ask", choices: [], asking, lines });
    expect(".o_ksef_batch_asked [type=checkbox]:checked").toHaveCount(2);
    // Both prices, before anything is chosen; the rights are preselected.
    expect("input[value=grant]").toBeChecked();
    expect(".o_ksef_purposes label:eq(0)").toHaveText(/Signatures: 2\. Nothing/);
    expect(".o_ksef_purposes label:eq(1)").toHaveText(/Signatures: 1\. It opens every NIP/);
    await contains("input[value=connect]").click();
    expect(".o_ksef_batch_asked [type=checkbox]:checked").toHaveCount(1);
    await contains("input[value=grant]").click();
    expect(".o_ksef_batch_asked [type=checkbox]:checked").toHaveCount(2);
});

test("where no company is proposed, the prices are those of all", async () => {
    const asking = { ...ASKING, purposes: [{ id: "grant" }, { id: "connect" }] };
    const line = { ...LINE, text: "It is connected already." };
    const lines = [line, { ...line, id: 2, company_id: 8 }];
    await openScreen({ ...VIEW, kind: "ask", choices: [], asking, lines });
    expect(".o_ksef_purposes label:eq(0)").toHaveText(/Signatures: 2\./);
    expect(".o_ksef_purposes label:eq(1)").toHaveText(/Signatures: 1\./);
});

test("when the shortest of the files is over, the screen looks anew", async () => {
    const view = { ...VIEW, kind: "sign", choices: [] };
    await openScreen({ ...view, lines: [{ ...LINE, seconds_left: 2 }] });
    onRpc("l10n_pl_ksef.batch", "view", () => ({ ...view, lines: [{ ...LINE, text: "Over." }] }));
    await advanceTime(4000);
    await animationFrame();
    expect(".o_ksef_batch_lines").toHaveText(/Over\./);
});
