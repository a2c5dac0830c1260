import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { PRICES } from "../request/prices";

/** Hours that a link may live; the server's own choice stands first. */
const HOURS = [24, 72, 168, 720];

/** Neither connected nor under way. */
export const isOpen = ({ state }) => state === "todo" || state === "failed";
/** Where something is to be known first, one decides; what can connect is tried first. */
const isToBeAsked = ({ text, is_there }) => !text || is_there;
/** What is there connects without a signature. */
const isToBeSigned = ({ text, is_there }) => !text && !is_there;

/** Whom to ask for which company, shown and corrected before a mail leaves. */
export class BatchAsk extends Component {
    static template = "l10n_pl_ksef_auth.BatchAsk";
    static props = { view: Object, isRunning: Boolean, ask: Function };

    setup() {
        const { asking, lines } = this.props.view;
        this.state = useState({
            lang: asking.languages[0].id,
            hours: asking.hours,
            purpose: asking.purposes[0].id,
            rows: Object.fromEntries(
                lines.map((line) => [
                    line.id,
                    {
                        signer_name: line.signer_name,
                        signer_email: line.signer_email,
                        isChosen: isOpen(line) && isToBeAsked(line),
                    },
                ])
            ),
        });
    }

    get asking() {
        return this.props.view.asking;
    }

    /** Who is asked already needs no row to be filled in. */
    get open() {
        return this.props.view.lines.filter(isOpen);
    }

    get chosen() {
        return this.open.filter(({ id }) => this.state.rows[id].isChosen);
    }

    get lives() {
        return HOURS.map((hours) => ({
            hours,
            label: hours < 48 ? _t("24 hours") : _t("%(days)s days", { days: hours / 24 }),
        }));
    }

    /** These connect without anybody, before the others are asked. */
    get isAnyThere() {
        return this.chosen.some(({ is_there }) => is_there);
    }

    get sendLabel() {
        return _t("Send the links (%(count)s)", { count: this.chosen.length });
    }

    /** What may be asked for, each with its price: how many signatures, and what stays in Odoo. */
    get prices() {
        return this.asking.purposes.map(({ id }) => {
            const chosen = this.chosen.filter(({ is_there }) => !is_there);
            const now = id === this.state.purpose && chosen.length;
            // Where no company is proposed, what all of them would cost.
            const proposed = this.asked(id, isToBeSigned).size;
            const count = now || proposed || this.asked(id, () => true).size;
            return { id, text: PRICES[id](count) };
        });
    }

    /** One certificate of a signer connects the others of his companies: one signature each. */
    asked(purpose, isProposed = isToBeAsked) {
        const signers = new Set();
        const isAsked = (line) => {
            const { signer_email: email } = this.state.rows[line.id];
            const isKnown = purpose === "connect" && email && signers.has(email);
            signers.add(email);
            return isProposed(line) && !isKnown;
        };
        return new Set(this.open.filter(isAsked).map(({ id }) => id));
    }

    onPurpose(purpose) {
        this.state.purpose = purpose;
        const asked = this.asked(purpose);
        for (const { id } of this.open) {
            this.state.rows[id].isChosen = asked.has(id);
        }
    }

    onSend() {
        const rows = this.chosen.map(({ id }) => {
            const { signer_name, signer_email } = this.state.rows[id];
            return { id, signer_name, signer_email };
        });
        const { lang, hours, purpose } = this.state;
        return this.props.ask(rows, lang, Number(hours), purpose);
    }
}
