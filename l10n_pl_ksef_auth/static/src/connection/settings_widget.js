import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { KsefConnectionPanel } from "./connection_panel";

/** The panel inside the settings, which always belong to the active company. */
export class KsefPanelWidget extends Component {
    static template = "l10n_pl_ksef_auth.PanelWidget";
    static components = { KsefConnectionPanel };
    static props = { ...standardWidgetProps };

    get companyId() {
        return user.activeCompany.id;
    }
}

registry.category("view_widgets").add("l10n_pl_ksef_panel", { component: KsefPanelWidget });
