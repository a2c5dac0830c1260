import { _t } from "@web/core/l10n/translation";

/**
 * Says what "only once" confirms for the signer of one file, who may have no name in it.
 *
 * @param {string} signer
 * @param {boolean} offline the company issues invoices, so a second certificate is named
 */
export function confirmation(signer, offline) {
    if (offline) {
        return signer
            ? _t(
                  "I confirm for the signer (%(signer)s): KSeF may issue two certificates, for logging in and for offline invoices.",
                  { signer }
              )
            : _t(
                  "I confirm for the signer: KSeF may issue two certificates, for logging in and for offline invoices."
              );
    }
    return signer
        ? _t("I confirm for the signer (%(signer)s): KSeF may issue a certificate.", { signer })
        : _t("I confirm for the signer: KSeF may issue a certificate.");
}

/**
 * Says what "only once" confirms for the files of several companies: all signers are named, and
 * the companies that get a certificate for offline invoices, unless all do.
 *
 * @param {{name: string, signer: string, offline: boolean}[]} files
 */
export function confirmationForEach(files) {
    const named = new Set(files.map(({ signer }) => signer || _t("not named in the file")));
    const signers = [...named].join(", ");
    const issuing = files.filter(({ offline }) => offline);
    if (!issuing.length) {
        return _t("I confirm for each signer (%(signers)s): KSeF may issue a certificate.", {
            signers,
        });
    }
    if (issuing.length === files.length) {
        return _t(
            "I confirm for each signer (%(signers)s): KSeF may issue two certificates, for logging in and for offline invoices.",
            { signers }
        );
    }
    const companies = issuing.map(({ name }) => name).join(", ");
    return _t(
        "I confirm for each signer (%(signers)s): KSeF may issue a certificate for logging in, for %(companies)s also one for offline invoices.",
        { signers, companies }
    );
}
