import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { x2ManyCommands } from "@web/core/orm_service";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { useService } from "@web/core/utils/hooks";

/** What decides for which NIP or unit Odoo logs in. */
const NUMBER = ["context_type", "internal_id"];
const FIELDS = ["environment", "context_type", "internal_id", "subject_type", "responsible_ids"];

/** The company's settings for KSeF; here an accountant may change them, too. */
export class AccountOptions extends Component {
    static template = "l10n_pl_ksef_auth.AccountOptions";
    static components = { MultiRecordSelector };
    static props = {
        options: Object,
        save: Function,
    };

    setup() {
        this.dialog = useService("dialog");
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
        return FIELDS.some((name) => this.isOther(name));
    }

    isOther(name) {
        return String(this.props.options[name]) !== String(this.state.values[name]);
    }

    /** Another number costs the connection: the user is told before it is saved. */
    onSave() {
        const { change_means } = this.props.options;
        if (!change_means || !NUMBER.some((name) => this.isOther(name))) {
            return this.save();
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Change for whom Odoo logs in?"),
            body: change_means,
            confirm: () => this.save(),
            confirmLabel: _t("Save"),
            cancel: () => {},
        });
    }

    async save() {
        this.state.isSaving = true;
        try {
            const { responsible_ids: people, ...others } = this.state.values;
            const values = { ...others, responsible_ids: [x2ManyCommands.set(people)] };
            await this.props.save(
                Object.fromEntries(
                    Object.entries(values).map(([name, value]) => [`l10n_pl_ksef_${name}`, value])
                )
            );
        } finally {
            this.state.isSaving = false;
        }
    }
}
