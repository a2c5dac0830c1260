import { Component, markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** Step 1: the file that asks KSeF for access, and what not to do with it. */
export class DownloadStep extends Component {
    static template = "l10n_pl_ksef_auth.DownloadStep";
    static props = {
        view: Object,
        hasFile: Boolean,
        expired: Boolean,
        isLoading: Boolean,
        onDownload: Function,
    };

    get intro() {
        const { company_name, nip } = this.props.view;
        const company = markup`<strong>${company_name}</strong>`;
        return nip
            ? _t("Download the file that asks KSeF to let %(company)s (NIP %(nip)s) in.", {
                  company,
                  nip: markup`<span class="text-nowrap">${nip}</span>`,
              })
            : _t("Download the file that asks KSeF to let %(company)s in.", { company });
    }

    get buttonLabel() {
        return this.props.expired
            ? _t("Download a new AuthTokenRequest.xml")
            : _t("Download AuthTokenRequest.xml");
    }
}
