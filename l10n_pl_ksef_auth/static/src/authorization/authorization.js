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
import { withWholeNumbers } from "../connection/whole_numbers";
import { KsefHelpLink } from "../help/help_link";
import { ConsentQuestion } from "./consent_question";
import { confirmation } from "./consent_words";
import { Countdown } from "./countdown";
import { StepBar } from "./step_bar";
import { TakeOverNote } from "./take_over_note";
import { UploadStep } from "./upload_step";
import { VerifyStep } from "./verify_step";
import { toWays, waysBack } from "./ways_back";
import { WaysStep } from "./ways_step";

const MODEL = "l10n_pl_ksef.authorization";
/** Milliseconds between two questions whether KSeF has decided. */
const FOLLOW_MS = 2000;
const NEXT_STEP = { download: "sign", sign: "upload" };
const PREVIOUS_STEP = { sign: "download", upload: "sign", certificate: "download" };
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
        ConsentQuestion,
        Countdown,
        KsefHelpLink,
        KsefProblem,
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
        this.state = useState({ view: null, running: "", ranOut: "", isSiteOpened: false });
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
            () => [this.screen]
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

    /** Whether a file was downloaded that may still be signed. */
    get hasFile() {
        return this.lives(this.view.challenge);
    }

    /** The time left that is shown: that of the attached file, else of the one to be signed. */
    get countdown() {
        const { step, challenge, reading } = this.view;
        const shown = (step === "upload" && reading && reading.challenge) || challenge;
        return this.lives(shown) && shown;
    }

    lives(challenge) {
        const { seconds_left: left, expires_at: end } = challenge || {};
        return Boolean(left > 0 && end !== this.state.ranOut);
    }

    /** A download turns a card of the first screen into the steps of signing. */
    get screen() {
        return this.view.step === "sign" ? "download" : this.view.step;
    }

    /** Only the company's own data keep it from going on. */
    get isBlocked() {
        return this.view.blocked && !this.isVerifying;
    }

    /** The way of the file: downloaded, signed, uploaded. */
    get isOfFile() {
        return ["download", "sign", "upload"].includes(this.view.step);
    }

    get isVerifying() {
        return ["verify", "done"].includes(this.view.step);
    }

    get hasNext() {
        return this.view.step in NEXT_STEP && !this.isBlocked;
    }

    get canGoBack() {
        return this.view.step in PREVIOUS_STEP;
    }

    /** A signature on a file that has run out would be refused: say so before. */
    get needsNewFile() {
        const { step, reading, problem } = this.view;
        // A file that was signed too late, or for another company, says itself what to do.
        const isTold =
            reading && reading.findings.some((one) => one.needs_download || one.switch_to);
        return step === "upload" && !this.hasFile && !reading?.can_send && !problem && !isTold;
    }

    /** The signing has the button that leads on, until it was pressed. */
    get nextClass() {
        const { step, way } = this.view;
        const isFirst = step === "sign" && way === "site" && !this.state.isSiteOpened;
        return isFirst ? "btn-secondary" : "o_ksef_btn_blue";
    }

    get canSend() {
        return this.view.step === "upload" && Boolean(this.view.reading?.can_send);
    }

    /** A certificate is issued for the connection alone. */
    get asksConsent() {
        return this.canSend && !this.view.errand;
    }

    get confirmation() {
        return confirmation(this.view.reading.signer?.name, this.view.offline);
    }

    get canAuthenticate() {
        return this.canSend && Boolean(this.view.answer || this.view.errand);
    }

    get closeLabel() {
        return this.isVerifying ? _t("Close") : _t("Cancel");
    }

    get errandTitle() {
        return withWholeNumbers(this.view.errand.title);
    }

    get stepTitle() {
        return STEP_TITLES[this.view.step];
    }

    get waysBack() {
        return waysBack(this.view.problem, this);
    }

    toWays(ways) {
        return toWays(ways, this);
    }

    /** Does what a button is for. A pressed one keeps the focus, so it is not disabled meanwhile. */
    press(action) {
        return this.isBusy ? undefined : action();
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
        if (["connected", "limited"].includes(view.result)) {
            this.isFinished = true;
            this.close();
        } else if (view.result) {
            // What was done for the office is said before the window closes.
            this.isFinished = true;
        } else if (view.step === "verify" && !view.problem) {
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
        this.state.isSiteOpened = false;
        const view = await this.call("prepare_download", way);
        if (view.download_url && !view.problem && this.isAlive) {
            this.downloadLink.el.href = view.download_url;
            this.downloadLink.el.click();
        }
    }

    async newFile(way) {
        if (this.screen !== "download") {
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

    /** Makes room for the files of another certificate. */
    otherCertificate() {
        this.chosen.clear();
        document.querySelector(".o_ksef_choose_certificate").focus();
    }

    /** Goes on in the window of the company that the attached file is for. */
    async changeCompany(companyId) {
        const action = await this.rpc("change_company");
        await this.close();
        await this.action.doAction(action, { onClose: () => this.connections.load(companyId) });
    }

    /** Somebody else signs, elsewhere: that window takes this one's place. */
    async askForSignature() {
        await this.close();
        this.connections.askForSignature(this.companyId, this.view.purpose);
    }

    retry() {
        const methods = {
            download: () => this.download(),
            upload: () => this.authenticate(),
            certificate: () => this.call("connect"),
        };
        return (methods[this.view.step] || (() => this.call("follow")))();
    }

    next() {
        return this.call("go", NEXT_STEP[this.view.step]);
    }

    /** Shows the answer at once; whoever then sends the file waits until it is stored. */
    answer(answer) {
        this.view.answer = answer;
        this.answering = this.orm.silent.call(MODEL, "set_answer", [
            [this.props.action.params.wizard_id],
            answer,
        ]);
    }

    async authenticate() {
        await this.answering;
        return this.call("authenticate");
    }

    back() {
        this.chosen.clear();
        return this.call("go", PREVIOUS_STEP[this.view.step]);
    }

    async onExpired() {
        this.state.ranOut = this.countdown.expires_at;
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
        await this.connections.openCompany(this.view.company_id);
    }

    async openOffice() {
        await this.close();
        await this.action.doAction("l10n_pl_ksef_auth.action_office");
    }
}

registry.category("actions").add("l10n_pl_ksef_authorization", KsefAuthorization);
