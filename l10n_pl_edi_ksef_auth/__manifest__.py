{
    "name": "Poland - KSeF connection for Odoo's invoice sender",
    "summary": "Odoo's own KSeF invoicing uses the connection of l10n_pl_ksef_auth",
    "version": "19.0.1.0.0",
    "category": "Accounting/Localizations/EDI",
    "author": "l10n_pl_ksef_auth contributors",
    "license": "LGPL-3",
    "depends": ["l10n_pl_ksef_auth", "l10n_pl_edi"],
    "data": ["views/account_move_views.xml", "views/res_config_settings_views.xml"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
