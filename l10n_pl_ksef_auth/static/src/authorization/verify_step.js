import { Component } from "@odoo/owl";

/** KSeF decides; the user may wait or go. */
export class VerifyStep extends Component {
    static template = "l10n_pl_ksef_auth.VerifyStep";
    static props = { view: Object };

    /** Nobody signed: Odoo logs in with a certificate. */
    get isByCertificate() {
        return Boolean(this.props.view.verifying?.by_certificate);
    }

    get isLong() {
        return Boolean(this.props.view.verifying?.long);
    }
}
