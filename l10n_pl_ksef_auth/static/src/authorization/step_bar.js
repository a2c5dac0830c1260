import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const STEPS = [
    { id: "download", label: _t("Download") },
    { id: "sign", label: _t("Sign") },
    { id: "upload", label: _t("Attach") },
];

/** Where the user is on the way of three steps. */
export class StepBar extends Component {
    static template = "l10n_pl_ksef_auth.StepBar";
    static props = { step: String };

    get steps() {
        const current = STEPS.findIndex((step) => step.id === this.props.step);
        return STEPS.map((step, index) => ({
            ...step,
            number: index + 1,
            isCurrent: index === current,
            isDone: index < current,
        }));
    }
}
