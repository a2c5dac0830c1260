{
    "name": "A sender over the KSeF connection, for tests",
    "summary": "Sends a request to KSeF when its route is called",
    "version": "19.0.1.0.0",
    "author": "l10n_pl_ksef_auth contributors",
    "license": "LGPL-3",
    "depends": ["web"],
    "installable": True,
}
