import { Component, markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { withWholeNumbers } from "../connection/whole_numbers";
import { SignStep } from "./sign_step";

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

/**
 * Three ways to connect; a click on a button chooses that way. Once its file
 * is downloaded, its card turns into the steps of signing.
 */
export class WaysStep extends Component {
    static template = "l10n_pl_ksef_auth.WaysStep";
    static components = { SignStep };
    static props = {
        view: Object,
        hasFile: Boolean,
        isBusy: Boolean,
        onDownload: Function,
        onCertificate: Function,
        onAsk: Function,
        onOpenSite: Function,
    };

    /** A certificate asks nobody to sign, so nobody takes over with one. */
    get ways() {
        const { take_over: takeOver, errand } = this.props.view;
        return WAYS.filter(({ id }) => id !== "certificate" || !(takeOver || errand));
    }

    /** The way whose file is being signed. */
    get chosen() {
        const { view, hasFile } = this.props;
        return view.step === "sign" && hasFile && view.way;
    }

    /** A file ran out that nobody signed. */
    get isExpired() {
        return Boolean(this.props.view.challenge) && !this.props.hasFile;
    }

    get intro() {
        const { company_name, nip, errand } = this.props.view;
        const company = markup`<strong>${company_name}</strong>`;
        if (errand) {
            return _t("How is the file for %(company)s to be signed?", { company });
        }
        return nip
            ? withWholeNumbers(
                  _t("How do you want to connect %(company)s (NIP %(nip)s) with KSeF?", {
                      company,
                      nip,
                  })
              )
            : _t("How do you want to connect %(company)s with KSeF?", { company });
    }

    buttonLabel(way) {
        if (way === "certificate") {
            return _t("Load the certificate");
        }
        if (way === this.chosen) {
            return _t("Download again");
        }
        return this.isExpired ? _t("Download a new file") : _t("Download AuthTokenRequest.xml");
    }

    /** While a file is being signed, its signing has the one dark blue button. */
    buttonClass(way) {
        const purpose = way === "certificate" ? "o_ksef_own_certificate" : "o_ksef_download";
        return `${purpose} ${this.chosen ? "btn-secondary" : "o_ksef_btn_navy"}`;
    }

    choose(way) {
        return way === "certificate" ? this.props.onCertificate() : this.props.onDownload(way);
    }
}
