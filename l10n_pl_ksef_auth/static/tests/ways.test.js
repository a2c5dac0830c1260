import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryAllTexts, setInputFiles } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { contains, onRpc, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { registry } from "@web/core/registry";
import { SIGN, SIGNED, UPLOAD, VIEW, openWindow } from "./authorization_builders";

defineMailModels();

const CERTIFICATE = { ...VIEW, step: "certificate" };
const VERIFYING = { ...VIEW, step: "verify", verifying: { long: false, by_certificate: true } };
const CLOSE = { type: "ir.actions.act_window_close" };

/** Answers as the server does once the password was given; each load is a step. */
function takeCertificates(answer = { problem: false }) {
    onRpc("res.company", "l10n_pl_ksef_confirm", () => CLOSE);
    onRpc("res.company", "l10n_pl_ksef_load_certificate", ({ args }) => {
        expect.step(`load ${JSON.stringify(args)}`);
        return answer;
    });
}

async function choose(...names) {
    await contains(".o_ksef_certificate_files", { visible: false }).click();
    await setInputFiles(names.map((name) => new File(["x"], name)));
    await animationFrame();
}

async function connect() {
    await contains(".o_ksef_connect_with").click();
    await advanceTime(10);
    await animationFrame();
}

test("three ways stand side by side, each with its button", async () => {
    await openWindow(VIEW);
    expect(queryAllTexts(".o_ksef_way strong")).toEqual([
        "moj.gov.pl",
        "Your own signing program",
        "I already have a KSeF certificate",
    ]);
    expect(".o_ksef_way .o_ksef_btn_navy").toHaveCount(3);
});

test("a download in the second way leads to one's own signing program", async () => {
    patchWithCleanup(HTMLAnchorElement.prototype, { click() {} });
    await openWindow(VIEW, { prepare_download: { ...SIGN, way: "program" } });
    await contains(".o_ksef_way[data-way=program] .o_ksef_download").click();
    expect.verifySteps(["prepare_download program"]);
    expect(".o_ksef_way[data-way=program] .o_ksef_signing").toHaveText(/XAdES/);
    expect(".o_ksef_next").toHaveClass("o_ksef_btn_blue");
    expect(".o_ksef_signing_link").toHaveCount(0);
});

test("a certificate connects in the same window, without a signature", async () => {
    takeCertificates();
    await openWindow(VIEW, {
        go: CERTIFICATE,
        connect: VERIFYING,
        follow: { ...VIEW, step: "done", result: "connected" },
    });
    await contains(".o_ksef_own_certificate").click();
    expect(".o_ksef_connect_with").not.toBeEnabled();
    await choose("ksef.crt");
    await choose("ksef.key");
    await contains("#o_ksef_certificate_password").edit("tajne");
    await connect();
    expect.verifySteps(["go certificate", 'load [[1],["eA==","eA=="],"tajne"]', "connect"]);
    expect(".o_ksef_verify").toHaveText(/logging in to KSeF with the certificate/);
    await advanceTime(2000);
    await animationFrame();
    expect.verifySteps(["follow"]);
    expect(".o_ksef_authorization").toHaveCount(0);
    expect(".o_notification").toHaveText(/The connection to KSeF is active/);
});

test("files of any name may be chosen, and one of the same name replaces its forerunner", async () => {
    await openWindow(CERTIFICATE);
    expect(".o_ksef_certificate_files").not.toHaveAttribute("accept");
    await choose("a.crt", "b.key", "c.crt", "d.key");
    await choose("b.key");
    expect(queryAllTexts(".o_ksef_file_name")).toEqual(["a.crt", "c.crt", "d.key", "b.key"]);
});

test("what is wrong with the files is told, and they stay chosen", async () => {
    takeCertificates({ problem: { text: "Wrong password.", action: "", technical: "" } });
    await openWindow(CERTIFICATE);
    await choose("ksef.p12");
    await connect();
    expect.verifySteps(['load [[1],["eA=="],""]']);
    expect(".o_ksef_note_stop strong").toHaveText("Wrong password.");
    expect(".o_ksef_connect_with").toBeEnabled();
});

test("who goes back leaves neither files nor password behind", async () => {
    takeCertificates();
    await openWindow(CERTIFICATE, { go: VIEW });
    await choose("ksef.p12");
    await contains("#o_ksef_certificate_password").edit("tajne");
    await contains(".o_ksef_back").click();
    expect.verifySteps(["go download"]);
    expect(".o_ksef_ways").toBeVisible();
});

test("the password is asked first, then the window comes back", async () => {
    onRpc("res.company", "l10n_pl_ksef_confirm", () => {
        expect.step("question");
        return { type: "ir.actions.client", tag: "password_of_the_test" };
    });
    onRpc("res.company", "l10n_pl_ksef_open_authorization", () => {
        expect.step("open");
        return CLOSE;
    });
    registry.category("actions").add("password_of_the_test", (env, action, options) => {
        expect.step("asked");
        return options.onClose();
    });
    await openWindow(VIEW, { go: CERTIFICATE });
    await contains(".o_ksef_own_certificate").click();
    await animationFrame();
    expect.verifySteps(["question", "go certificate", "asked", "open"]);
});

test("who takes over signs: no certificate is offered", async () => {
    const take_over = { name: "Róża Żółć", masked: "", text: "Sign.", is_same: false };
    await openWindow({ ...VIEW, take_over });
    expect(".o_ksef_way").toHaveCount(2);
});

test("a refusal of the signature's kind names the two other ways, each with a button", async () => {
    takeCertificates();
    const problem = { text: "No.", action: "Otherwise.", technical: "", final: true };
    const refused = { ...problem, way_back: "other_way", other_ways: ["program", "certificate"] };
    await openWindow({ ...UPLOAD, ...SIGNED, problem: refused }, { go: CERTIFICATE });
    expect(queryAllTexts(".o_ksef_way_back")).toEqual([
        "Sign in my own program",
        "Load a KSeF certificate",
    ]);
    await contains(".o_ksef_way_back:eq(1)").click();
    await animationFrame();
    expect.verifySteps(["go certificate"]);
    expect(".o_ksef_choose_certificate").toBeVisible();
});

test("a file that was signed in a way of no use offers the others", async () => {
    const pdf = { code: "pdf", level: "stop", text: "A PDF.", action: "Sign the XML.", evidence: "" };
    const findings = [{ ...pdf, other_ways: ["site", "certificate"] }];
    const reading = { signer: false, can_send: false, findings };
    patchWithCleanup(HTMLAnchorElement.prototype, { click() {} });
    await openWindow(
        { ...UPLOAD, document: SIGNED.document, reading },
        { go: VIEW, prepare_download: SIGN }
    );
    expect(queryAllTexts(".o_ksef_other_way")).toEqual([
        "Sign at moj.gov.pl",
        "Load a KSeF certificate",
    ]);
    await contains(".o_ksef_other_way:eq(0)").click();
    expect.verifySteps(["go download", "prepare_download site"]);
});

test("a refused certificate makes room for another one", async () => {
    const problem = { text: "No.", action: "Otherwise.", technical: "", final: true };
    const other_ways = ["certificate", "site", "program"];
    await openWindow({ ...CERTIFICATE, problem: { ...problem, way_back: "other_way", other_ways } });
    await choose("ksef.p12");
    expect(".o_ksef_way_back:eq(0)").toHaveText("Load another certificate");
    await contains(".o_ksef_way_back:eq(0)").click();
    expect(".o_ksef_file_name").toHaveCount(0);
    expect(".o_ksef_choose_certificate").toBeFocused();
});

test("a login with the certificate that failed is tried again without its files", async () => {
    const problem = { text: "KSeF is down.", action: "Later.", technical: "", final: false };
    await openWindow(
        { ...CERTIFICATE, problem: { ...problem, way_back: "wait" } },
        { connect: VERIFYING }
    );
    await contains(".o_ksef_way_back").click();
    expect.verifySteps(["connect"]);
    expect(".o_ksef_verify").toBeVisible();
});
