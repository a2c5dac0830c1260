import os
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from odoo import models, tools
from odoo.exceptions import ConcurrencyError
from odoo.fields import Domain

from ...tools import vault
from ..base import problems
from ..base.locks import fresh
from .database_identity import (
    VaultLocked,
    bound_to,
    claim,
    claimed_name,
    copy_code,
    marked_home,
    refuse_copy,
)
from .guard import door, refuse_typed_code
from .log_filter import install_log_filter

MIXIN = "l10n_pl_ksef.vault.mixin"
SECRET_SUFFIX = "_secret"
KEY_OPTION = "l10n_pl_ksef_key"
KEY_VARIABLE = "L10N_PL_KSEF_KEY"
FINGERPRINT_PARAMETER = "l10n_pl_ksef_auth.key_fingerprint"
BACKUP_PARAMETER = "l10n_pl_ksef_auth.key_backed_up"


class L10n_Pl_KsefVaultMixin(models.AbstractModel):
    """Fields of encrypted secrets, whose names end in ``_secret``.

    The functions below open and close them: code that was typed into Odoo cannot call a function.
    """

    _name = "l10n_pl_ksef.vault.mixin"
    _description = "KSeF encrypted fields"

    def _register_hook(self):
        """Keep secrets that a browser sends out of Odoo's log."""
        super()._register_hook()
        install_log_filter()

    def _secret_fields(self):
        """Return the names of the model's encrypted fields."""
        return [name for name in self._fields if name.endswith(SECRET_SUFFIX)]

    def _with_secrets(self):
        """Return all records of the model that hold a secret."""
        stored = [[(name, "!=", False)] for name in self._secret_fields()]
        return self.sudo().search(Domain.OR(stored))

    def _forget_unused(self):
        """Remove secrets that nobody needs any more; a model that keeps some overrides this.

        Each run of the scheduled action calls it.
        """

    @contextmanager
    def _alone(self):
        """Read self anew, on a cursor of its own; a model with locks overrides this."""
        with self.env.registry.cursor() as cr:
            yield self.with_env(self.env(cr=cr, su=True)).exists()

    def _follow_key(self):
        """Renew what else the key is part of; a model that stores such a thing overrides this."""


def secret_models(env):
    """Return the names of all models that keep encrypted fields.

    :param env: of the database
    """
    names = env.registry.descendants([MIXIN], "_inherit")
    return [name for name in names if env[name]._auto]


def models_that_forget(env):
    """Return the names of the models with secrets that they forget by themselves.

    :param env: of the database
    """
    idle = env.registry[MIXIN]._forget_unused
    return [name for name in secret_models(env) if env.registry[name]._forget_unused is not idle]


# ------------------------------------------------------------------
# Secrets, each bound to its database, model, record and field. Neither keys nor decrypted values
# are cached: a value lives as long as the call that asked for it (docs/design.md 10 and 15).
# ------------------------------------------------------------------
def read_secret(record, name):
    """Decrypt one secret.

    :param record: one record of a model with secrets
    :param str name: of the encrypted field
    :return bytes: empty when there is none
    :raises vault.VaultKeyMissing: this machine has no key, or another one
    :raises vault.VaultCorrupt: the value was changed, or belongs to another record or field
    :raises VaultLocked: this database is a copy of the one that the secret belongs to
    :raises AccessError: the caller is code that was typed into Odoo
    """
    record.ensure_one()
    text = record.sudo()[name]
    return open_vault(record.env).decrypt(text, place_of(record, name)) if text else b""


def write_secrets(record, **secrets):
    """Encrypt and store secrets of one record: bytes, or False to forget one."""
    values = encrypted(record, **secrets)
    secrets.clear()
    record.sudo().write(values)


def encrypted(record, **secrets):
    """Return the values to store for secrets of one record: bytes, or False to forget one.

    While a record is written, automation rules run: who holds a secret in clear encrypts first, and
    writes when it is forgotten.

    :raises: as read_secret
    """
    record.ensure_one()
    box = open_vault(record.env, may_create=True)
    return {
        name: box.encrypt(plain, place_of(record, name)) if plain else False
        for name, plain in secrets.items()
    }


def place_of(record, name):
    """Return what a secret is bound to within its database.

    :param record: that holds it
    :param str name: of the encrypted field
    """
    return f"{record._name},{record.id},{name}"


def secret_digests(env, identity):
    """Return digests that find an identity again, from which nobody can read it.

    :param env: of the database
    :param identity: a tools.identity.Identity
    :return list: one for each key at hand, the current key's first
    """
    return [
        identity.digest(vault.derive_key(key, "identity")) for key in keys_of(env, may_create=True)
    ]


def open_vault(env, may_create=False):
    """Return the vault with this machine's keys, once they are shown to be this database's.

    :param env: of the database
    :param bool may_create: generate a first key if the database never had one
    :raises: as read_secret
    """
    keys = keys_of(env, may_create)
    return vault.Vault(keys, bound_to(env, keys))


# ------------------------------------------------------------------
# The key
# ------------------------------------------------------------------
def keys_of(env, may_create=False):
    """Return this machine's keys, once they are shown to be this database's; see open_vault."""
    refuse_typed_code(env)
    refuse_copy(env)
    expected = env["ir.config_parameter"].sudo().get_param(FINGERPRINT_PARAMETER)
    if expected:
        _follow_name(env, expected)
    elif may_create:
        _take_first_key(env)
    return _keys_here(env)


def claim_moved(env):
    """Declare that the secrets of this copy belong to it: it is the original, elsewhere.

    :param env: of the database
    :raises vault.VaultKeyMissing: their key is not here
    :raises VaultLocked: they are another database's than that whose home stands here
    """
    refuse_typed_code(env)
    keys = _keys_here(env)
    if not _opens_all(env, vault.Vault(keys, bound_to(env, keys))):
        raise VaultLocked("home_exchanged")
    claim(env, marked_home(env, keys))


def _opens_all(env, box):
    """Return True if a vault opens all that is stored here, but for what lacks its key."""
    for model in secret_models(env):
        for record in env[model]._with_secrets():
            for name in filter(record.__getitem__, record._secret_fields()):
                try:
                    box.decrypt(record[name], place_of(record, name))
                except vault.VaultKeyMissing:
                    continue
                except vault.VaultCorrupt:
                    return False
    return True


def bind_secrets(env):
    """Have a database from before bind what it encrypts from now on.

    :param env: of the database
    :raises: as read_secret
    """
    if env["ir.config_parameter"].sudo().get_param(FINGERPRINT_PARAMETER):
        if not bound_to(env, keys_of(env)):
            claim(env, marked_home(env, keys_of(env)))


@door
def why_locked(env):
    """Return why the secrets of this database cannot be used here.

    :param env: of the database
    :return str: code of a local problem; None when they can be used, or when there are none
    """
    code = copy_code(env)
    if code or not env["ir.config_parameter"].sudo().get_param(FINGERPRINT_PARAMETER):
        return code
    try:
        keys_of(env)
    except vault.VaultError as error:
        return problems.of_error(error)["code"]
    return None


@door
def why_unreadable(env):
    """Return why the key that an administrator gave cannot be used; None if it can.

    :param env: of the database
    :return str: code of a local problem
    """
    try:
        vault.load_keys(*sources(env).values(), may_create=False)
    except vault.VaultError as error:
        return problems.of_error(error)["code"]
    return None


def sources(env):
    """Return where a key may come from; the first that has one counts.

    :param env: of the database
    :return dict: text of the option, text of the variable, path of the generated file
    """
    return {
        "option": tools.config.get(KEY_OPTION),
        "variable": os.environ.get(KEY_VARIABLE),
        "file": _key_file(tools.config["data_dir"], env.cr.dbname),
    }


def key_in_use(env):
    """Tell where the key in use comes from.

    :param env: of the database
    :return tuple: option, variable or path of the file; fingerprint or False; True if it is backed
        up: somebody said so, or an administrator wrote it somewhere
    """
    given = configured(env)
    parameters = env["ir.config_parameter"].sudo()
    fingerprint = parameters.get_param(FINGERPRINT_PARAMETER)
    backed_up = bool(given) or parameters.get_param(BACKUP_PARAMETER) == fingerprint
    return given or str(sources(env)["file"]), fingerprint, backed_up


def configured(env):
    """Return "option" or "variable" if an administrator gave the key there; else None.

    :param env: of the database
    """
    found = sources(env)
    return next((name for name in ("option", "variable") if (found[name] or "").strip()), None)


def note_backup(env):
    """Note that somebody keeps a copy of the key in use.

    :param env: of the database
    """
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param(BACKUP_PARAMETER, parameters.get_param(FINGERPRINT_PARAMETER))


def _take_first_key(env):
    """Note which key this database has from now on, and whose it is; generate one if need be.

    :raises ConcurrencyError: another transaction has just done it, which this one cannot see; Odoo
        begins the request anew
    """
    _wait_for_first_key(env)
    fingerprint, home = _first_key(env)
    env["ir.config_parameter"].sudo().set_param(FINGERPRINT_PARAMETER, fingerprint)
    claim(env, home)


def _wait_for_first_key(env):
    """Have one transaction at a time take the first key; see _take_first_key."""
    name = f"{FINGERPRINT_PARAMETER},{env.cr.dbname}"
    env.cr.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    noted = [("key", "=", FINGERPRINT_PARAMETER)]
    parameters = env["ir.config_parameter"].sudo()
    with fresh(parameters) as seen:
        taken = seen.search_count(noted)
    if taken and not parameters.search_count(noted):
        raise ConcurrencyError("the first key of this database was taken meanwhile")


def _first_key(env):
    # The key is forgotten before anything is written: automation rules may run then.
    keys = vault.load_keys(*sources(env).values(), may_create=True)
    return vault.key_fingerprint(keys[0]), marked_home(env, keys)


def _keys_here(env):
    keys = vault.load_keys(*sources(env).values(), may_create=False)
    expected = env["ir.config_parameter"].sudo().get_param(FINGERPRINT_PARAMETER)
    known = {expected} & set(map(vault.key_fingerprint, keys))
    if expected and not known and not _knows_stored(env, keys):
        raise vault.VaultKeyMissing("another key than this database's")
    return keys


def _knows_stored(env, keys):
    """Return True if the fingerprint in the database is a key's: this worker's cache may be old."""
    found = env["ir.config_parameter"].sudo().search([("key", "=", FINGERPRINT_PARAMETER)])
    return found.value in map(vault.key_fingerprint, keys)


def _follow_name(env, fingerprint):
    """Let a database that was renamed, as by Odoo's database manager, keep its key.

    Copies are excluded on purpose: a restored foreign backup must not gain the original's key.

    :param env: of the database, at home
    :param str fingerprint: of the key that it expects
    """
    file, name = sources(env)["file"], claimed_name(env)
    if name and name != env.cr.dbname:
        vault.adopt_key_file(file, file.with_name(f"{name}.key"), fingerprint)


@lru_cache(maxsize=64)
def _key_file(data_dir, database):
    # Beside the file store, not in it: backups take the file store along (docs/design.md 15).
    return Path(data_dir) / "l10n_pl_ksef" / f"{database}.key"
