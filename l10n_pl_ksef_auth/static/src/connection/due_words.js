import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { timeLeft } from "./dates";

/** Whether a person has to do something about a connection. */
function needsSomebody({ color, state }) {
    return color === "red" || state === "expiring";
}

/**
 * What the bar says behind "KSeF:", or "" where nothing is due.
 *
 * @param {import("./connection_service").KsefConnections} connections
 * @param {number} companyId the company in view
 * @returns {string} as "sign", "in 2 days" or "3 companies"
 */
export function whatIsDue(connections, companyId) {
    const here = connections.dot(companyId);
    const due = user.allowedCompanies.filter(({ id }) => needsSomebody(connections.dot(id)));
    // Branches share the connection of the company above them.
    const owners = new Set(due.map(({ id }) => connections.dot(id).principal ?? id));
    const isElsewhere = [...owners].some((id) => id !== (here.principal ?? companyId));
    if (isElsewhere && connections.canConnect) {
        return companies(owners.size);
    }
    return needsSomebody(here) ? whatIsDueHere(here, connections.canConnect) : "";
}

function whatIsDueHere({ color, state, seconds_left: left }, canConnect) {
    if (color !== "red") {
        return timeLeft(left);
    }
    if (!canConnect) {
        return _t("not connected");
    }
    // What has not simply ended may need something else than a signature: the panel says what.
    return state === "attention" && left !== 0 ? _t("needs attention") : _t("sign");
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
