"""What goes when the addon goes: the key file stays, for backups of the database hold secrets."""


def uninstall_hook(env):
    """Forget the key's fingerprint, the database's home and all else that is kept as a parameter.

    A later installation would otherwise find itself locked by a key or a place that nothing needs.
    The keys of certificates that stay valid at KSeF go to a file beside the key, encrypted.
    """
    env["l10n_pl_ksef.farewell"]._keep_keys()
    # Odoo forgets foreign keys only with their table, and some are on a table of its own.
    foreign = [("module.name", "=", "l10n_pl_ksef_auth"), ("type", "=", "f")]
    env["ir.model.constraint"].sudo().search(foreign).unlink()
    ours = [("key", "=like", r"l10n\_pl\_ksef\_auth.%")]
    env["ir.config_parameter"].sudo().search(ours).unlink()
