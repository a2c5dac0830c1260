from contextlib import contextmanager

from odoo import models
from odoo.fields import Domain

from ...tools import vault
from ..base import problems
from .database_identity import claim, copy_code, refuse_copy
from .guard import refuse_typed_code
from .keys import FINGERPRINT_PARAMETER, follow_name, sources
from .log_filter import install_log_filter

MIXIN = "l10n_pl_ksef.vault.mixin"
SECRET_SUFFIX = "_secret"


class L10n_Pl_KsefVaultMixin(models.AbstractModel):
    """Encrypted storage of secrets, each bound to its model, record and field.

    Neither keys nor decrypted values are cached: the key is read for each use, and a value lives as
    long as the call that asked for it (docs/design.md 10 and 15).
    """

    _name = "l10n_pl_ksef.vault.mixin"
    _description = "KSeF encrypted fields"

    def _register_hook(self):
        """Keep secrets that a browser sends out of Odoo's log."""
        super()._register_hook()
        install_log_filter()

    def _secret_write(self, **secrets):
        """Encrypt and store secrets of one record: bytes, or False to forget one."""
        self.ensure_one()
        box = self._vault(may_create=True)
        self.sudo().write(
            {
                name: box.encrypt(plain, self._secret_context(name)) if plain else False
                for name, plain in secrets.items()
            }
        )

    def _secret_read(self, name):
        """Decrypt one secret.

        :param str name: of the encrypted field
        :return bytes: empty when there is none
        :raises vault.VaultKeyMissing: this machine has no key, or another one
        :raises vault.VaultCorrupt: the value was changed, or belongs to another record or field
        :raises VaultLocked: this database is a copy of the one that the secret belongs to
        :raises AccessError: the caller is code that was typed into Odoo
        """
        self.ensure_one()
        text = self.sudo()[name]
        return self._vault().decrypt(text, self._secret_context(name)) if text else b""

    def _secret_context(self, name):
        """Return what a secret is bound to: in another row or field it does not decrypt."""
        return f"{self._name},{self.id},{name}"

    def _secret_digests(self, identity):
        """Return digests that find an identity again, from which nobody can read it.

        One for each key at hand, the current key's first.
        """
        return [
            identity.digest(vault.derive_key(key, "identity"))
            for key in self._vault_keys(may_create=True)
        ]

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

    def _reencrypt(self):
        """Encrypt the record's secrets with the first key; return what became of each of them."""
        box, outcomes = self._vault(), []
        for name in self._secret_fields() if self else ():
            text = self[name]
            if not text:
                continue
            try:
                old = box.needs_reencryption(text)
                if old:
                    self._secret_write(**{name: self._secret_read(name)})
                outcomes.append("encrypted" if old else "kept")
            except vault.VaultError:
                outcomes.append("unreadable")
        if "encrypted" in outcomes:
            self._follow_key()
        return outcomes

    def _follow_key(self):
        """Renew what else the key is part of; a model that stores such a thing overrides this."""

    def _vault(self, may_create=False):
        """Return the vault with this machine's keys, once they are shown to be this database's.

        A first key may be generated only if the database never had one.
        """
        return vault.Vault(self._vault_keys(may_create))

    def _vault_keys(self, may_create=False):
        refuse_typed_code(self.env)
        refuse_copy(self.env)
        parameters = self.env["ir.config_parameter"].sudo()
        expected = parameters.get_param(FINGERPRINT_PARAMETER)
        if expected:
            follow_name(self.env, expected)
        keys = vault.load_keys(*sources(self.env).values(), may_create=may_create and not expected)
        fingerprints = [vault.key_fingerprint(key) for key in keys]
        if (
            expected
            and expected not in fingerprints
            and self._stored_fingerprint() not in fingerprints
        ):
            raise vault.VaultKeyMissing("another key than this database's")
        if may_create and not expected:
            parameters.set_param(FINGERPRINT_PARAMETER, fingerprints[0])
            claim(self.env)
        return keys

    def _stored_fingerprint(self):
        """Return the expected fingerprint from the database: this worker's cache may be old."""
        found = self.env["ir.config_parameter"].sudo().search([("key", "=", FINGERPRINT_PARAMETER)])
        return found.value


def why_locked(env):
    """Return why the secrets of this database cannot be used here.

    :param env: of the database
    :return str: code of a local problem; None when they can be used, or when there are none
    """
    code = copy_code(env)
    if code or not env["ir.config_parameter"].sudo().get_param(FINGERPRINT_PARAMETER):
        return code
    try:
        env[MIXIN]._vault_keys()
    except vault.VaultError as error:
        return problems.of_error(error)["code"]
    return None


def secret_models(env):
    """Return the names of all models that keep encrypted fields.

    :param env: of the database
    """
    names = env.registry.descendants([MIXIN], "_inherit")
    return [name for name in names if env[name]._auto]
