import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";

/** Asks before the company is disconnected, and whether the certificate goes, too. */
export class DisconnectDialog extends Component {
    static template = "l10n_pl_ksef_auth.DisconnectDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        disconnect: Function,
        hasCertificate: Boolean,
    };

    setup() {
        this.state = useState({ revokeCertificate: false, isRunning: false });
    }

    async disconnect() {
        this.state.isRunning = true;
        try {
            await this.props.disconnect(this.state.revokeCertificate);
        } finally {
            this.props.close();
        }
    }
}
