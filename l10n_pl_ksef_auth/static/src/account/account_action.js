import { Component, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { afterPassword } from "../connection/after_password";
import { KsefConnectionPanel } from "../connection/connection_panel";
import { dateAndTime } from "../connection/dates";
import { KsefProblem } from "../connection/problem";
import { KsefRefusal, refusalOf } from "../connection/refusal";
import { AccountCertificates } from "./account_certificates";
import { AccountChoice } from "./account_choice";
import { AccountCompanies } from "./account_companies";
import { AccountConsent } from "./account_consent";
import { AccountIdentity } from "./account_identity";
import { AccountOffline } from "./account_offline";
import { AccountOptions } from "./account_options";
import { AccountSessions } from "./account_sessions";
import { DisconnectDialog } from "./disconnect_dialog";
import { LoadCertificateDialog } from "./load_certificate_dialog";

/** Milliseconds between two looks at a certificate that is being renewed. */
const LOOK_MS = 15000;

/**
 * The screen "Account" (Konto): what the connection stands on, here and at
 * KSeF side by side, and how to change it.
 */
export class KsefAccountAction extends Component {
    static template = "l10n_pl_ksef_auth.AccountAction";
    static components = {
        AccountCertificates,
        AccountChoice,
        AccountCompanies,
        AccountConsent,
        AccountIdentity,
        AccountOffline,
        AccountOptions,
        AccountSessions,
        Dropdown,
        DropdownItem,
        KsefConnectionPanel,
        KsefProblem,
        KsefRefusal,
        Layout,
    };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.connections = useService("l10n_pl_ksef");
        this.state = useState({ account: null, refusal: "", running: "" });
        onWillStart(async () => {
            this.state.refusal = await refusalOf(this.refreshBy("l10n_pl_ksef_account"));
        });
        onWillDestroy(() => browser.clearTimeout(this.timer));
    }

    get companyId() {
        return this.props.action.params?.company_id || user.activeCompany.id;
    }

    get account() {
        return this.state.account;
    }

    get isBusy() {
        return Boolean(this.state.running);
    }

    get isConnected() {
        return this.account.panel.tick !== "no";
    }

    get askedAt() {
        const { asked_at } = this.account;
        return asked_at
            ? _t("Compared with KSeF on %(date)s.", { date: dateAndTime(asked_at) })
            : _t("Not compared with KSeF yet.");
    }

    /** Calls a method that returns the whole account, shows it, and compares it with KSeF. */
    async refreshBy(method, ...args) {
        this.show(await this.rpc(method, ...args));
    }

    /** The same where the method may want the user's password first. */
    async refreshAfterPassword(method, ...args) {
        const answer = await this.rpcAfterPassword([this.companyId], method, ...args);
        if (!answer.confirm) {
            this.show(answer);
        }
    }

    /** Shows an account, and compares it with KSeF. */
    show(answer) {
        this.receive(answer);
        if (this.isConnected && !this.account.problem) {
            this.compare();
        }
    }

    /** Calls a method of the company; the screen is busy meanwhile. */
    rpc(method, ...args) {
        return this.rpcFor([this.companyId], method, ...args);
    }

    /** The same for several companies. */
    async rpcFor(ids, method, ...args) {
        this.state.running = method;
        try {
            return await this.orm.call("res.company", method, [ids, ...args]);
        } finally {
            this.state.running = "";
        }
    }

    /** Calls a method that may want the user's password first: it returns `confirm` then. */
    rpcAfterPassword(ids, method, ...args) {
        return afterPassword(this.action, () => this.rpcFor(ids, method, ...args));
    }

    /** Shows an account. One with a problem keeps what KSeF listed before. */
    receive(answer) {
        const { asked_at, certificates, sessions } = this.account || {};
        const isKept = answer.problem && asked_at && !answer.asked_at;
        this.state.account = isKept ? { ...answer, asked_at, certificates, sessions } : answer;
        this.connections.receive(this.companyId, answer.panel);
        this.lookAgain();
    }

    /** While a certificate is being renewed, looks again and again; KSeF is asked at the end. */
    lookAgain() {
        browser.clearTimeout(this.timer);
        if (isRenewing(this.account)) {
            this.timer = browser.setTimeout(() => this.look(), LOOK_MS);
        }
    }

    async look() {
        const account = await this.orm.silent.call("res.company", "l10n_pl_ksef_account", [
            [this.companyId],
        ]);
        if (isRenewing(account)) {
            this.lookAgain();
        } else {
            await this.refreshBy("l10n_pl_ksef_account");
        }
    }

    /** Calls a method that returns an action, maybe by way of the user's password, and runs it. */
    async runAction(method, ...args) {
        const action = await this.orm.call("res.company", method, [[this.companyId], ...args]);
        // The action opens this screen again, in place of the present one.
        return this.action.doAction(action, { stackPosition: "replaceCurrentAction" });
    }

    /** Shows what KSeF lists beside what this Odoo has. */
    async compare() {
        this.receive(await this.rpc("l10n_pl_ksef_account_at_ksef"));
    }

    /** A separate certificate for this Odoo, for logging in unless `usage` is "offline". */
    issueCertificate(usage) {
        const args = usage === "offline" ? [usage] : [];
        return this.refreshAfterPassword("l10n_pl_ksef_issue_certificate", ...args);
    }

    /** For the certificate's owner, whose consent did not name this one. */
    issueOffline() {
        return this.refreshAfterPassword("l10n_pl_ksef_issue_offline");
    }

    /** For the signer, who signed without a certificate. */
    issueWithConsent() {
        const { offline } = this.account.consent;
        return this.refreshAfterPassword("l10n_pl_ksef_issue_with_consent", offline);
    }

    /** Tells what keeps a certificate from being renewed; returns that, and what is left. */
    async termsOfRenewal(serialNumber) {
        const terms = await this.rpc("l10n_pl_ksef_terms_of_renewal", serialNumber);
        this.receive({ ...this.account, problem: terms.problem });
        return terms;
    }

    renewCertificate(serialNumber) {
        return this.refreshAfterPassword("l10n_pl_ksef_renew_certificate", serialNumber);
    }

    /** Agrees to the numbers of some companies with one password; returns whether that was given. */
    async agree(companies) {
        const numbers = Object.fromEntries(companies.map(({ id, number }) => [id, number]));
        const ids = companies.map(({ id }) => id);
        const answer = await this.rpcAfterPassword(ids, "l10n_pl_ksef_agree", numbers);
        return !answer.confirm;
    }

    /** Returns what kept the settings from being saved: `invalid` or `stops`; else the account. */
    async saveOptions(values, confirmed) {
        const answer = await this.rpc("l10n_pl_ksef_save_options", values, confirmed);
        if (answer.panel) {
            this.show(answer);
        }
        return answer;
    }

    loadCertificate() {
        this.dialog.add(LoadCertificateDialog, {
            load: (files, password) => this.onLoad(files, password),
        });
    }

    /** Returns the answer to the window of the files, which tells what is wrong with them. */
    async onLoad(files, password) {
        const answer = await this.rpcAfterPassword(
            [this.companyId],
            "l10n_pl_ksef_load_certificate",
            files,
            password,
            true
        );
        if (!answer.confirm && !answer.problem) {
            this.receive(answer);
            this.compare();
        }
        return answer;
    }

    revokeCertificate(serialNumber, reason) {
        return this.runAction("l10n_pl_ksef_revoke_certificate", serialNumber, reason);
    }

    /** Closes one login at KSeF; without a reference number, all but the one in use. */
    revokeSession(referenceNumber) {
        return this.runAction("l10n_pl_ksef_revoke_session", referenceNumber || null);
    }

    /** Asks for the user's password, then opens the window in which somebody else signs. */
    async takeOver(revoke) {
        const action = await this.rpc("l10n_pl_ksef_take_over", revoke);
        return this.action.doAction(action, {
            onClose: () => this.refreshBy("l10n_pl_ksef_account"),
        });
    }

    disconnect() {
        this.dialog.add(DisconnectDialog, {
            hasCertificate: this.account.certificates.some(
                (row) => row.can_revoke && row.here && row.usage === "login"
            ),
            disconnect: (revokeCertificate) =>
                this.runAction("l10n_pl_ksef_disconnect", revokeCertificate),
        });
    }
}

function isRenewing(account) {
    return account.certificates.some((row) => row.is_renewing);
}

registry.category("actions").add("l10n_pl_ksef_account", KsefAccountAction);
