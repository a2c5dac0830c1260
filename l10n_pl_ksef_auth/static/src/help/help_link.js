import { Component } from "@odoo/owl";

/** A question mark that opens the manual in a tab of its own: what is open here stays open. */
export class KsefHelpLink extends Component {
    static template = "l10n_pl_ksef_auth.HelpLink";
    static props = { about: String };
}
