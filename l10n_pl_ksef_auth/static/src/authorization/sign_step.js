import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const SIGNING_STEPS = {
    site: [
        { icon: "fa-folder-open-o", text: _t("Choose the document from the disk (the downloaded file)") },
        { icon: "fa-pencil", text: _t("Click Sign") },
        { icon: "fa-id-card-o", text: _t("Choose Trusted Profile or e-ID") },
        { icon: "fa-university", text: _t("Log in, for example through your bank") },
        { icon: "fa-download", text: _t("Click Download and remember where the file is") },
    ],
    program: [
        { icon: "fa-folder-open-o", text: _t("Choose the downloaded file in your signing program") },
        { icon: "fa-file-code-o", text: _t("Choose XAdES, with the signature inside the document") },
        { icon: "fa-id-card-o", text: _t("Sign with the qualified signature or the company seal") },
        { icon: "fa-download", text: _t("Save the signed file and remember where it is") },
    ],
};

/** What to do outside, which this window cannot see. */
export class SignStep extends Component {
    static template = "l10n_pl_ksef_auth.SignStep";
    static props = { view: Object, onOpenSite: Function };

    get isOnSite() {
        return this.props.view.way === "site";
    }

    get steps() {
        return SIGNING_STEPS[this.props.view.way];
    }

    get openLabel() {
        return _t("Open %(site)s", { site: this.props.view.signing_label });
    }
}
