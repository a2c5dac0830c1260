import { Component, onWillDestroy, useExternalListener, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";

/** Seconds left at which a screen reader is told; every second would be noise. */
const SPOKEN_AT = [300, 60];
const URGENT_SECONDS = 120;

/**
 * Counts down what is left of the file's ten minutes.
 *
 * The start comes from the server, in seconds; only the time since then is
 * measured here, so a wrong clock of the computer does not matter. A clock that
 * goes on while the computer sleeps is needed, which performance.now() is not.
 */
export class Countdown extends Component {
    static template = "l10n_pl_ksef_auth.Countdown";
    static props = {
        secondsLeft: Number,
        onExpired: Function,
    };

    setup() {
        this.startedAt = Date.now();
        this.startedWith = this.props.secondsLeft;
        this.state = useState({ left: Math.ceil(this.startedWith), spoken: "" });
        this.timer = browser.setInterval(() => this.tick(), 1000);
        onWillDestroy(() => browser.clearInterval(this.timer));
        useExternalListener(document, "visibilitychange", () => this.tick());
    }

    tick() {
        const elapsed = (Date.now() - this.startedAt) / 1000;
        this.state.left = Math.max(Math.ceil(this.startedWith - elapsed), 0);
        if (SPOKEN_AT.includes(this.state.left)) {
            this.state.spoken = this.label;
        }
        if (this.state.left === 0) {
            browser.clearInterval(this.timer);
            this.props.onExpired();
        }
    }

    get clock() {
        const seconds = String(this.state.left % 60).padStart(2, "0");
        return `${Math.floor(this.state.left / 60)}:${seconds}`;
    }

    get label() {
        return _t("file valid for another %(time)s", { time: this.clock });
    }

    get isUrgent() {
        return this.state.left <= URGENT_SECONDS;
    }
}
