import { registry } from "@web/core/registry";
import { RedirectWarningDialog } from "@web/core/errors/error_dialogs";

/** Open the window "Account authorization" for a company; its record is made by the server. */
export function openAuthorization(env, action) {
    return env.services.orm.call("res.company", "l10n_pl_ksef_open_authorization", [
        [action.params.company_id],
    ]);
}

registry.category("actions").add("l10n_pl_ksef_sign", openAuthorization);
registry
    .category("error_dialogs")
    .add("odoo.addons.l10n_pl_ksef_auth.exceptions.LoginNeeded", RedirectWarningDialog);
