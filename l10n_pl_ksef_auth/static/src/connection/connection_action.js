import { Component, onMounted, onWillStart, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { router } from "@web/core/browser/router";
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
        this.connections = useService("l10n_pl_ksef");
        this.state = useState({ refusal: "" });
        onWillStart(async () => {
            this.state.refusal = await refusalOf(this.connections.load(this.companyId));
        });
        const { sign, ask } = router.current;
        onMounted(() => (sign || ask) && this.connections.canConnect && this.goOn(ask));
    }

    get companyId() {
        return this.props.action.params?.company_id || user.activeCompany.id;
    }

    /**
     * The button of a notice leads straight to the window, once: /odoo/ksef?sign=1, or to the one
     * that asks a signer: ?ask=grant.
     */
    goOn(purpose) {
        browser.history.replaceState(browser.history.state, "", browser.location.pathname);
        return purpose
            ? this.connections.askForSignature(this.companyId, purpose)
            : this.connections.openAuthorization(this.companyId);
    }
}

registry.category("actions").add("l10n_pl_ksef_connection", KsefConnectionAction);
