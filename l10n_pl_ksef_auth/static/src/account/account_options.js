import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { RecordSelector } from "@web/core/record_selectors/record_selector";

const FIELDS = ["environment", "context_type", "internal_id", "subject_type", "responsible_id"];

/** The company's settings for KSeF; here an accountant may change them, too. */
export class AccountOptions extends Component {
    static template = "l10n_pl_ksef_auth.AccountOptions";
    static components = { RecordSelector };
    static props = {
        options: Object,
        save: Function,
    };

    setup() {
        this.state = useState({ isSaving: false, values: this.read(this.props.options) });
        onWillUpdateProps(({ options }) => {
            if (options !== this.props.options) {
                this.state.values = this.read(options);
            }
        });
    }

    read(options) {
        return Object.fromEntries(FIELDS.map((name) => [name, options[name]]));
    }

    get isChanged() {
        const before = this.read(this.props.options);
        return Object.keys(before).some((name) => before[name] !== this.state.values[name]);
    }

    async save() {
        this.state.isSaving = true;
        try {
            const values = Object.entries(this.state.values);
            await this.props.save(
                Object.fromEntries(values.map(([name, value]) => [`l10n_pl_ksef_${name}`, value]))
            );
        } finally {
            this.state.isSaving = false;
        }
    }
}
