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
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ figures: [] });
        useEffect(
            (companyId) => {
                if (this.connections.color(companyId)) {
                    this.loadFigures(companyId);
                    return this.connections.watch(companyId, { harmless: true });
                }
            },
            () => [this.companyId]
        );
    }

    /** What other addons count; without it the card is whole, too. */
    async loadFigures(companyId) {
        try {
            this.state.figures = await this.orm.silent.call("res.company", "l10n_pl_ksef_figures", [
                [companyId],
            ]);
        } catch (error) {
            console.warn("KSeF: no figures", error);
        }
    }

    get companyId() {
        return user.activeCompany.id;
    }
}

DashboardKanbanRenderer.components = { ...DashboardKanbanRenderer.components, KsefDashboardCard };
