import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { RedirectWarningDialog } from "@web/core/errors/error_dialogs";

/** Says that only a signature helps; what the bar says of the company is true from then on. */
export class LoginNeededDialog extends RedirectWarningDialog {
    setup() {
        super.setup();
        this.title = _t("Connection to KSeF");
        const companyId = this.actionId?.params?.company_id;
        if (companyId) {
            const loading = useService("l10n_pl_ksef").load(companyId);
            loading.catch((error) => console.warn("KSeF: no panel", error));
        }
    }
}

/** Open the window "Account authorization" for a company; its record is made by the server. */
export function openAuthorization(env, action) {
    return env.services.orm.call("res.company", "l10n_pl_ksef_open_authorization", [
        [action.params.company_id],
    ]);
}

registry.category("actions").add("l10n_pl_ksef_sign", openAuthorization);
registry
    .category("error_dialogs")
    .add("odoo.addons.l10n_pl_ksef_auth.exceptions.LoginNeeded", LoginNeededDialog);
