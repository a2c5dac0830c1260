import os
from functools import lru_cache
from pathlib import Path

from odoo import models, tools
from odoo.fields import Domain

from ..tools import vault
from . import ksef_home, ksef_problem, ksef_vault_guard

KEY_OPTION = "l10n_pl_ksef_key"
KEY_VARIABLE = "L10N_PL_KSEF_KEY"
FINGERPRINT_PARAMETER = "l10n_pl_ksef_auth.key_fingerprint"
BACKUP_PARAMETER = "l10n_pl_ksef_auth.key_backed_up"
SECRET_SUFFIX = "_secret"


class VaultKeyOther(vault.VaultKeyMissing):
    """There is a key here, but not this database's."""


class L10n_Pl_KsefVaultMixin(models.AbstractModel):
    """Encrypted storage of secrets, each bound to its model, record and field.

    docs/design.md 10 and 15.
    Neither keys nor decrypted values are cached: the key is read for each use, and a value lives as
    long as the call that asked for it.
    """

    _name = "l10n_pl_ksef.vault.mixin"
    _description = "KSeF encrypted fields"

    def _secret_write(self, **secrets):
        """Encrypt and store secrets of one record.

        :param secrets: bytes or False by the name of the encrypted field
        :raises vault.VaultError: no key, another one, or this database is a copy
        """
        self.ensure_one()
        box = self._vault(may_create=True)
        self.sudo().write(
            {
                name: box.encrypt(plain, self._secret_context(name)) if plain else False
                for name, plain in secrets.items()
            }
        )

    def _secret_read(self, name):
        """Decrypt one secret; empty bytes when there is none.

        :raises vault.VaultKeyMissing: this machine has no key, or another one
        :raises vault.VaultCorrupt: the value was changed, or belongs to another record or field
        :raises VaultLocked: this database is a copy of the one that the secret belongs to
        :raises AccessError: the caller is code that was typed into Odoo
        """
        self.ensure_one()
        text = self.sudo()[name]
        return self._vault().decrypt(text, self._secret_context(name)) if text else b""

    def _secret_context(self, name):
        """What a secret is bound to: copied to another row or field it does not decrypt."""
        return f"{self._name},{self.id},{name}"

    def _secret_digests(self, identity):
        """Digests by which an identity is found again without being readable in the database.

        :param identity.Identity identity: person or company
        :return list: one digest for each key at hand, the current key's first
        """
        return [
            identity.digest(vault.derive_key(key, "identity"))
            for key in self._vault_keys(may_create=True)
        ]

    def _secret_fields(self):
        """The names of the model's encrypted fields."""
        return [name for name in self._fields if name.endswith(SECRET_SUFFIX)]

    def _with_secrets(self):
        """All records of the model that hold a secret."""
        stored = [[(name, "!=", False)] for name in self._secret_fields()]
        return self.sudo().search(Domain.OR(stored))

    def _forget_unused(self):
        """Remove secrets that nobody needs any more; a model that keeps some overrides this.

        Each run of the scheduled action calls it.
        """

    def _vault(self, may_create=False):
        """The vault with this machine's keys, once they are shown to be this database's.

        :param bool may_create: a first key may be generated, if the database never had one
        :raises vault.VaultError: no key, another one, or this database is a copy
        """
        return vault.Vault(self._vault_keys(may_create))

    def _vault_keys(self, may_create=False):
        ksef_vault_guard.refuse_typed_code(self.env)
        ksef_home.refuse_copy(self.env)
        parameters = self.env["ir.config_parameter"].sudo()
        expected = parameters.get_param(FINGERPRINT_PARAMETER)
        if expected:
            _follow_name(self.env, expected)
        keys = vault.load_keys(*sources(self.env).values(), may_create=may_create and not expected)
        fingerprints = [vault.key_fingerprint(key) for key in keys]
        if (
            expected
            and expected not in fingerprints
            and self._stored_fingerprint() not in fingerprints
        ):
            raise VaultKeyOther("another key than this database's")
        if may_create and not expected:
            parameters.set_param(FINGERPRINT_PARAMETER, fingerprints[0])
            ksef_home.claim(self.env)
        return keys

    def _stored_fingerprint(self):
        """The database's key, past the cache of a worker that does not yet know of a new one."""
        found = self.env["ir.config_parameter"].sudo().search([("key", "=", FINGERPRINT_PARAMETER)])
        return found.value


def obstacle(env):
    """Return why the secrets of this database cannot be used here.

    :param env: of the database
    :return str: code of a local problem; None when they can be used, or when there are none
    """
    code = ksef_home.copy_code(env)
    if code or not env["ir.config_parameter"].sudo().get_param(FINGERPRINT_PARAMETER):
        return code
    try:
        env["l10n_pl_ksef.vault.mixin"]._vault_keys()
    except vault.VaultError as error:
        return ksef_problem.of_error(error)["code"]
    return None


def secret_models(env):
    """Return the names of all models that keep encrypted fields.

    :param env: of the database
    """
    names = env.registry.descendants(["l10n_pl_ksef.vault.mixin"], "_inherit")
    return [name for name in names if env[name]._auto]


def sources(env):
    """Where a key may come from; the first that has one counts.

    A function, not a method: code that was typed into Odoo cannot call it.

    :param env: of the database
    :return dict: text of the option, text of the variable, path of the generated file
    """
    return {
        "option": tools.config.get(KEY_OPTION),
        "variable": os.environ.get(KEY_VARIABLE),
        "file": _key_file(tools.config["data_dir"], env.cr.dbname),
    }


def key_source(env):
    """Where the key in use comes from.

    :param env: of the database
    :return tuple: option, variable or path of the file; fingerprint or False; whether somebody
        said that it is backed up (a key that an administrator wrote somewhere is)
    """
    places = sources(env)
    named = next((name for name in ("option", "variable") if (places[name] or "").strip()), None)
    parameters = env["ir.config_parameter"].sudo()
    fingerprint = parameters.get_param(FINGERPRINT_PARAMETER)
    backed_up = bool(named) or parameters.get_param(BACKUP_PARAMETER) == fingerprint
    return named or str(places["file"]), fingerprint, backed_up


def note_backup(env):
    """Note that somebody keeps a copy of the key in use.

    :param env: of the database
    """
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param(BACKUP_PARAMETER, parameters.get_param(FINGERPRINT_PARAMETER))


def _follow_name(env, fingerprint):
    """Let a database that was renamed, as by Odoo's database manager, keep its key.

    A copy needs this no less, but its key is for a person to bring: who restores somebody else's
    backup beside the original must not find the key there.
    """
    file, name = sources(env)["file"], ksef_home.claimed_name(env)
    if name and name != env.cr.dbname:
        vault.adopt_key_file(file, file.with_name(f"{name}.key"), fingerprint)


@lru_cache(maxsize=64)
def _key_file(data_dir, database):
    # Beside the file store, not in it: backups take that along (docs/design.md 15).
    return Path(data_dir) / "l10n_pl_ksef" / f"{database}.key"
