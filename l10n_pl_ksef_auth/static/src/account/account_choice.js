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
        const { owner, reason } = this.props.choice;
        if (reason === "failed") {
            return _t("The KSeF certificate could not be issued.");
        }
        return owner
            ? _t("%(owner)s already has a KSeF certificate that this Odoo does not hold.", { owner })
            : _t("The signer already has a KSeF certificate that this Odoo does not hold.");
    }

    get placesLabel() {
        return _t("Certificates that KSeF would still issue: %(count)s.", {
            count: this.props.choice.places,
        });
    }

    go() {
        return this.state.way === "issue" ? this.props.issue() : this.props.load();
    }
}
