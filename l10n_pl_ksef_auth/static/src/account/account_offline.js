import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** The consent from before names one certificate: this one asks for the other, without a signature. */
export class AccountOffline extends Component {
    static template = "l10n_pl_ksef_auth.AccountOffline";
    static props = {
        question: Object,
        isBusy: Boolean,
        issue: Function,
    };

    get confirmation() {
        const { owner } = this.props.question;
        return _t(
            "With this button you confirm for the certificate's owner (%(owner)s) that KSeF may issue it.",
            { owner }
        );
    }
}
