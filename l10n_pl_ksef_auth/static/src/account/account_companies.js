import { Component, onWillDestroy, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";

/** Milliseconds between two questions whether KSeF has decided. */
const FOLLOW_MS = 2000;

/** So many companies are seen at a glance; more have a filter. */
const FEW = 7;

/** The user's other companies: those of the same signer connect without a signature. */
export class AccountCompanies extends Component {
    static template = "l10n_pl_ksef_auth.AccountCompanies";
    static props = {
        companies: Array,
        companyId: Number,
        agree: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.connections = useService("l10n_pl_ksef");
        this.state = useState({
            isRunning: false,
            results: {},
            wanted: "",
            kind: "all",
            chosen: Object.fromEntries(
                this.props.companies.map(({ id, color, reason, result }) => [
                    id,
                    color === "red" && !reason && !result,
                ])
            ),
        });
        this.isAlive = true;
        onWillDestroy(() => {
            this.isAlive = false;
            browser.clearTimeout(this.timer);
        });
    }

    /** The company in view belongs here only while it is not connected itself. */
    get companies() {
        return this.props.companies.filter(
            (company) => company.id !== this.props.companyId || company.color === "red"
        );
    }

    get hasFilter() {
        return this.companies.length > FEW;
    }

    /** The companies that the filter leaves. */
    get shown() {
        // A NIP is found however its digits are grouped.
        const plain = (text) => text.trim().toLowerCase().replaceAll("-", "");
        const wanted = plain(this.state.wanted);
        return this.companies.filter((company) => {
            const isFound = plain(`${company.name} ${company.number}`).includes(wanted);
            return isFound && this.isOfKind(company, this.state.kind);
        });
    }

    /** A company that has just been connected stays in sight: it counts as it came. */
    isOfKind(company, kind) {
        const { reason, color } = company;
        switch (kind) {
            case "disconnected":
                return !reason && color === "red";
            case "failed":
                return !reason && this.color(company) === "red" && Boolean(this.text(company));
            case "impossible":
                return Boolean(reason);
            default:
                return true;
        }
    }

    /** Nothing out of sight is connected. */
    get chosen() {
        return this.shown.filter((company) => this.state.chosen[company.id]);
    }

    get canConnect() {
        return this.companies.some(({ reason }) => !reason);
    }

    /** What keeps a company from being connected here, else how its last login ended. */
    text({ id, reason, result }) {
        return reason || (this.state.results[id]?.text ?? result);
    }

    /** The dot that a result brought, else the one that the list came with. */
    color(company) {
        return this.state.results[company.id]?.color ?? company.color;
    }

    /** One password for all; then one call for each, so that every result shows at once. */
    async connect() {
        this.state.isRunning = true;
        try {
            const chosen = this.chosen;
            if (!(await this.props.agree(chosen))) {
                return;
            }
            for (const { id } of chosen) {
                this.state.results[id] = await this.connectOne(id);
                this.state.chosen[id] = false;
            }
        } finally {
            this.state.isRunning = false;
        }
        await this.follow();
    }

    /** KSeF decides some seconds later: asks until it has, or until it is to be left alone. */
    async follow() {
        browser.clearTimeout(this.timer);
        for (const { id } of this.companies) {
            if (this.isAlive && this.state.results[id]?.isUnderWay) {
                this.state.results[id] = await this.followOne(id);
            }
        }
        const isUnderWay = Object.values(this.state.results).some((one) => one.isUnderWay);
        if (this.isAlive && isUnderWay) {
            this.timer = browser.setTimeout(() => this.follow(), FOLLOW_MS);
        }
    }

    async followOne(id) {
        try {
            const panel = await this.orm.silent.call("res.company", "l10n_pl_ksef_follow", [[id]]);
            // The bar counts the companies that need somebody.
            this.connections.receive(id, panel);
            return {
                text: panel.problem?.text || panel.headline || _t("Connected."),
                color: panel.color,
                isUnderWay: panel.state === "verifying" && panel.poll_seconds > 0,
            };
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                return this.state.results[id];
            }
            return this.refusal(error);
        }
    }

    async connectOne(id) {
        try {
            const [result] = await this.orm.call(
                "res.company",
                "l10n_pl_ksef_connect_with_certificate",
                [[id]]
            );
            const { text, color, state } = result;
            return { text, color, isUnderWay: state === "verifying" };
        } catch (error) {
            return this.refusal(error);
        }
    }

    /** What Odoo refuses for one company is that company's result: the others go on. */
    refusal(error) {
        if (!(error instanceof RPCError)) {
            throw error;
        }
        return { text: error.data?.message || error.message, isUnderWay: false };
    }
}
