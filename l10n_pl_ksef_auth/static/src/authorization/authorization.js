import { Component, onWillDestroy, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { CertificateFiles, ChosenCertificate } from "../certificate_files/certificate_files";
import { KsefProblem } from "../connection/problem";
import { KsefHelpLink } from "../help/help_link";
import { Countdown } from "./countdown";
import { SignStep } from "./sign_step";
import { StepBar } from "./step_bar";
import { TakeOverNote } from "./take_over_note";
import { UploadStep } from "./upload_step";
import { VerifyStep } from "./verify_step";
import { WaysStep } from "./ways_step";

const MODEL = "l10n_pl_ksef.authorization";
/** Milliseconds between two questions whether KSeF has decided. */
const FOLLOW_MS = 2000;
const NEXT_STEP = { download: "sign", sign: "upload" };
const PREVIOUS_STEP = { sign: "download", upload: "sign", certificate: "download" };
/** What is mended at the first step by that step's own button. */
const HAS_OWN_BUTTON = ["sign", "new_file", "wait", "support"];
const STEP_TITLES = {
    download: _t("Step 1 of 3: choose how to connect"),
    sign: _t("Step 2 of 3: sign the file"),
    upload: _t("Step 3 of 3: attach the signed document"),
    certificate: _t("Load a KSeF certificate"),
    verify: _t("KSeF is checking the login"),
    done: _t("KSeF has answered"),
};

/**
 * The window "Account authorization" (Autoryzacja konta).
 *
 * The server's record holds the whole state; this component shows the answer
 * of the last call, so closing and opening again loses nothing.
 */
export class KsefAuthorization extends Component {
    static template = "l10n_pl_ksef_auth.Authorization";
    static components = {
        CertificateFiles,
        Countdown,
        KsefHelpLink,
        KsefProblem,
        SignStep,
        StepBar,
        TakeOverNote,
        UploadStep,
        VerifyStep,
        WaysStep,
    };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.connections = useService("l10n_pl_ksef");
        this.state = useState({ view: null, running: "", expired: false });
        this.chosen = useState(
            new ChosenCertificate((...certificate) => this.sendCertificate(...certificate))
        );
        this.downloadLink = useRef("download");
        this.heading = useRef("heading");
        this.isAlive = true;
        this.isFinished = false;
        // Not always the active one: a refused invoice leads here for its own company.
        this.companyId = this.props.action.params.company_id || user.activeCompany.id;
        this.connections.hold(this.companyId);
        onWillStart(() => this.call("view"));
        onWillDestroy(() => {
            this.isAlive = false;
            browser.clearTimeout(this.timer);
            this.connections.release(this.companyId, { isFinished: this.isFinished });
        });
        useEffect(
            () => {
                this.focusHeading();
            },
            () => [this.view.step]
        );
    }

    /** After the dialog has noted where the focus was, so that it can give it back. */
    async focusHeading() {
        await Promise.resolve();
        this.heading.el?.focus({ preventScroll: true });
    }

    get view() {
        return this.state.view;
    }

    get isBusy() {
        return Boolean(this.state.running) || this.chosen.isLoading;
    }

    get hasFile() {
        return Boolean(this.view.challenge) && !this.state.expired;
    }

    /** The way of the file: downloaded, signed, uploaded. */
    get isOfFile() {
        return ["download", "sign", "upload"].includes(this.view.step);
    }

    get isVerifying() {
        return ["verify", "done"].includes(this.view.step);
    }

    /** A download leads on by itself; without a file there is nothing to sign. */
    get nextStep() {
        return (this.hasFile || this.view.step !== "download") && NEXT_STEP[this.view.step];
    }

    get canGoBack() {
        return this.view.step in PREVIOUS_STEP;
    }

    /** A signature on a file that has run out would be refused: say so before. */
    get needsNewFile() {
        const needsFile = ["sign", "upload"].includes(this.view.step);
        return needsFile && !this.hasFile && !this.view.reading?.can_send && !this.view.problem;
    }

    /** The file that was signed too late says so itself. */
    get isExpiryTold() {
        const { findings = [] } = this.view.reading || {};
        return findings.some((finding) => finding.code === "outdated_challenge");
    }

    get closeLabel() {
        return this.isVerifying ? _t("Close") : _t("Cancel");
    }

    get stepTitle() {
        return STEP_TITLES[this.view.step];
    }

    /** The buttons that lead on: mostly one; the first step has its own for a new file. */
    get waysBack() {
        const { way_back: wayBack, other_ways: otherWays } = this.view.problem || {};
        if (wayBack === "other_way") {
            return this.toWays(otherWays);
        }
        if (this.view.step === "download" && HAS_OWN_BUTTON.includes(wayBack)) {
            return [];
        }
        return [this.waysOn[wayBack]].filter(Boolean);
    }

    /** The buttons that lead to some of the three ways. */
    toWays(ways) {
        const buttons = {
            site: { label: _t("Sign at moj.gov.pl"), run: () => this.newFile("site") },
            program: { label: _t("Sign in my own program"), run: () => this.newFile("program") },
            certificate: {
                label: _t("Load a KSeF certificate"),
                run: () => this.chooseCertificate(),
            },
        };
        return ways.map((way) => buttons[way]);
    }

    get waysOn() {
        const newFile = { label: _t("Download a new file"), run: () => this.newFile() };
        const again = { label: _t("Try again"), run: () => this.retry() };
        const account = { label: _t("Go to Account"), run: () => this.openAccount() };
        // Who may not open Odoo's settings finds those for KSeF on the account screen.
        const settings = user.isSystem
            ? { label: _t("Open the settings"), run: () => this.openSettings() }
            : account;
        return {
            sign: newFile,
            new_file: newFile,
            other_file: { label: _t("Choose another file"), run: () => this.otherFile() },
            wait: again,
            // Once support has helped; what KSeF refused for good it refuses a second time.
            support: this.view.problem?.final ? newFile : again,
            account,
            settings,
            // Only an administrator may write there; the sentence says whom to ask.
            company: user.isSystem && {
                label: _t("Open the company's data"),
                run: () => this.openCompany(),
            },
        };
    }

    /** Runs a method of the server's record; its buttons rest meanwhile. */
    async rpc(method, ...args) {
        this.state.running = method;
        try {
            return await this.orm.silent.call(MODEL, method, [
                [this.props.action.params.wizard_id],
                ...args,
            ]);
        } finally {
            this.state.running = "";
        }
    }

    /** Runs a method of the server's record and shows its answer. */
    async call(method, ...args) {
        const view = await this.rpc(method, ...args);
        if (this.isAlive) {
            this.receive(view);
        }
        return view;
    }

    receive(view) {
        this.state.view = view;
        this.state.expired = Boolean(view.challenge) && view.challenge.seconds_left <= 0;
        if (["connected", "limited"].includes(view.result)) {
            this.isFinished = true;
            this.close();
        } else if (view.step === "verify" && !view.result && !view.problem) {
            this.timer = browser.setTimeout(() => this.follow(), FOLLOW_MS);
        }
    }

    /** Asks again while KSeF decides; a lost connection to Odoo only delays it. */
    async follow() {
        try {
            await this.call("follow");
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
            this.timer = browser.setTimeout(() => this.follow(), 5 * FOLLOW_MS);
        }
    }

    /** Fetches a fresh request and lets the browser save it, never open it. */
    async download(way = this.view.way) {
        const view = await this.call("prepare_download", way);
        if (view.download_url && !view.problem && this.isAlive) {
            this.downloadLink.el.href = view.download_url;
            this.downloadLink.el.click();
        }
    }

    async newFile(way) {
        if (this.view.step !== "download") {
            await this.call("go", "download");
        }
        await this.download(way);
    }

    /** Goes to the step of the certificate, by way of the user's own password. */
    async chooseCertificate() {
        if (this.isBusy) {
            return;
        }
        // Two questions at once would close each other.
        this.state.running = "confirm";
        let question;
        try {
            question = await this.orm.call("res.company", "l10n_pl_ksef_confirm", [
                [this.companyId],
            ]);
        } finally {
            this.state.running = "";
        }
        if (question.type === "ir.actions.act_window_close") {
            await this.call("go", "certificate");
        } else {
            await this.rpc("go", "certificate");
            await this.ask(question);
        }
    }

    /** Gives way to the question for the password, and comes back: Odoo shows one such window. */
    async ask(question) {
        await this.close();
        await this.action.doAction(question, {
            // Not awaited: Odoo forgets the window that is open when this has ended.
            onClose: () => {
                this.connections.openAuthorization(this.companyId);
            },
        });
    }

    async sendCertificate(files, password) {
        const answer = await this.orm.call("res.company", "l10n_pl_ksef_load_certificate", [
            [this.companyId],
            files,
            password,
        ]);
        if (answer.confirm) {
            await this.ask(answer.confirm);
        }
        return answer;
    }

    async loadCertificate() {
        if (await this.chosen.load()) {
            this.chosen.clear();
            await this.call("connect");
        }
    }

    async otherFile() {
        await this.call("detach");
        if (this.view.step !== "upload") {
            await this.call("go", "upload");
        }
    }

    retry() {
        const methods = {
            download: () => this.download(),
            upload: () => this.call("authenticate"),
            certificate: () => this.call("connect"),
        };
        return (methods[this.view.step] || (() => this.call("follow")))();
    }

    next() {
        return this.call("go", this.nextStep);
    }

    authenticate() {
        return this.call("authenticate");
    }

    back() {
        this.chosen.clear();
        return this.call("go", PREVIOUS_STEP[this.view.step]);
    }

    async onExpired() {
        this.state.expired = true;
        await this.call("view");
    }

    close() {
        return this.action.doAction({ type: "ir.actions.act_window_close" });
    }

    async openAccount() {
        await this.close();
        await this.connections.openAccount(this.companyId);
    }

    async openCompany() {
        await this.close();
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.company",
            res_id: this.companyId,
            views: [[false, "form"]],
        });
    }

    async openSettings() {
        await this.close();
        await this.action.doAction("account.action_account_config");
    }
}

registry.category("actions").add("l10n_pl_ksef_authorization", KsefAuthorization);
