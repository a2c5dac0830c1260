import { Component } from "@odoo/owl";

const ADDRESS = /(https:\/\/[^\s]+)/;

/**
 * What happened, what to do, and KSeF's own words for whoever gives support.
 * The button of the way back comes in the default slot.
 */
export class KsefProblem extends Component {
    static template = "l10n_pl_ksef_auth.Problem";
    static props = {
        problem: {
            type: Object,
            shape: { text: String, "*": true },
        },
        level: { type: String, optional: true },
        slots: { type: Object, optional: true },
    };
    static defaultProps = { level: "stop" };

    /** What to do may name a page to go to. */
    get actionParts() {
        const parts = this.props.problem.action.split(ADDRESS);
        return parts.map((text, index) => ({ text, isLink: index % 2 === 1 }));
    }

    get role() {
        return this.props.level === "stop" ? "alert" : "status";
    }
}
