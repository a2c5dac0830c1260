import { Component, onMounted, useRef, xml } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { KsefConnectionPanel } from "./connection_panel";

/**
 * The panel in a small dialog below the dot.
 *
 * It can have the focus itself: while the panel is loaded there is nothing else
 * in it that could, and Odoo would leave the keyboard on the page behind.
 */
export class ConnectionPopover extends Component {
    static template = xml`
        <div t-ref="root" tabindex="0"><KsefConnectionPanel companyId="props.companyId" onLeave="props.onLeave"/></div>`;
    static components = { KsefConnectionPanel };
    static props = { companyId: Number, onLeave: Function, close: Function };

    setup() {
        this.root = useRef("root");
        // Odoo's popover has a role and no name of its own.
        onMounted(() =>
            this.root.el
                .closest("[role=dialog]")
                ?.setAttribute("aria-label", _t("Connection to KSeF").toString())
        );
    }
}
