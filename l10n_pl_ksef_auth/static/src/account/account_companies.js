import { Component, useState } from "@odoo/owl";
import { RPCError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";

/** The user's other companies: those of the same signer connect without a signature. */
export class AccountCompanies extends Component {
    static template = "l10n_pl_ksef_auth.AccountCompanies";
    static props = {
        companies: Array,
        companyId: Number,
    };

    setup() {
        this.orm = useService("orm");
        this.state = useState({
            isRunning: false,
            results: {},
            chosen: Object.fromEntries(
                this.props.companies.map((company) => [company.id, company.color === "red"])
            ),
        });
    }

    /** The company in view belongs here only while it is not connected itself. */
    get companies() {
        return this.props.companies.filter(
            (company) => company.id !== this.props.companyId || company.color === "red"
        );
    }

    get chosen() {
        return this.companies.filter((company) => this.state.chosen[company.id]);
    }

    /** One call for each, so that every result shows as soon as it is there. */
    async connect() {
        this.state.isRunning = true;
        try {
            for (const { id } of this.chosen) {
                this.state.results[id] = await this.connectOne(id);
                this.state.chosen[id] = false;
            }
        } finally {
            this.state.isRunning = false;
        }
    }

    /** What Odoo refuses for one company is that company's result: the others go on. */
    async connectOne(id) {
        try {
            const [result] = await this.orm.call(
                "res.company",
                "l10n_pl_ksef_connect_with_certificate",
                [[id]]
            );
            return result;
        } catch (error) {
            if (!(error instanceof RPCError)) {
                throw error;
            }
            return { id, text: error.data?.message || error.message };
        }
    }
}
