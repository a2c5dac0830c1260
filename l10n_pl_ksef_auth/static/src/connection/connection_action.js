import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { KsefConnectionPanel } from "./connection_panel";
import { KsefRefusal, refusalOf } from "./refusal";

/** The panel as a screen of its own, under the menu KSeF. */
export class KsefConnectionAction extends Component {
    static template = "l10n_pl_ksef_auth.ConnectionAction";
    static components = { KsefConnectionPanel, KsefRefusal, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        const connections = useService("l10n_pl_ksef");
        this.state = useState({ refusal: "" });
        onWillStart(async () => {
            this.state.refusal = await refusalOf(connections.load(this.companyId));
        });
    }

    get companyId() {
        return this.props.action.params?.company_id || user.activeCompany.id;
    }
}

registry.category("actions").add("l10n_pl_ksef_connection", KsefConnectionAction);
