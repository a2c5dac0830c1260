import { beforeEach, expect, test } from "@odoo/hoot";
import { confirmationForEach } from "@l10n_pl_ksef_auth/authorization/consent_words";
import { allowTranslations } from "@web/../tests/web_test_helpers";

beforeEach(allowTranslations);

const ONE = { name: "Alfa", signer: "Róża Żółć", offline: false };
const OTHER = { name: "Beta", signer: "Jan Wiśniewski", offline: false };
const issuing = (file) => ({ ...file, offline: true });

test("the desk's question names every signer once, one without a name too", () => {
    const said = confirmationForEach([ONE, OTHER, { ...ONE, name: "Gamma" }, { ...OTHER, signer: "" }]);
    expect(said).toBe(
        "I confirm for each signer (Róża Żółć, Jan Wiśniewski, not named in the file): KSeF may issue a certificate."
    );
});

test("the desk's question names both certificates where all companies issue invoices", () => {
    expect(confirmationForEach([issuing(ONE), issuing(OTHER)])).toMatch(
        /two certificates, for logging in and for offline invoices\.$/
    );
});

test("the desk's question names the companies that get the second certificate", () => {
    expect(confirmationForEach([ONE, issuing(OTHER)])).toMatch(
        /a certificate for logging in, for Beta also one for offline invoices\.$/
    );
});
