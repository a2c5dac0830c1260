import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** How often to sign: one question with two equal answers, of which none is chosen beforehand. */
export class ConsentQuestion extends Component {
    static template = "l10n_pl_ksef_auth.ConsentQuestion";
    static props = {
        // What "only once" agrees to; the answer to it is called once or both.
        confirmation: String,
        once: { type: String, optional: true },
        answer: [String, Boolean],
        onAnswer: Function,
    };
    static defaultProps = { once: "once" };

    get answers() {
        const { once, confirmation } = this.props;
        return [
            {
                id: "weekly",
                title: _t("Every 7 days"),
                text: _t("Without a certificate. In 7 days somebody signs again."),
            },
            { id: once, title: _t("Only once"), text: confirmation },
        ];
    }
}
