import { Component, xml } from "@odoo/owl";
import { KsefConnectionPanel } from "./connection_panel";

/** The panel in a small dialog below the dot. */
export class ConnectionPopover extends Component {
    static template = xml`<KsefConnectionPanel companyId="props.companyId" onLeave="props.onLeave"/>`;
    static components = { KsefConnectionPanel };
    static props = { companyId: Number, onLeave: Function, close: Function };
}
