import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** Who signed until now, and how to leave it so. */
export class TakeOverNote extends Component {
    static template = "l10n_pl_ksef_auth.TakeOverNote";
    static props = {
        takeOver: Object,
        isBusy: Boolean,
        forget: Function,
    };

    get headline() {
        const { name, masked } = this.props.takeOver;
        return _t("The signer until now: %(identity)s.", {
            identity: [name, masked].filter(Boolean).join(", "),
        });
    }
}
