import { Component, onMounted, useState } from "@odoo/owl";
import { DashboardKanbanRenderer } from "@account/views/account_dashboard_kanban/account_dashboard_kanban_renderer";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { KsefConnectionPanel } from "../connection/connection_panel";

/** The card "Connection to KSeF" on the accounting dashboard. */
export class KsefDashboardCard extends Component {
    static template = "l10n_pl_ksef_auth.DashboardCard";
    static components = { KsefConnectionPanel };
    static props = {};

    setup() {
        this.connections = useService("l10n_pl_ksef");
        this.panels = useState(this.connections.panels);
        this.state = useState({ isLoaded: false });
        onMounted(() => this.load());
    }

    get companyId() {
        return user.activeCompany.id;
    }

    /** The dashboard is drawn already, and does not suffer when this fails. */
    async load() {
        if (!this.connections.color(this.companyId)) {
            return;
        }
        try {
            await this.connections.load(this.companyId);
            this.state.isLoaded = true;
        } catch (error) {
            console.warn("KSeF: the card could not be loaded", error);
        }
    }
}

DashboardKanbanRenderer.components = { ...DashboardKanbanRenderer.components, KsefDashboardCard };
