import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { View } from "@web/views/view";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { KsefConnectionPanel } from "../connection/connection_panel";

/** The screen "Account" (Konto): what the connection stands on, and its history. */
export class KsefAccountAction extends Component {
    static template = "l10n_pl_ksef_auth.AccountAction";
    static components = { KsefConnectionPanel, Layout, View };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.certificates = this.list("l10n_pl_ksef.certificate", [
            ["company_ids", "in", [this.companyId]],
        ]);
        this.sessions = this.list("l10n_pl_ksef.session", [["company_id", "=", this.companyId]]);
    }

    get companyId() {
        return this.props.action.params?.company_id || user.activeCompany.id;
    }

    /** Props of an embedded list whose rows open the record's form. */
    list(resModel, domain) {
        return {
            type: "list",
            resModel,
            domain,
            limit: 20,
            allowSelectors: false,
            display: { controlPanel: false },
            className: "o_ksef_list",
            selectRecord: (resId) =>
                this.action.doAction({
                    type: "ir.actions.act_window",
                    res_model: resModel,
                    res_id: resId,
                    views: [[false, "form"]],
                }),
        };
    }
}

registry.category("actions").add("l10n_pl_ksef_account", KsefAccountAction);
