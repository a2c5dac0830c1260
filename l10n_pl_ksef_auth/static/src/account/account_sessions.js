import { Component } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { dateAndTime } from "../connection/dates";

/** The signer's logins as KSeF lists them, and which of them are ours. */
export class AccountSessions extends Component {
    static template = "l10n_pl_ksef_auth.AccountSessions";
    static components = { Dropdown, DropdownItem };
    static props = {
        rows: Array,
        isCompared: Boolean,
        revoke: Function,
    };

    setup() {
        this.dialog = useService("dialog");
        this.dateAndTime = dateAndTime;
    }

    onRevoke(row) {
        this.confirm(
            row.is_current
                ? _t("This is the login that Odoo uses now: the company will be disconnected, and its invoices not sent.")
                : _t("Whoever uses this login has to log in again."),
            () => this.props.revoke(row.reference_number)
        );
    }

    onRevokeOthers() {
        this.confirm(
            _t("All logins but the one that Odoo uses now will be closed. Other programs have to log in again."),
            () => this.props.revoke()
        );
    }

    confirm(body, confirm) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Close at KSeF?"),
            body,
            confirm,
            confirmLabel: _t("Close the login"),
            confirmClass: "btn-danger",
            cancel: () => {},
        });
    }
}
