import { Component } from "@odoo/owl";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { _t } from "@web/core/l10n/translation";
import { withWholeNumbers } from "./whole_numbers";

const ADDRESS = /(https:\/\/[^\s]+)/;

/**
 * What happened, what to do, and KSeF's own words for whoever gives support.
 * The button of the way back comes in the default slot.
 */
export class KsefProblem extends Component {
    static template = "l10n_pl_ksef_auth.Problem";
    static components = { CopyButton };
    static props = {
        problem: {
            type: Object,
            shape: { text: String, "*": true },
        },
        level: { type: String, optional: true },
        slots: { type: Object, optional: true },
    };
    static defaultProps = { level: "stop" };

    get text() {
        return withWholeNumbers(this.props.problem.text);
    }

    /** What to do may name a page to go to. */
    get actionParts() {
        const parts = this.props.problem.action.split(ADDRESS);
        return parts.map((part, index) =>
            index % 2 ? { text: part, isLink: true } : { text: withWholeNumbers(part) }
        );
    }

    get copied() {
        return _t("Copied");
    }

    /** All that somebody else needs to understand it. */
    get forSupport() {
        const { text, action, technical } = this.props.problem;
        return [text, action, technical].filter(Boolean).join("\n");
    }

    get role() {
        return this.props.level === "stop" ? "alert" : "status";
    }
}
