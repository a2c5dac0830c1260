import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { getDataURLFromFile } from "@web/core/utils/urls";
import { KsefProblem } from "../connection/problem";

/** Takes a certificate and its key as the Ministry's portal gives them. */
export class LoadCertificateDialog extends Component {
    static template = "l10n_pl_ksef_auth.LoadCertificateDialog";
    static components = { Dialog, KsefProblem };
    static props = {
        close: Function,
        load: Function,
    };

    setup() {
        this.state = useState({ files: [], password: "", problem: null, isLoading: false });
    }

    /** A key and its certificate may be chosen one after the other, whatever they are called. */
    onFiles(ev) {
        const chosen = [...ev.target.files];
        this.state.files = chosen.length > 1 ? chosen : [...this.state.files, ...chosen];
        ev.target.value = null;
    }

    remove(index) {
        this.state.files.splice(index, 1);
    }

    async load() {
        this.state.isLoading = true;
        try {
            const contents = await Promise.all(this.state.files.map(getDataURLFromFile));
            const answer = await this.props.load(
                contents.map((data) => data.slice(data.indexOf(",") + 1)),
                this.state.password
            );
            this.state.problem = answer.problem;
            // Without the user's own password nothing was done: the files stay chosen.
            if (!answer.problem && !answer.confirm) {
                this.props.close();
            }
        } finally {
            this.state.isLoading = false;
        }
    }
}
