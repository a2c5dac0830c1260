import { Component, useEffect, useState } from "@odoo/owl";
import { DashboardKanbanRenderer } from "@account/views/account_dashboard_kanban/account_dashboard_kanban_renderer";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { KsefConnectionPanel } from "../connection/connection_panel";

/** The card "Connection to KSeF" on the accounting dashboard, which is drawn before it. */
export class KsefDashboardCard extends Component {
    static template = "l10n_pl_ksef_auth.DashboardCard";
    static components = { KsefConnectionPanel };
    static props = {};

    setup() {
        this.connections = useService("l10n_pl_ksef");
        this.panels = useState(this.connections.panels);
        useEffect(
            (companyId) =>
                this.connections.color(companyId)
                    ? this.connections.watch(companyId, { harmless: true })
                    : undefined,
            () => [this.companyId]
        );
    }

    get companyId() {
        return user.activeCompany.id;
    }
}

DashboardKanbanRenderer.components = { ...DashboardKanbanRenderer.components, KsefDashboardCard };
