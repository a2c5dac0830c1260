import { Component, markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const SIGNING_STEPS = [
    { icon: "fa-folder-open-o", text: _t("Choose the document from the disk (the downloaded file)") },
    { icon: "fa-pencil", text: _t("Click Sign") },
    { icon: "fa-id-card-o", text: _t("Choose Trusted Profile or e-ID") },
    { icon: "fa-university", text: _t("Log in, for example through your bank") },
    { icon: "fa-download", text: _t("Click Download and remember where the file is") },
];

/** Step 2: what to do on the government's page, which this window cannot see. */
export class SignStep extends Component {
    static template = "l10n_pl_ksef_auth.SignStep";
    static props = { view: Object };

    setup() {
        this.steps = SIGNING_STEPS;
    }

    get intro() {
        const { signing_url, signing_label } = this.props.view;
        const link = markup`<a class="o_ksef_signing_link" href="${signing_url}" target="_blank" rel="noopener noreferrer">${signing_label} <i class="fa fa-external-link" aria-hidden="true"></i></a>`;
        return _t("Sign the file on the government page: %(link)s", { link });
    }
}
