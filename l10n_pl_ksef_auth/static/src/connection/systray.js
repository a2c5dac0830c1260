import { Component, useEffect, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { useDropdownState } from "@web/core/dropdown/dropdown_hooks";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useBus, useService } from "@web/core/utils/hooks";
import { KsefConnectionPanel } from "./connection_panel";

const MEANING = {
    red: _t("not active"),
    amber: _t("needs attention"),
    green: _t("active"),
};

/** The dot at the top of every screen; opens the panel. */
export class KsefSystray extends Component {
    static template = "l10n_pl_ksef_auth.Systray";
    static components = { Dropdown, KsefConnectionPanel };
    static props = {};

    setup() {
        this.connections = useService("l10n_pl_ksef");
        this.panels = useState(this.connections.panels);
        this.dropdown = useDropdownState();
        useEffect(
            (companyId) => this.connections.watch(companyId, { quiet: true }),
            () => [this.companyId]
        );
        useBus(this.connections.bus, "show", ({ detail }) => this.onShow(detail));
    }

    get companyId() {
        return user.activeCompany.id;
    }

    /** Read through `panels`, so that the dot follows every change. */
    get color() {
        return this.panels[this.companyId]?.color ?? this.connections.color(this.companyId);
    }

    get label() {
        return _t("Connection to KSeF: %(state)s", { state: MEANING[this.color] });
    }

    /** On a phone the panel is as high as what it shows at first: not the grey lines, then. */
    async beforeOpen() {
        if (this.env.isSmall && !this.panels[this.companyId]) {
            await this.connections.load(this.companyId);
        }
    }

    onShow({ companyId }) {
        if (companyId === this.companyId && !this.connections.isPanelOpen(companyId)) {
            this.dropdown.open();
        }
    }
}

export const systrayItem = {
    Component: KsefSystray,
    isDisplayed: (env) => Boolean(env.services.l10n_pl_ksef.color(user.activeCompany.id)),
};

registry.category("systray").add("l10n_pl_ksef_auth.systray", systrayItem, { sequence: 30 });
