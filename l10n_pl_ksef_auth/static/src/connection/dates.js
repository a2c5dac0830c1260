import { deserializeDateTime, formatDate, formatDateTime } from "@web/core/l10n/dates";
import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** Rounds "in 6 days" up while the missing part is under an hour. */
const PADDING_MS = 60 * 60 * 1000;

/**
 * Date and time without seconds, in the user's time zone and format.
 *
 * @param {string|false} value UTC, as the server serialises it
 */
export function dateAndTime(value) {
    if (!value) {
        return "";
    }
    const time = localization.timeFormat.replace(/:ss/, "");
    return formatDateTime(deserializeDateTime(value), {
        format: `${localization.dateFormat} ${time}`,
    });
}

/** Date alone, in the user's time zone and format; `value` as in dateAndTime. */
export function dateOnly(value) {
    return value ? formatDate(deserializeDateTime(value)) : "";
}

/**
 * "in 6 days" (Polish: "za 6 dni"), from the seconds that the server counted:
 * the browser's own clock may be wrong.
 *
 * @param {number|false} seconds
 */
export function timeLeft(seconds) {
    if (seconds === false || seconds === undefined) {
        return "";
    }
    if (seconds <= 0) {
        return _t("expired");
    }
    const base = DateTime.now();
    const isLong = seconds > 24 * 3600;
    return base.plus({ seconds }).toRelative({ base, padding: isLong ? PADDING_MS : 0 });
}

/** "Checked a moment ago." or the date and time of the last check. */
export function checkedText(value) {
    if (!value) {
        return "";
    }
    const minutes = DateTime.now().diff(deserializeDateTime(value), "minutes").minutes;
    if (minutes < 2) {
        return _t("Checked a moment ago.");
    }
    return _t("Checked on %(date)s.", { date: dateAndTime(value) });
}
