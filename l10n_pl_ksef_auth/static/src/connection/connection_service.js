import { EventBus, reactive } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { session } from "@web/session";
import { AskDialog } from "../request/ask_dialog";
import { afterPassword } from "./after_password";
import { dateAndTime } from "./dates";

/** A panel that was asked for so many seconds ago need not be asked for again. */
const FRESH_SECONDS = 2;

/** Seconds until the next try when Odoo itself could not be reached. */
const RETRY_SECONDS = 15;
/** Seconds after the moment at which a login ends or is renewed: by then Odoo has begun. */
const CHANGE_SECONDS = 60;
/** At most so many seconds old is an open panel: it says "in 6 days". */
const DAY_SECONDS = 24 * 3600;

/**
 * What this browser tab knows about the connections to KSeF: one panel
 * dictionary per company, kept fresh while somebody looks at it.
 *
 * The systray, the settings and the menu show the same data, so they share
 * one request per interval instead of polling each for itself.
 */
export class KsefConnections {
    constructor({ orm, action, dialog, notification }) {
        this.orm = orm;
        this.dialog = dialog;
        this.action = action;
        this.notification = notification;
        this.panels = reactive({});
        this.bus = new EventBus();
        this.watchers = [];
        this.timers = {};
        this.received = {};
        this.held = new Set();
        document.addEventListener("visibilitychange", () => this.onVisibilityChange());
    }

    /** Colour of the dot: "red", "amber", "green", or "" where KSeF does not apply. */
    color(companyId) {
        return this.dot(companyId).color ?? "";
    }

    /** What the bar needs to know of a company: colour, state, seconds left of its login. */
    dot(companyId) {
        return this.panels[companyId] ?? session.l10n_pl_ksef?.dots?.[companyId] ?? {};
    }

    /** Whether the user may connect companies to KSeF. */
    get canConnect() {
        return Boolean(session.l10n_pl_ksef?.can_connect);
    }

    /** Reads the company's state from the database (never from KSeF). */
    async load(companyId) {
        const panel = await this.orm.silent.call("res.company", "l10n_pl_ksef_panel", [
            [companyId],
        ]);
        this.receive(companyId, panel);
        return panel;
    }

    /** Lets the connection do its next due step, and tells the user how it ended. */
    async follow(companyId) {
        const before = this.panels[companyId];
        try {
            const panel = await this.orm.silent.call("res.company", "l10n_pl_ksef_follow", [
                [companyId],
            ]);
            this.receive(companyId, panel);
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
            this.schedule(companyId, RETRY_SECONDS);
            return;
        }
        if (!this.held.has(companyId)) {
            this.announceChange(companyId, before);
        }
    }

    /**
     * Keeps a company's state fresh until the returned function is called.
     *
     * @param {number} companyId
     * @param {{quiet?: boolean, harmless?: boolean}} options quiet: do not ask
     *  the server unless something may have to be followed (the dot in the
     *  systray); harmless: say nothing when the first look fails
     * @returns {() => void}
     */
    watch(companyId, { quiet = false, harmless = false } = {}) {
        const watcher = { companyId, quiet };
        this.watchers.push(watcher);
        const isKnown = quiet && this.color(companyId) !== "amber";
        if (isKnown || this.age(companyId) < FRESH_SECONDS) {
            this.schedule(companyId);
        } else {
            const loading = this.load(companyId);
            if (harmless) {
                loading.catch((error) => console.warn("KSeF: no panel", error));
            }
        }
        return () => {
            this.watchers = this.watchers.filter((other) => other !== watcher);
            this.schedule(companyId);
        };
    }

    /** Whether a whole panel, not only the dot, shows this company. */
    isPanelOpen(companyId) {
        return this.watchers.some((w) => w.companyId === companyId && !w.quiet);
    }

    /** Opens the window "Account authorization", or the one that must be answered before it. */
    async openAuthorization(companyId) {
        const action = await this.orm.call("res.company", "l10n_pl_ksef_open_authorization", [
            [companyId],
        ]);
        return this.action.doAction(action, { onClose: () => this.load(companyId) });
    }

    /**
     * Connects a company with the certificate that its panel offers. Who has
     * not agreed to its number yet is asked first, then for the password.
     */
    connectByCertificate(companyId) {
        const { agreed, name, number } = this.panels[companyId].by_certificate;
        if (agreed) {
            return this.logInByCertificate(companyId, number);
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Connect without a signature?"),
            body: _t(
                "You agree: from now on Odoo logs in for %(number)s with the certificate of %(name)s. Your password is asked for.",
                { number, name }
            ),
            confirm: () => this.logInByCertificate(companyId, number),
            confirmLabel: _t("Connect"),
            cancel: () => {},
        });
    }

    async logInByCertificate(companyId, number) {
        const answer = await afterPassword(this.action, () =>
            this.orm.call("res.company", "l10n_pl_ksef_connect_by_certificate", [
                [companyId],
                number,
            ])
        );
        const panel = await this.load(companyId);
        // What is under way is followed, and announced at its end.
        if (!answer.confirm && !isUnderWay(panel)) {
            this.announce(companyId);
        }
    }

    /** Opens the window that asks somebody without an account for a signature. */
    askForSignature(companyId, purpose) {
        const onClose = () => this.load(companyId);
        this.dialog.add(AskDialog, { companyId, purpose }, { onClose });
    }

    async openAccount(companyId) {
        const action = await this.orm.call("res.company", "l10n_pl_ksef_open_account", [
            [companyId],
        ]);
        return this.action.doAction(action);
    }

    openCompany(companyId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.company",
            res_id: companyId,
            views: [[false, "form"]],
        });
    }

    /** The window "Account authorization" follows the session itself while it is open. */
    hold(companyId) {
        this.held.add(companyId);
        this.schedule(companyId);
    }

    /** The window closed: what did it leave behind? */
    async release(companyId, { isFinished = false } = {}) {
        this.held.delete(companyId);
        await this.load(companyId);
        if (isFinished) {
            this.announce(companyId);
        }
    }

    /** What came to its end since the last look: the verification, or what follows it by itself. */
    announceChange(companyId, before) {
        const after = this.panels[companyId];
        if (isUnderWay(before) && !isUnderWay(after)) {
            this.announce(companyId);
        } else if (
            before?.certificate?.state === "issuing" &&
            after.certificate.state === "exists"
        ) {
            this.announceExistingCertificate(companyId);
        }
    }

    /** Tells how a verification ended, and shows the panel if none is open. */
    announce(companyId) {
        const panel = this.panels[companyId];
        const problem = panel.problem?.text || panel.headline;
        if (panel.tick === "yes" && !panel.is_refused) {
            const until = dateAndTime(panel.expires_at);
            this.notification.add(
                until
                    ? _t("The connection to KSeF is active until %(date)s.", { date: until })
                    : _t("The connection to KSeF is active."),
                { type: "success" }
            );
        } else if (problem) {
            const type = panel.tick === "no" ? "danger" : "warning";
            this.notification.add(problem, { type, sticky: true });
        }
        if (panel.certificate?.state === "exists") {
            this.announceExistingCertificate(companyId);
        }
        this.bus.trigger("show", { companyId });
    }

    announceExistingCertificate(companyId) {
        this.notification.add(this.panels[companyId].certificate.text, {
            title: _t("KSeF certificate"),
            type: "warning",
            sticky: true,
            buttons: [
                {
                    name: _t("Account"),
                    primary: true,
                    onClick: () => this.openAccount(companyId),
                },
            ],
        });
    }

    receive(companyId, panel) {
        this.panels[companyId] = panel;
        this.received[companyId] = Date.now();
        this.schedule(companyId);
    }

    /** Seconds until the next look at a company; 0: there is nothing to look for. */
    nextLook(companyId) {
        const panel = this.panels[companyId];
        if (panel?.poll_seconds || !this.isPanelOpen(companyId)) {
            return panel?.poll_seconds;
        }
        const seconds = panel ? secondsToChange(panel) : 0;
        return seconds && Math.max(seconds - this.age(companyId), 1);
    }

    /** Seconds since a company's panel was received. */
    age(companyId) {
        return (Date.now() - (this.received[companyId] ?? 0)) / 1000;
    }

    schedule(companyId, seconds = this.nextLook(companyId)) {
        browser.clearTimeout(this.timers[companyId]);
        const isWatched = this.watchers.some((watcher) => watcher.companyId === companyId);
        if (seconds && isWatched && !this.held.has(companyId) && !document.hidden) {
            this.timers[companyId] = browser.setTimeout(
                () => this.follow(companyId),
                seconds * 1000
            );
        }
    }

    /** A hidden tab asks nothing; one that comes back shows what is true now. */
    onVisibilityChange() {
        for (const companyId of new Set(this.watchers.map((watcher) => watcher.companyId))) {
            this.schedule(companyId);
            if (!document.hidden && this.isPanelOpen(companyId) && !this.held.has(companyId)) {
                this.load(companyId);
            }
        }
    }
}

/** A new signature may be on its way while an older login still works. */
function isUnderWay(panel) {
    return panel?.state === "verifying" || Boolean(panel?.is_verifying);
}

/** Seconds until time alone makes a panel untrue: its login ends, or is renewed; 0: never. */
function secondsToChange({ seconds_left, expires_at, renews_at }) {
    if (!seconds_left) {
        return 0;
    }
    const early = renews_at ? deserializeDateTime(expires_at) - deserializeDateTime(renews_at) : 0;
    const toRenewal = seconds_left - early / 1000;
    const toChange = toRenewal > 0 ? toRenewal : seconds_left;
    return Math.min(toChange + CHANGE_SECONDS, DAY_SECONDS);
}

export const connectionService = {
    dependencies: ["orm", "action", "dialog", "notification"],
    start(env, services) {
        return new KsefConnections(services);
    },
};

registry.category("services").add("l10n_pl_ksef", connectionService);
