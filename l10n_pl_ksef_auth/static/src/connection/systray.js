import { Component, status, useEffect, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useBus, useService } from "@web/core/utils/hooks";
import { ConnectionPopover } from "./connection_popover";
import { whatIsDue } from "./due_words";
import { mayOpenByItself, rememberOpening } from "./once_a_day";

const MEANING = {
    red: _t("not active"),
    amber: _t("needs attention"),
    green: _t("active"),
};
const POPOVER = { position: "bottom-end", popoverClass: "o_ksef_popover", role: "dialog", arrow: false };

/** A view whose frame stands while its records are still on their way. */
const UNDRAWN = ".o_kanban_view:not(:has(.o_kanban_renderer)), .o_list_view:not(:has(.o_list_renderer))";
/** Milliseconds between two looks at it, and how often at most. */
const LOOK_MS = 100;
const MOST_LOOKS = 50;

/** Waits until the screen shows its records; on the dashboard our card comes with them. */
async function viewIsDrawn() {
    for (let looks = 0; looks < MOST_LOOKS && document.querySelector(UNDRAWN); looks++) {
        await new Promise((resolve) => browser.setTimeout(resolve, LOOK_MS));
    }
}

function nextFrame() {
    return new Promise((resolve) => browser.requestAnimationFrame(resolve));
}

/** Whether some panel is on the screen, and not only further down on the page. */
function isPanelInSight() {
    const panels = [...document.querySelectorAll(".o_ksef_panel")];
    return panels.some((panel) => panel.getBoundingClientRect().top < browser.innerHeight);
}

/** The dot at the top of every screen, with what is due in words; opens the panel. */
export class KsefSystray extends Component {
    static template = "l10n_pl_ksef_auth.Systray";
    static props = {};

    setup() {
        this.connections = useService("l10n_pl_ksef");
        this.panels = useState(this.connections.panels);
        this.state = useState({ isOpen: false });
        this.button = useRef("button");
        const onClose = () => this.onClose();
        // A panel that nobody asked for must not take the keyboard from whoever is typing.
        this.asked = usePopover(ConnectionPopover, { ...POPOVER, onClose });
        this.unasked = usePopover(ConnectionPopover, {
            ...POPOVER,
            onClose,
            setActiveElement: false,
        });
        useEffect(
            (companyId) => this.connections.watch(companyId, { quiet: true }),
            () => [this.companyId]
        );
        useBus(this.connections.bus, "show", ({ detail }) => this.onShow(detail));
        useBus(this.env.bus, "ACTION_MANAGER:UI-UPDATED", () => this.onScreen());
    }

    get companyId() {
        return user.activeCompany.id;
    }

    /** Read through `panels`, so that the dot follows every change. */
    get shown() {
        user.allowedCompanies.forEach(({ id }) => this.panels[id]);
        return whatIsDue(this.connections, this.companyId);
    }

    get color() {
        return this.shown.color;
    }

    get label() {
        return _t("Connection to KSeF: %(state)s", { state: MEANING[this.color] });
    }

    get due() {
        return this.env.isSmall ? "" : this.shown.words;
    }

    onClick() {
        if (this.state.isOpen) {
            this.close();
        } else {
            this.open(this.asked);
        }
    }

    /** Whoever was in the panel goes on from the dot. */
    onClose() {
        this.state.isOpen = false;
        if (document.activeElement?.closest(".o_ksef_popover")) {
            this.button.el?.focus();
        }
    }

    onShow({ companyId }) {
        if (companyId === this.companyId && !isPanelInSight()) {
            this.open(this.unasked);
        }
    }

    /** The first screen after the page was loaded stands. */
    async onScreen() {
        if (this.hasSeenScreen) {
            return;
        }
        this.hasSeenScreen = true;
        if (!mayOpenByItself(this.connections, this.companyId, this.env)) {
            return;
        }
        // The dashboard's card shows itself once it has the panel's data.
        const panel = await this.connections.load(this.companyId).catch(() => null);
        await viewIsDrawn();
        await nextFrame();
        await nextFrame();
        const isStill = panel && status(this) === "mounted";
        if (isStill && mayOpenByItself(this.connections, this.companyId, this.env)) {
            this.onShow({ companyId: this.companyId });
            await rememberOpening().catch((error) => console.warn("KSeF: no day kept", error));
        }
    }

    open(popover) {
        popover.open(this.button.el, {
            companyId: this.companyId,
            onLeave: () => this.close(),
        });
        this.state.isOpen = true;
    }

    close() {
        this.asked.close();
        this.unasked.close();
    }
}

export const systrayItem = {
    Component: KsefSystray,
    isDisplayed: (env) => Boolean(env.services.l10n_pl_ksef.color(user.activeCompany.id)),
};

registry.category("systray").add("l10n_pl_ksef_auth.systray", systrayItem, { sequence: 30 });
