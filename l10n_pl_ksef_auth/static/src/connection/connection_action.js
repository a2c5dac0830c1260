import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { KsefConnectionPanel } from "./connection_panel";

/** The panel as a screen of its own, under the menu KSeF. */
export class KsefConnectionAction extends Component {
    static template = "l10n_pl_ksef_auth.ConnectionAction";
    static components = { KsefConnectionPanel, Layout };
    static props = { ...standardActionServiceProps };

    get companyId() {
        return this.props.action.params?.company_id || user.activeCompany.id;
    }
}

registry.category("actions").add("l10n_pl_ksef_connection", KsefConnectionAction);
