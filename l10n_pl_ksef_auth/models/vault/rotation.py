import os

from odoo import models

from ...tools import vault
from ..base.locks import fresh
from .database_identity import claim
from .vault import FINGERPRINT_PARAMETER, MIXIN, configured, secret_models, sources

MODE = 0o600


class L10n_Pl_KsefRotation(models.AbstractModel):
    """Replaces the encryption key while Odoo runs: encrypts all secrets anew with the first key.

    ``odoo l10n_pl_ksef_rotate -d DATABASE`` calls it. A generated key file is given a new key; keys
    of the configuration are put in order by whoever writes it: new key first, old key behind it.
    """

    _name = "l10n_pl_ksef.rotation"
    _description = "KSeF key rotation"

    def _rotate(self):
        """Encrypt everything with a new key; may be repeated after a break at any point.

        :return dict: encrypted, kept (already so), unreadable; ``old_keys``: the file that holds
            what only backups still need, or None
        """
        file = sources(self.env)["file"]
        # Opening the vault first fails in a copy of the database, before anything is changed.
        keys = self.env[MIXIN]._vault_keys()
        generated = not configured(self.env)
        if generated and len(keys) == 1:
            _write(file, f"{vault.generate_key()}\n{file.read_text('ascii').strip()}\n", file)
        counts = self._reencrypt_all()
        self._settle()
        return {**counts, "old_keys": str(_retire(file)) if generated else None}

    def _reencrypt_all(self):
        counts = dict.fromkeys(("encrypted", "kept", "unreadable"), 0)
        for model in secret_models(self.env):
            for record in self.env[model]._with_secrets():
                for outcome in _reencrypt(record):
                    counts[outcome] += 1
        return counts

    def _settle(self):
        """Have the database expect the new key from now on."""
        with fresh(self.sudo()) as rotation:
            env = rotation.env
            box = env[MIXIN]._vault()
            parameters = env["ir.config_parameter"]
            parameters.set_param(FINGERPRINT_PARAMETER, box.fingerprint)
            # The new key is in the file of the database's present name alone.
            claim(env)
            companies = env["l10n_pl_ksef.session"].search([("state", "=", "active")]).company_id
            env["l10n_pl_ksef.audit"]._record(companies, "key_rotated", detail=box.fingerprint)
        # Other workers remember which key they expect: tell them.
        self.env.registry.signal_changes()


def _reencrypt(record):
    """Encrypt a record's secrets with the first key, and commit; return what became of each."""
    with record._alone() as alone:
        outcomes = alone._reencrypt()
        if alone:
            alone.env.cr.commit()
    return outcomes


def _write(file, text, key_file):
    """Replace a file of keys, complete or not at all.

    It stays with the owner of ``key_file``: Odoo must read it, and an administrator may be root.
    """
    draft = file.with_name(f".{file.name}.new")
    # One that a broken run has left: what stands in its place is never followed.
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        _give(descriptor, key_file.stat())
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)


def _give(descriptor, like):
    """Give an open file to the owner of another one; on Windows a folder's rights are its files'.

    :param os.stat_result like: of the other one
    """
    give = getattr(os, "fchown", None)
    if give and os.fstat(descriptor).st_uid != like.st_uid:
        give(descriptor, like.st_uid, like.st_gid)


def _retire(file):
    """Leave the first key in the file; move the others to a file beside it, for old backups."""
    first, *others = file.read_text("ascii").split()
    old = file.with_name(f"{file.name}.old")
    known = old.read_text("ascii").split() if old.exists() else []
    _write(old, "\n".join([*known, *(key for key in others if key not in known)]) + "\n", file)
    _write(file, f"{first}\n", file)
    return old
