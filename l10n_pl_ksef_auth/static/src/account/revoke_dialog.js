import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";

const REASONS = [
    { value: "Unspecified", label: _t("No particular reason") },
    { value: "Superseded", label: _t("It was replaced by another one") },
    { value: "KeyCompromise", label: _t("Somebody else may have its key") },
];

/** Asks before a certificate is revoked: that cannot be undone. */
export class RevokeDialog extends Component {
    static template = "l10n_pl_ksef_auth.RevokeDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        name: String,
        isOffline: Boolean,
        companies: Array,
        revoke: Function,
    };

    setup() {
        this.reasons = REASONS;
        this.state = useState({ reason: "Unspecified", isRunning: false });
    }

    async revoke() {
        this.state.isRunning = true;
        try {
            await this.props.revoke(this.state.reason);
        } finally {
            this.props.close();
        }
    }
}
