import { Component, onWillStart, useState } from "@odoo/owl";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { KsefRefusal, refusalOf } from "../connection/refusal";

const MARKS = {
    true: { icon: "fa-check-circle", color: "o_ksef_green", label: _t("in order") },
    false: { icon: "fa-times-circle", color: "o_ksef_red", label: _t("not in order") },
    null: { icon: "fa-info-circle", color: "text-muted", label: _t("for information") },
};

/** The screen "Diagnosis": one button checks the connection, one copies the result for support. */
export class KsefDiagnosisAction extends Component {
    static template = "l10n_pl_ksef_auth.DiagnosisAction";
    static components = { CopyButton, KsefRefusal, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({
            checks: [],
            technical: [],
            report: "",
            asks_for_backup: false,
            refusal: "",
            isBusy: false,
        });
        onWillStart(async () => {
            this.state.refusal = await refusalOf(this.refreshBy("l10n_pl_ksef_diagnosis"));
        });
        this.copied = _t("Copied");
    }

    mark(check) {
        return MARKS[check.ok];
    }

    onCheck() {
        return this.refreshBy("l10n_pl_ksef_diagnose");
    }

    onBackedUp() {
        return this.refreshBy("l10n_pl_ksef_key_backed_up");
    }

    /** Calls a method that returns the whole diagnosis, and shows it. */
    async refreshBy(method) {
        this.state.isBusy = true;
        try {
            const answer = await this.orm.call("res.company", method, [[user.activeCompany.id]]);
            Object.assign(this.state, answer);
        } finally {
            this.state.isBusy = false;
        }
    }
}

registry.category("actions").add("l10n_pl_ksef_diagnosis", KsefDiagnosisAction);
