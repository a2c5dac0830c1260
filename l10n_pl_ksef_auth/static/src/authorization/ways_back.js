import { _t } from "@web/core/l10n/translation";

/** What is mended at the first step by that step's own button. */
const HAS_OWN_BUTTON = ["sign", "rights", "new_file", "wait", "support"];

/** The buttons that lead to some of the three ways, each by a function of the window's. */
export function toWays(ways, window) {
    const another = window.view.step === "certificate";
    const buttons = {
        site: { label: _t("Sign at moj.gov.pl"), run: () => window.newFile("site") },
        program: { label: _t("Sign in my own program"), run: () => window.newFile("program") },
        certificate: {
            label: another ? _t("Load another certificate") : _t("Load a KSeF certificate"),
            run: () => (another ? window.otherCertificate() : window.chooseCertificate()),
        },
    };
    return ways.map((way) => buttons[way]);
}

/**
 * The buttons below a problem that lead on, mostly one; a button with an
 * address is a mail. The first step has its own for a new file.
 */
export function waysBack(problem, window) {
    const { way_back: wayBack, other_ways: otherWays } = problem;
    if (wayBack === "other_way") {
        return toWays(otherWays, window);
    }
    if (["download", "sign"].includes(window.view.step) && HAS_OWN_BUTTON.includes(wayBack)) {
        return [];
    }
    return [waysOn(problem, window)[wayBack]].filter(Boolean);
}

function waysOn(problem, window) {
    const newFile = { label: _t("Download a new file"), run: () => window.newFile() };
    const again = { label: _t("Try again"), run: () => window.retry() };
    return {
        sign: newFile,
        rights: newFile,
        new_file: newFile,
        other_file: { label: _t("Choose another file"), run: () => window.otherFile() },
        wait: again,
        // Once support has helped; what KSeF refused for good it refuses a second time.
        support: problem.final ? newFile : again,
        account: { label: _t("Go to Account"), run: () => window.openAccount() },
        office: { label: _t("Go to the office"), run: () => window.openOffice() },
        company: problem.opens_company
            ? { label: _t("Open the company's data"), run: () => window.openCompany() }
            : problem.administrator && writeTo(problem.administrator, window.view.company_name),
    };
}

/** A mail to the administrator, who may write the company's data; the user sends it. */
function writeTo({ name, email }, company) {
    const subject = encodeURIComponent(_t("NIP of %(company)s for KSeF", { company }));
    const body = encodeURIComponent(
        _t(
            "Please enter the NIP (Tax ID) of %(company)s in the company's data in Odoo. Without it the company cannot be connected with KSeF.",
            { company }
        )
    );
    return {
        label: _t("Write to the administrator (%(name)s)", { name }),
        url: `mailto:${encodeURIComponent(email).replace("%40", "@")}?subject=${subject}&body=${body}`,
    };
}
