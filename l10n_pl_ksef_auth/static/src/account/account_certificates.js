import { Component } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { dateAndTime, dateOnly } from "../connection/dates";
import { companies } from "../connection/due_words";
import { KsefProblem } from "../connection/problem";
import { RevokeDialog } from "./revoke_dialog";

const AT_KSEF = {
    Active: _t("valid"),
    Blocked: _t("blocked"),
    Revoked: _t("revoked"),
    Expired: _t("has expired"),
};
const BADGES = {
    active: "text-bg-success",
    Active: "text-bg-secondary",
    exists: "text-bg-warning",
    failed: "text-bg-danger",
    blocked: "text-bg-danger",
    Blocked: "text-bg-danger",
    revoked: "text-bg-danger",
    Revoked: "text-bg-danger",
};

function renewsLogin(left) {
    return _t(
        "KSeF issues a new certificate to its owner. The old one stays until the new one has logged in. KSeF still takes this many applications from the owner, and never more: %(left)s. Two months before the end Odoo renews by itself.",
        { left }
    );
}

function renewsOffline(left) {
    return _t(
        "KSeF issues a new certificate to its owner. The old one stays valid to its end, for the codes on invoices. KSeF still takes this many applications from the owner, and never more: %(left)s. Two months before the end Odoo renews by itself.",
        { left }
    );
}

/** The signer's certificates: those that this Odoo holds, and those that only KSeF knows. */
export class AccountCertificates extends Component {
    static template = "l10n_pl_ksef_auth.AccountCertificates";
    static components = { Dropdown, DropdownItem, KsefProblem };
    static props = {
        rows: Array,
        isBusy: Boolean,
        isCompared: Boolean,
        isOffered: Boolean,
        termsOfRenewal: Function,
        renew: Function,
        revoke: Function,
    };

    setup() {
        this.dialog = useService("dialog");
        this.dateOnly = dateOnly;
        this.dateAndTime = dateAndTime;
        this.companies = companies;
    }

    badge(row) {
        return BADGES[row.state] || "text-bg-secondary";
    }

    atKsef(row) {
        if (!this.props.isCompared) {
            return "";
        }
        return AT_KSEF[row.status_at_ksef] || row.status_at_ksef || "–";
    }

    async onRenew(row) {
        const { problem, left } = await this.props.termsOfRenewal(row.serial_number);
        if (problem) {
            return;
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Renew the certificate now?"),
            body: row.usage === "offline" ? renewsOffline(left) : renewsLogin(left),
            confirm: () => this.props.renew(row.serial_number),
            confirmLabel: _t("Renew now"),
            cancel: () => {},
        });
    }

    onRevoke(row) {
        this.dialog.add(RevokeDialog, {
            name: [row.owner, row.masked, row.usage_label].filter(Boolean).join(", "),
            isOffline: row.usage === "offline",
            companies: row.companies,
            revoke: (reason) => this.props.revoke(row.serial_number, reason),
        });
    }
}
