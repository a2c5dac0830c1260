import { user } from "@web/core/user";

const { DateTime } = luxon;
/** The user's setting, kept on the server, that holds the day of the last opening. */
const SETTING = "l10n_pl_ksef_panel_day";
/** A window above the page, or a form that holds what nobody has saved yet. */
const IN_THE_WAY = ".modal, .o_form_status_indicator_buttons:not(.invisible)";

/**
 * Whether the panel may open by itself now: once per user and day, while the
 * company's connection is red, for somebody who can do something about it.
 *
 * @param {import("./connection_service").KsefConnections} connections
 * @param {number} companyId
 * @param {{isSmall: boolean}} env
 */
export function mayOpenByItself(connections, companyId, env) {
    return (
        connections.canConnect &&
        connections.color(companyId) === "red" &&
        user.settings[SETTING] !== today() &&
        !env.isSmall &&
        !document.querySelector(IN_THE_WAY)
    );
}

/** Has the server remember that the panel was open today. */
export function rememberOpening() {
    const day = today();
    user.updateUserSettings(SETTING, day);
    return user.setUserSettings(SETTING, day);
}

function today() {
    return DateTime.now().toISODate();
}
