import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** How often to sign: one question with two equal answers, of which none is chosen beforehand. */
export class ConsentQuestion extends Component {
    static template = "l10n_pl_ksef_auth.ConsentQuestion";
    static props = {
        signer: String,
        offline: { type: Boolean, optional: true },
        answer: [String, Boolean],
        onAnswer: Function,
    };

    get answers() {
        return [
            {
                id: "weekly",
                title: _t("Every 7 days"),
                text: _t("Without a certificate. In 7 days somebody signs again."),
            },
            {
                id: "once",
                title: _t("Only once"),
                text: this.confirmation,
            },
        ];
    }

    get confirmation() {
        const { signer, offline } = this.props;
        if (offline) {
            return signer
                ? _t(
                      "I confirm for the signer (%(signer)s): KSeF may issue two certificates, for logging in and for offline invoices.",
                      { signer }
                  )
                : _t(
                      "I confirm for the signer: KSeF may issue two certificates, for logging in and for offline invoices."
                  );
        }
        return signer
            ? _t("I confirm for the signer (%(signer)s): KSeF may issue a certificate.", { signer })
            : _t("I confirm for the signer: KSeF may issue a certificate.");
    }
}
