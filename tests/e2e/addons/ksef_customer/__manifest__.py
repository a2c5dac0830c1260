{
    "name": "A customer of the KSeF connection, for tests",
    "summary": "Asks for a token when its route is called",
    "version": "19.0.1.0.0",
    "author": "l10n_pl_ksef_auth contributors",
    "license": "LGPL-3",
    "depends": ["web"],
    "installable": True,
}
