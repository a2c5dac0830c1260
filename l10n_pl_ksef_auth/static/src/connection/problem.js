import { Component } from "@odoo/owl";

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

    get role() {
        return this.props.level === "stop" ? "alert" : "status";
    }
}
