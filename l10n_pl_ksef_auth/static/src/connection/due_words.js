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
    const others = due.filter(({ id }) => id !== companyId);
    if (others.length && connections.canConnect) {
        return companies(due.length);
    }
    if (!needsSomebody(here)) {
        return "";
    }
    if (here.color !== "red") {
        return timeLeft(here.seconds_left);
    }
    return connections.canConnect ? _t("sign") : _t("not connected");
}

/** "3 companies", in the plural form of the user's language; Polish has three forms. */
function companies(count) {
    switch (new Intl.PluralRules(user.lang).select(count)) {
        case "one":
            return _t("%(count)s company", { count });
        case "many":
            return _t("%(count)s of your companies", { count });
        default:
            return _t("%(count)s companies", { count });
    }
}
