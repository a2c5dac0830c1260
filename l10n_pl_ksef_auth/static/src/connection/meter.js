import { Component } from "@odoo/owl";

/** A thin bar: how much of a lifetime is left. */
export class KsefMeter extends Component {
    static template = "l10n_pl_ksef_auth.Meter";
    static props = {
        share: Number,
        color: String,
        label: String,
    };

    get percent() {
        return Math.round(Math.min(Math.max(this.props.share, 0), 1) * 100);
    }
}
