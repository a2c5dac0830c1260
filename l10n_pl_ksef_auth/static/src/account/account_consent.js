import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { dateAndTime } from "../connection/dates";

/** Somebody chose to sign every 7 days: while that login lives, a certificate needs no signature. */
export class AccountConsent extends Component {
    static template = "l10n_pl_ksef_auth.AccountConsent";
    static props = {
        consent: Object,
        isBusy: Boolean,
        issue: Function,
    };

    get headline() {
        const { ends_at } = this.props.consent;
        return _t("On %(date)s somebody has to sign again.", { date: dateAndTime(ends_at) });
    }

    get confirmation() {
        const { signer, offline } = this.props.consent;
        return offline
            ? _t(
                  "With this button you confirm for the signer (%(signer)s) that KSeF may issue two certificates: for logging in and for offline invoices.",
                  { signer }
              )
            : _t(
                  "With this button you confirm for the signer (%(signer)s) that KSeF may issue a certificate.",
                  { signer }
              );
    }
}
