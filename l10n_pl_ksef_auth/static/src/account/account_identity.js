import { Component } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { TakeOverDialog } from "./take_over_dialog";

/** Whose identity the connection stands on, and how another one takes over. */
export class AccountIdentity extends Component {
    static template = "l10n_pl_ksef_auth.AccountIdentity";
    static props = {
        takeOver: Object,
        isBusy: Boolean,
        begin: Function,
    };

    setup() {
        this.dialog = useService("dialog");
    }

    get identity() {
        const { name, masked } = this.props.takeOver;
        return [name, masked].filter(Boolean).join(", ");
    }

    onTakeOver() {
        this.dialog.add(TakeOverDialog, {
            identity: this.identity,
            takeOver: this.props.takeOver,
            begin: this.props.begin,
        });
    }
}
