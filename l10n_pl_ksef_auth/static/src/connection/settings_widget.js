import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { KsefConnectionPanel } from "./connection_panel";

/** The panel inside a form: of the form's company, in the settings the active one. */
export class KsefPanelWidget extends Component {
    static template = "l10n_pl_ksef_auth.PanelWidget";
    static components = { KsefConnectionPanel };
    static props = { ...standardWidgetProps };

    get companyId() {
        return this.props.record.data.company_id?.id ?? user.activeCompany.id;
    }
}

registry.category("view_widgets").add("l10n_pl_ksef_panel", { component: KsefPanelWidget });
