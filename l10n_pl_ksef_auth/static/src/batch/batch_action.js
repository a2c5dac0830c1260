import { Component, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { afterPassword } from "../connection/after_password";
import { KsefRefusal, refusalOf } from "../connection/refusal";
import { KsefLooking } from "../request/looking";
import { BatchAsk, isOpen } from "./batch_ask";
import { BatchDesk } from "./batch_desk";
import { BatchLines } from "./batch_lines";

const MODEL = "l10n_pl_ksef.batch";
/** Milliseconds between two questions whether KSeF has decided. */
const FOLLOW_MS = 2000;

/**
 * One thing that is done for many companies, and how it ends for each.
 *
 * The server's record holds the whole state; each call brings one line of it,
 * so every result shows at once, and a page that is loaded anew goes on.
 */
export class KsefBatchAction extends Component {
    static template = "l10n_pl_ksef_auth.BatchAction";
    static components = { BatchAsk, BatchDesk, BatchLines, KsefLooking, KsefRefusal, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ view: null, refusal: "", isLooking: false, isRunning: false });
        this.isAlive = true;
        onWillStart(async () => {
            this.state.refusal = await refusalOf(this.load());
        });
        onWillDestroy(() => {
            this.isAlive = false;
            browser.clearTimeout(this.timer);
        });
    }

    get view() {
        return this.state.view;
    }

    get lines() {
        return this.view.lines;
    }

    /** A new object each time: what is drawn from it is drawn anew when one line has changed. */
    get shown() {
        return { ...this.view, lines: [...this.lines] };
    }

    /** Whom one may still ask stands above, with what to know of them. */
    get results() {
        const isShown = ({ state }) => this.view.kind !== "ask" || state !== "todo";
        return this.shown.lines.filter(isShown);
    }

    get todo() {
        return this.lines.filter(({ state }) => state === "todo");
    }

    get lead() {
        return {
            connect: _t(
                "The certificates held here log in for these numbers from now on. Rights that clients gave the office are accepted. You agree to it with your password."
            ),
            remind: _t("Who was asked and has not signed gets the link once more."),
            renew: _t("Each certificate is renewed once. It uses up one of its owner's 12 applications."),
            environment: _t("Choose the environment. Below stands what stops."),
            told: _t("Choose who is told when a connection needs somebody."),
        }[this.view.kind];
    }

    get label() {
        return {
            connect: _t("Connect"),
            remind: _t("Remind all"),
            renew: _t("Renew now"),
            environment: _t("Save for all"),
            told: _t("Save for all"),
        }[this.view.kind];
    }

    /** In short how it ended: "3 done, 1 not done". */
    get summary() {
        const count = (wanted) => this.lines.filter(({ state }) => state === wanted).length;
        return _t("Done: %(done)s, not done: %(failed)s, of %(all)s.", {
            done: count("done"),
            failed: count("failed"),
            all: this.lines.length,
        });
    }

    get isChosen() {
        return !this.view.choices.length || Boolean(this.view.choice);
    }

    async load() {
        const id = this.props.action.params?.batch_id || (await this.orm.call(MODEL, "latest", []));
        if (id) {
            this.state.view = await this.orm.call(MODEL, "view", [[id]]);
            this.follow();
            this.look();
        }
    }

    /** What clients gave by themselves is known before anybody is proposed: KSeF may take seconds. */
    async look() {
        if (!this.view.is_to_look) {
            return;
        }
        this.state.isLooking = true;
        try {
            this.state.view = await this.rpc("look");
        } finally {
            this.state.isLooking = false;
        }
    }

    /** Reads all anew: what is left of the files' ten minutes, too. */
    async refresh() {
        this.state.view = await this.rpc("view");
    }

    rpc(method, ...args) {
        return this.orm.call(MODEL, method, [[this.view.id], ...args]);
    }

    isChoice(id) {
        const { choice } = this.view;
        return Array.isArray(choice) ? choice.includes(id) : choice === id;
    }

    /** An environment replaces the one before; people are added and taken away. */
    async onChoose(id) {
        let choice = id;
        if (this.view.kind === "told") {
            const chosen = this.view.choice || [];
            choice = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
        }
        this.state.view = await this.rpc("choose", choice);
    }

    /** One password for all; then one call for each, so that every result shows at once. */
    async run() {
        if (this.view.kind === "remind") {
            return this.sendAll("remind");
        }
        const { confirm } = await afterPassword(this.action, () => this.rpc("confirm"));
        if (!confirm) {
            await this.forEach(this.todo, ({ id }) => this.rpc("run", id));
        }
    }

    /** Mails leave for all together: whoever signs for several companies gets one. */
    async sendAll(method, ...args) {
        this.state.isRunning = true;
        try {
            this.state.view = await this.rpc(method, ...args);
        } finally {
            this.state.isRunning = false;
        }
    }

    /** What is there connects first, with one password for all; only the rest is asked to sign. */
    async ask(rows, ...args) {
        const wanted = rows.map(({ id }) => id);
        const first = this.lines.filter(({ id, is_there }) => is_there && wanted.includes(id));
        if (first.length) {
            const ids = first.map(({ id }) => id);
            const { confirm } = await afterPassword(this.action, () => this.rpc("confirm", ids));
            if (confirm) {
                return;
            }
            await this.forEach(first, ({ id }) => this.rpc("connect_first", id));
            await this.untilDecided();
        }
        const open = new Set(this.lines.filter(isOpen).map(({ id }) => id));
        const rest = rows.filter(({ id }) => open.has(id));
        if (rest.length && this.isAlive) {
            await this.sendAll("ask", rest, ...args);
        }
    }

    /** Waits until KSeF has decided about all that are under way. */
    async untilDecided() {
        this.state.isRunning = true;
        try {
            while (this.isAlive && this.lines.some(({ state }) => state === "running")) {
                browser.clearTimeout(this.timer);
                await new Promise((resolve) => browser.setTimeout(resolve, FOLLOW_MS));
                await this.follow();
            }
        } finally {
            this.state.isRunning = false;
        }
    }

    /** Has something done for lines, one after the other; then follows those under way. */
    async forEach(lines, call) {
        this.state.isRunning = true;
        try {
            for (const line of lines) {
                if (this.isAlive) {
                    this.receive(await call(line));
                }
            }
        } finally {
            this.state.isRunning = false;
        }
        await this.follow();
    }

    receive(line) {
        const index = this.lines.findIndex(({ id }) => id === line.id);
        if (index >= 0) {
            this.lines[index] = line;
        }
    }

    /** KSeF decides some seconds later: asks until it has. */
    async follow() {
        browser.clearTimeout(this.timer);
        for (const { id, state } of this.lines) {
            if (this.isAlive && state === "running") {
                await this.followOne(id);
            }
        }
        if (this.isAlive && this.lines.some(({ state }) => state === "running")) {
            this.timer = browser.setTimeout(() => this.follow(), FOLLOW_MS);
        }
    }

    /** While the server cannot be reached, a line is as it was. */
    async followOne(id) {
        try {
            this.receive(await this.orm.silent.call(MODEL, "follow", [[this.view.id], id]));
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
        }
    }

    toCompanies() {
        return this.action.doAction("l10n_pl_ksef_auth.action_overview", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("l10n_pl_ksef_batch", KsefBatchAction);
