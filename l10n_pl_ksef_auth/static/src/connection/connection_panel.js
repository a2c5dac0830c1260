import { Component, useEffect, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { KsefHelpLink } from "../help/help_link";
import { KsefMeter } from "./meter";
import { KsefProblem } from "./problem";
import { withWholeNumbers } from "./whole_numbers";
import { checkedText, dateAndTime, dateOnly, timeLeft } from "./dates";

const TICKS = {
    yes: { icon: "fa-check", color: "o_ksef_green", label: _t("Yes") },
    no: { icon: "fa-times", color: "o_ksef_red", label: _t("No") },
    partial: { icon: "fa-exclamation-triangle", color: "o_ksef_amber", label: _t("Partly") },
};

/** States on the way to a connection; they replace the cross, never a tick. */
const UNDER_WAY = {
    waiting: {
        icon: "fa-pencil",
        color: "o_ksef_amber",
        label: _t("No, waiting for the signature"),
    },
    verifying: {
        icon: "fa-circle-o-notch fa-spin",
        color: "o_ksef_amber",
        label: _t("KSeF is checking the signature"),
    },
};

/** Of the certificate for offline invoices: what somebody has to do something about. */
const OFFLINE_COLORS = {
    asks: "o_ksef_amber",
    waits: "o_ksef_amber",
    exists: "o_ksef_amber",
    ending: "o_ksef_amber",
    ended: "o_ksef_red",
    refused: "o_ksef_red",
    attention: "o_ksef_red",
};

const MENDED_IN_ACCOUNT = ["asks", "exists", "ending", "ended", "refused", "attention"];

/** Says whether a company's connection to KSeF works, and leads to the next step. */
export class KsefConnectionPanel extends Component {
    static template = "l10n_pl_ksef_auth.ConnectionPanel";
    static components = { KsefHelpLink, KsefMeter, KsefProblem };
    static props = {
        companyId: Number,
        accountLink: { type: Boolean, optional: true },
        helpAbout: { type: String, optional: true },
        onLeave: { type: Function, optional: true },
        slim: { type: Boolean, optional: true },
        slots: { type: Object, optional: true },
        title: { type: Boolean, optional: true },
    };
    static defaultProps = {
        accountLink: true,
        helpAbout: "stage-1",
        onLeave: () => {},
        slim: false,
        title: true,
    };

    setup() {
        this.connections = useService("l10n_pl_ksef");
        this.panels = useState(this.connections.panels);
        this.state = useState({ isOpening: false, isWhole: false });
        useEffect(
            (companyId) => this.connections.watch(companyId),
            () => [this.props.companyId]
        );
    }

    get panel() {
        return this.panels[this.props.companyId];
    }

    /** One line is enough where everything is in order. */
    get isSlim() {
        const { color, problem, certificate, offline, is_verifying: isVerifying } = this.panel;
        const needsLook = ["attention", "exists"].includes(certificate.state) || OFFLINE_COLORS[offline?.state];
        const isTold = problem || isVerifying || this.panel.availability;
        const isQuiet = color === "green" && !isTold && !needsLook;
        return this.props.slim && !this.state.isWhole && isQuiet;
    }

    get slimText() {
        return this.expiry
            ? [_t("Active until %(date)s.", { date: this.expiry }), this.renewal, this.nextSignature]
                  .filter(Boolean)
                  .join(" ")
            : _t("Active.");
    }

    get nip() {
        return `(NIP ${this.panel.nip})`;
    }

    get tick() {
        const { state, tick } = this.panel;
        return (tick === "no" && UNDER_WAY[state]) || TICKS[tick];
    }

    get expiry() {
        return dateAndTime(this.panel.expires_at);
    }

    get expiryLeft() {
        return timeLeft(this.panel.seconds_left);
    }

    get sessionColor() {
        return { green: "o_ksef_green", amber: "o_ksef_amber", red: "o_ksef_red" }[
            this.panel.color
        ];
    }

    get certificate() {
        const { state, text, valid_to, owner } = this.panel.certificate;
        if (state !== "valid") {
            return state === "attention" ? this.mendedInAccount(text) : text;
        }
        const date = dateOnly(valid_to);
        return owner
            ? _t("%(owner)s, valid until %(date)s", { owner, date })
            : _t("valid until %(date)s", { date });
    }

    get certificateColor() {
        return { exists: "o_ksef_amber", attention: "o_ksef_red" }[this.panel.certificate.state];
    }

    get offline() {
        const { state, text, valid_to } = this.panel.offline;
        const date = dateOnly(valid_to);
        const dated = {
            valid: _t("valid until %(date)s", { date }),
            ending: _t("ends on %(date)s", { date }),
            ended: _t("ended on %(date)s", { date }),
        };
        const what = dated[state] || text;
        return MENDED_IN_ACCOUNT.includes(state) ? this.mendedInAccount(what) : what;
    }

    /** Says where something is mended, unless that is where the panel stands. */
    mendedInAccount(what) {
        return this.props.accountLink ? _t("%(what)s: menu KSeF → Account", { what }) : what;
    }

    get standsOn() {
        return withWholeNumbers(this.panel.stands_on);
    }

    get offlineColor() {
        return OFFLINE_COLORS[this.panel.offline.state];
    }

    /** The states under way speak through their tick already. */
    get headline() {
        return !UNDER_WAY[this.panel.state] && this.panel.headline;
    }

    get level() {
        return { green: "info", amber: "warn", red: "stop" }[this.panel.color];
    }

    /** What went wrong matters beside a green tick, too. */
    get problemLevel() {
        return this.panel.color === "red" ? "stop" : "warn";
    }

    get checked() {
        return checkedText(this.panel.checked_at);
    }

    get renewal() {
        const date = dateOnly(this.panel.renews_at);
        return date && _t("The connection renews itself on %(date)s.", { date });
    }

    /** What follows a login that no certificate renews. */
    get nextSignature() {
        const date = dateOnly(this.panel.sign_again_at);
        return date && _t("On %(date)s somebody has to sign again.", { date });
    }

    get byCertificate() {
        return _t("Connect with the certificate (%(name)s)", this.panel.by_certificate);
    }

    /** While the company's data are wrong, there is nothing to sign. */
    get canSign() {
        return this.panel.can_connect && this.panel.problem?.way_back !== "company";
    }

    /** One blue button at most: what helps most. */
    get connectClass() {
        const isBest = !this.panel.by_certificate && !this.isForAccount && !this.isForRights;
        return this.panel.button.primary && isBest ? "o_ksef_btn_blue" : "btn-secondary";
    }

    /** What is wrong is mended in Konto, as by another certificate. */
    get isForAccount() {
        return this.props.accountLink && this.panel.problem?.way_back === "account";
    }

    /** The client took back what the connection stood on, and may give it again. */
    get isForRights() {
        return this.panel.problem?.way_back === "rights";
    }

    /** The button stays enabled, so that the focus can come back to it when the window closes. */
    async onConnect() {
        if (this.state.isOpening) {
            return;
        }
        this.state.isOpening = true;
        try {
            this.props.onLeave();
            await this.connections.openAuthorization(this.props.companyId);
        } finally {
            this.state.isOpening = false;
        }
    }

    onCertificate() {
        this.props.onLeave();
        return this.connections.connectByCertificate(this.props.companyId);
    }

    onAsk() {
        this.props.onLeave();
        const purpose = this.isForRights ? "grant" : undefined;
        return this.connections.askForSignature(this.props.companyId, purpose);
    }

    onCompany() {
        this.props.onLeave();
        return this.connections.openCompany(this.props.companyId);
    }

    async onAccount() {
        this.props.onLeave();
        await this.connections.openAccount(this.props.companyId);
    }
}
