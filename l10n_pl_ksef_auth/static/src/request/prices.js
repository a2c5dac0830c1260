import { _t } from "@web/core/l10n/translation";

/** What a purpose costs the signers: how many signatures, and what stays in Odoo. */
export const PRICES = {
    grant: (count) =>
        _t("Rights for the office. Signatures: %(count)s. Nothing of the signers' stays in Odoo.", {
            count,
        }),
    connect: (count) =>
        _t(
            "KSeF certificate, one for each signer. Signatures: %(count)s. It opens every NIP in which its signer has rights, and stays in Odoo.",
            { count }
        ),
};
