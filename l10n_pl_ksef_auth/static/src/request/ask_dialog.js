import { Component, markup, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { dateAndTime } from "../connection/dates";
import { withWholeNumbers } from "../connection/whole_numbers";
import { KsefLooking } from "./looking";
import { PRICES } from "./prices";

const LIVES = [
    { hours: 24, name: _t("1 day") },
    { hours: 72, name: _t("3 days") },
    { hours: 168, name: _t("7 days") },
    { hours: 720, name: _t("30 days") },
];

/** Asks somebody without an account for a signature, and shows who was asked so far. */
export class AskDialog extends Component {
    static template = "l10n_pl_ksef_auth.AskDialog";
    static components = { Dialog, KsefLooking };
    static props = {
        close: Function,
        companyId: Number,
        purpose: { type: String, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({
            view: null,
            asked: {},
            link: null,
            isBusy: false,
            isCopied: false,
        });
        this.lives = LIVES;
        this.copyLabel = _t("Copy");
        this.copied = _t("Copied");
        this.begin();
    }

    /** KSeF is asked for rights first, which may take seconds: the window says so meanwhile. */
    async begin() {
        try {
            await this.call("l10n_pl_ksef_requests");
        } finally {
            if (!this.state.view) {
                this.props.close();
            }
        }
    }

    /** What is asked for before anybody has changed it. */
    proposed({ languages, hours, purposes, signer_name, signer_email }) {
        const isOffered = purposes.some(({ id }) => id === this.props.purpose);
        const purpose = isOffered ? this.props.purpose : purposes[0].id;
        return { signer_name, signer_email, lang: languages[0].id, hours, purpose };
    }

    get lead() {
        const { company_name, number } = this.state.view;
        return _t(
            "Somebody without an account signs for %(company)s (%(number)s), on a page behind a link.",
            {
                company: markup`<strong>${company_name}</strong>`,
                number: withWholeNumbers(number),
            }
        );
    }

    get whoSets() {
        return _t("An administrator sets it: %(names)s.", { names: this.state.view.set_by });
    }

    get whereTo() {
        const address = markup`<strong>${this.state.view.address}</strong>`;
        return _t("The link begins with %(address)s.", { address });
    }

    /** What may be asked for, each with its price where it has one. */
    get purposes() {
        return this.state.view.purposes.map(({ id, name }) => ({
            id,
            text: PRICES[id]?.(1) ?? name,
        }));
    }

    get canLink() {
        return Boolean(this.state.asked.signer_name.trim()) && !this.state.isBusy;
    }

    get canMail() {
        return this.canLink && Boolean(this.state.asked.signer_email.trim());
    }

    /** Without https, browsers give no clipboard: the link is marked when it has the focus. */
    get canCopy() {
        return Boolean(browser.navigator.clipboard);
    }

    until(request) {
        return _t("until %(date)s", { date: dateAndTime(request.until) });
    }

    /** What has happened to a request, in one line. */
    events(request) {
        return request.events.map(({ text, at }) => `${text} ${dateAndTime(at)}`).join(" · ");
    }

    async ask(by) {
        const asked = { ...this.state.asked, by };
        const isDone = await this.call("l10n_pl_ksef_ask", asked);
        if (isDone) {
            Object.assign(this.state.asked, { signer_name: "", signer_email: "" });
        }
    }

    change(method, request) {
        return this.call(method, request.id);
    }

    async call(method, ...args) {
        if (this.state.isBusy) {
            return false;
        }
        Object.assign(this.state, { isBusy: true, isCopied: false, link: null });
        try {
            const view = await this.orm.call("res.company", method, [
                [this.props.companyId],
                ...args,
            ]);
            const asked = this.state.view ? this.state.asked : this.proposed(view);
            Object.assign(this.state, { view, asked, link: view.link ? view : null });
            return true;
        } finally {
            this.state.isBusy = false;
        }
    }

    async copy() {
        await browser.navigator.clipboard.writeText(this.state.link.link);
        this.state.isCopied = true;
    }

    /** Rights that the client gave are accepted where they are listed: nobody has to sign. */
    async showRights() {
        const args = [[this.props.companyId]];
        const action = await this.orm.call("res.company", "l10n_pl_ksef_ask_for_rights", args);
        this.props.close();
        return this.action.doAction(action);
    }

    setAddress() {
        return this.action.doAction("l10n_pl_ksef_auth.action_link_address", {
            onClose: () => this.call("l10n_pl_ksef_requests"),
        });
    }
}
