import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { CertificateFiles, ChosenCertificate } from "../certificate_files/certificate_files";

/** Takes a certificate and its key as the Ministry's portal gives them. */
export class LoadCertificateDialog extends Component {
    static template = "l10n_pl_ksef_auth.LoadCertificateDialog";
    static components = { CertificateFiles, Dialog };
    static props = {
        close: Function,
        load: Function,
    };

    setup() {
        this.chosen = useState(new ChosenCertificate(this.props.load));
    }

    async load() {
        // Without the user's own password nothing was done: the files stay chosen.
        if (await this.chosen.load()) {
            this.props.close();
        }
    }
}
