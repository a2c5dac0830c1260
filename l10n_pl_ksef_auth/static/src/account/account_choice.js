import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/**
 * The signer has a certificate elsewhere: a separate one for this Odoo
 * (preselected where KSeF's limit leaves room), or the existing one by hand.
 */
export class AccountChoice extends Component {
    static template = "l10n_pl_ksef_auth.AccountChoice";
    static props = {
        choice: Object,
        isBusy: Boolean,
        issue: Function,
        load: Function,
    };

    setup() {
        this.state = useState({ way: this.props.choice.can_issue ? "issue" : "load" });
    }

    get headline() {
        const { owner, reason, usage } = this.props.choice;
        if (usage === "offline") {
            return reason === "failed"
                ? _t("The certificate for offline invoices could not be issued.")
                : _t(
                      "%(owner)s already has a certificate for offline invoices that this Odoo does not hold.",
                      { owner }
                  );
        }
        if (reason === "failed") {
            return _t("The KSeF certificate could not be issued.");
        }
        return owner
            ? _t("%(owner)s already has a KSeF certificate that this Odoo does not hold.", { owner })
            : _t("The signer already has a KSeF certificate that this Odoo does not hold.");
    }

    get consequence() {
        return this.props.choice.usage === "offline"
            ? _t("Without it invoices get no second code while KSeF is away.")
            : _t(
                  "Without a certificate in this Odoo the connection has to be signed again every 7 days."
              );
    }

    get placesLabel() {
        return _t("Certificates that KSeF would still issue: %(count)s.", {
            count: this.props.choice.places,
        });
    }

    go() {
        const { issue, load, choice } = this.props;
        return this.state.way === "issue" ? issue(choice.usage) : load();
    }
}
