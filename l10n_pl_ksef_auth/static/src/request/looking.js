import { Component } from "@odoo/owl";

/** Stands where a proposal comes, while KSeF is asked which clients gave rights already. */
export class KsefLooking extends Component {
    static template = "l10n_pl_ksef_auth.Looking";
    static props = {};
}
