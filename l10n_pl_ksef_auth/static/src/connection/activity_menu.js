import { ActivityMenu } from "@mail/core/web/activity_menu";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";

const MODEL = "l10n_pl_ksef.alert";
/** Inside accounting, and for who has none. */
const MENUS = ["l10n_pl_ksef_auth.menu_ksef", "l10n_pl_ksef_auth.menu_ksef_alone"];

/** What the clock tells of KSeF opens inside the application, where something can be done. */
patch(ActivityMenu.prototype, {
    setup() {
        super.setup();
        this.menus = useService("menu");
    },

    executeActivityAction(group, domain, views, context, newWindow) {
        if (group.model !== MODEL) {
            return super.executeActivityAction(...arguments);
        }
        const menu = this.menus.getAll().find(({ xmlid }) => MENUS.includes(xmlid));
        this.action.doAction("l10n_pl_ksef_auth.action_alert", {
            newWindow,
            clearBreadcrumbs: true,
            onActionReady: () => menu && this.menus.setCurrentMenu(menu),
        });
    },
});
