import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";

/** Before another identity signs: what becomes of the former certificate? */
export class TakeOverDialog extends Component {
    static template = "l10n_pl_ksef_auth.TakeOverDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        identity: String,
        takeOver: Object,
        begin: Function,
    };

    /** What cannot be undone is done only if somebody says so. */
    setup() {
        this.state = useState({ choice: "keep", isRunning: false });
    }

    get certificate() {
        return this.props.takeOver.certificate;
    }

    get otherCompanies() {
        const { companies, hidden } = this.certificate;
        return [
            ...companies,
            ...(hidden ? [_t("companies that you have no access to: %(count)s", { count: hidden })] : []),
        ];
    }

    get dependants() {
        const { companies, hidden } = this.certificate;
        return _t("Other companies that log in with this certificate: %(count)s", {
            count: companies.length + hidden,
        });
    }

    async begin() {
        this.state.isRunning = true;
        try {
            await this.props.begin(Boolean(this.certificate) && this.state.choice === "revoke");
        } finally {
            this.props.close();
        }
    }
}
