import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** From whom this signature takes the connection over, and how not to. */
export class TakeOverNote extends Component {
    static template = "l10n_pl_ksef_auth.TakeOverNote";
    static props = {
        takeOver: Object,
        isBusy: Boolean,
        forget: Function,
    };

    get headline() {
        const { name, masked } = this.props.takeOver;
        return _t("Now the connection stands on: %(identity)s.", {
            identity: [name, masked].filter(Boolean).join(", "),
        });
    }
}
