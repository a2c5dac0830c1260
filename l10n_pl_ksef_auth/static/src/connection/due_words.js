import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { timeLeft } from "./dates";

/** Whether a person has to do something about a connection. */
function needsSomebody({ color, state }) {
    return color === "red" || ["expiring", "limited"].includes(state);
}

/** From what stops invoices to what needs nobody. */
const WORST_FIRST = ["red", "amber", "green"];

/**
 * What the bar shows: the dot's colour, and the words behind "KSeF:".
 *
 * Where the words count companies, the dot is about all of these, not only about the one in view.
 *
 * @param {import("./connection_service").KsefConnections} connections
 * @param {number} companyId the company in view
 * @returns {{color: string, words: string}} words as "sign", "in 2 days" or "3 companies"; empty
 *  where nothing is due. The colour is empty where KSeF does not apply.
 */
export function whatIsDue(connections, companyId) {
    const here = connections.dot(companyId);
    const due = user.allowedCompanies.filter(({ id }) => needsSomebody(connections.dot(id)));
    // Branches share the connection of the company above them.
    const owners = new Set(due.map(({ id }) => connections.dot(id).principal ?? id));
    const isElsewhere = [...owners].some((id) => id !== (here.principal ?? companyId));
    if (isElsewhere && connections.canConnect) {
        const colors = [here.color, ...due.map(({ id }) => connections.dot(id).color)];
        const color = WORST_FIRST.find((one) => colors.includes(one));
        return { color, words: companies(owners.size) };
    }
    const words = needsSomebody(here) ? whatIsDueHere(here, connections.canConnect) : "";
    return { color: here.color ?? "", words };
}

/** What helps first while a connection is red; for all else the panel says it. */
const DUE = {
    nip: _t("enter the NIP"),
    certificate: _t("connect"),
    sign: _t("sign"),
};

function whatIsDueHere({ color, state, seconds_left: left, due }, canConnect) {
    if (state === "limited") {
        return _t("a right is missing");
    }
    if (color !== "red") {
        return timeLeft(left);
    }
    if (!canConnect) {
        return _t("not connected");
    }
    return DUE[due] ?? _t("needs attention");
}

/** "3 companies", in the plural form of the user's language; Polish has three forms. */
export function companies(count) {
    switch (new Intl.PluralRules(user.lang).select(count)) {
        case "one":
            return _t("%(count)s company", { count });
        case "many":
            return _t("%(count)s of your companies", { count });
        default:
            return _t("%(count)s companies", { count });
    }
}
