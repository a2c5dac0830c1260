import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { x2ManyCommands } from "@web/core/orm_service";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";

const FIELDS = ["environment", "context_type", "internal_id", "subject_type", "responsible_ids", "offline"];

/** Compares values of a setting; the people who are told are an array. */
const isOther = (one, another) => String(one) !== String(another);

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
        this.state = useState({
            isSaving: false,
            values: this.read(this.props.options),
            invalid: {},
        });
        onWillUpdateProps(({ options }) => {
            // A look at KSeF brings the same options: what somebody is typing stays.
            if (FIELDS.some((name) => isOther(options[name], this.props.options[name]))) {
                this.state.values = this.read(options);
            }
        });
        useSetupAction({
            beforeLeave: ({ forceLeave } = {}) => forceLeave || this.mayLeave(),
            beforeUnload: (ev) => this.isChanged && ev.preventDefault(),
        });
    }

    read(options) {
        return Object.fromEntries(FIELDS.map((name) => [name, options[name]]));
    }

    get isChanged() {
        return FIELDS.some((name) => isOther(this.props.options[name], this.state.values[name]));
    }

    /** What is to be saved: an identifier out of sight stays as it was. */
    get values() {
        const values = { ...this.state.values };
        if (values.context_type !== "internal_id") {
            values.internal_id = this.props.options.internal_id;
        }
        values.responsible_ids = [x2ManyCommands.set(values.responsible_ids)];
        return Object.fromEntries(FIELDS.map((name) => [`l10n_pl_ksef_${name}`, values[name]]));
    }

    /** Asks before what somebody has changed is lost; returns whether it may be. */
    mayLeave() {
        if (!this.isChanged) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Leave without saving?"),
                    body: _t("Your changes of the settings are not saved yet."),
                    confirm: () => resolve(true),
                    confirmLabel: _t("Leave"),
                    cancel: () => resolve(false),
                    cancelLabel: _t("Stay here"),
                },
                { onClose: () => resolve(false) }
            );
        });
    }

    /** Saves; the server says what is wrong with a field, or what would stop. */
    async save(confirmed) {
        this.state.isSaving = true;
        try {
            const { invalid, stops } = await this.props.save(this.values, confirmed);
            this.state.invalid = invalid || {};
            if (stops) {
                this.askFirst(stops);
            }
        } finally {
            this.state.isSaving = false;
        }
    }

    askFirst(stops) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Save, although invoices stop?"),
            body: stops.join("\n\n"),
            confirm: () => this.save(true),
            confirmClass: "btn-danger",
            confirmLabel: _t("Save all the same"),
            cancel: () => {},
        });
    }
}
