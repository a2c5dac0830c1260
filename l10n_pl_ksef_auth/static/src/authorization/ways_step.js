import { Component, markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const WAYS = [
    {
        id: "site",
        icon: "fa-id-card-o",
        title: _t("moj.gov.pl"),
        text: _t("Profil Zaufany or e-ID card"),
    },
    {
        id: "program",
        icon: "fa-pencil-square-o",
        title: _t("Your own signing program"),
        text: _t("Qualified signature or company seal (XAdES)"),
    },
    {
        id: "certificate",
        icon: "fa-key",
        title: _t("I already have a KSeF certificate"),
        text: _t("Its files and password, no signature"),
    },
];

/** The first screen: three ways to connect; a click on a button chooses that way. */
export class WaysStep extends Component {
    static template = "l10n_pl_ksef_auth.WaysStep";
    static props = {
        view: Object,
        expired: Boolean,
        loading: String,
        onDownload: Function,
        onCertificate: Function,
    };

    /** A certificate asks nobody to sign, so nobody takes over with one. */
    get ways() {
        return WAYS.filter(({ id }) => id !== "certificate" || !this.props.view.take_over);
    }

    get intro() {
        const { company_name, nip } = this.props.view;
        const company = markup`<strong>${company_name}</strong>`;
        return nip
            ? _t("How do you want to connect %(company)s (NIP %(nip)s) with KSeF?", {
                  company,
                  nip: markup`<span class="text-nowrap">${nip}</span>`,
              })
            : _t("How do you want to connect %(company)s with KSeF?", { company });
    }

    get downloadLabel() {
        return this.props.expired
            ? _t("Download a new AuthTokenRequest.xml")
            : _t("Download AuthTokenRequest.xml");
    }
}
