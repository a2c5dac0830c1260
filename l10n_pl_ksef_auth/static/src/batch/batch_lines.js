import { Component } from "@odoo/owl";

const MARKS = {
    todo: { icon: "fa-circle-o", color: "text-muted" },
    running: { icon: "fa-circle-o-notch fa-spin", color: "o_ksef_amber" },
    done: { icon: "fa-check-circle", color: "o_ksef_green" },
    failed: { icon: "fa-times-circle", color: "o_ksef_red" },
};

/** The table of companies, each with what became of it. */
export class BatchLines extends Component {
    static template = "l10n_pl_ksef_auth.BatchLines";
    static props = { lines: Array, hasFiles: Boolean };

    mark({ state }) {
        return MARKS[state];
    }

    /** What stands beside a company: how it ended, else what was read from its file. */
    texts({ text, findings }) {
        return text ? [text] : findings;
    }
}
