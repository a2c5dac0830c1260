"""Private keys of certificates that stay valid when the addon is uninstalled.

Functions, not methods: code that was typed into Odoo cannot call them.
"""

import logging

from ...tools import kept_keys
from ...tools.vault import Vault, VaultError
from .vault import keys_of, read_secret, sources

_logger = logging.getLogger(__name__)


def kept_in(env):
    """Return the path of the file that keeps them, beside the generated key of the database.

    :param env: of the database
    """
    return sources(env)["file"].with_suffix(".certificates")


def texts_kept(env):
    """Return what the file keeps, encrypted, by the place of each key.

    :param env: of the database
    """
    return kept_keys.read(kept_in(env))


def keep(env, certificates):
    """Write the private keys of certificates to the file, encrypted with the vault's key.

    :param env: of the database
    :param certificates: that have a key and a serial number
    """
    box, texts = _vault(env), texts_kept(env)
    for certificate in certificates:
        name = _name(certificate.environment, certificate.serial_number)
        try:
            texts[name] = box.encrypt(read_secret(certificate, "private_key_secret"), name)
        except VaultError:
            _logger.warning("KSeF certificate %s is not kept: its key is unreadable", name)
    kept_keys.write(kept_in(env), texts)


def kept_key(env, environment, serial_number):
    """Return the private key (PKCS#8 DER) that an earlier installation kept; empty without one.

    :param env: of the database
    :param str environment: production, demo or test
    :param str serial_number: as KSeF writes it
    """
    name = _name(environment, serial_number)
    text = texts_kept(env).get(name)
    try:
        return _vault(env).decrypt(text, name) if text else b""
    except VaultError:
        # Of another installation, whose key is not here.
        return b""


def forget_kept(env, environment, serial_number):
    """Remove a private key from the file: the database holds it again.

    :param env: of the database
    :param str environment: production, demo or test
    :param str serial_number: as KSeF writes it
    """
    texts = texts_kept(env)
    if texts.pop(_name(environment, serial_number), None):
        kept_keys.write(kept_in(env), texts)


def reencrypt_kept(env):
    """Encrypt with the first key what an old one has encrypted.

    :param env: of the database
    :return dict: encrypted, kept (already so) or unreadable, by the place of each key; without
        what could not be written
    """
    box, texts = _vault(env), texts_kept(env)
    anew, outcomes = {}, {}
    for name, text in texts.items():
        try:
            if box.needs_reencryption(text):
                anew[name] = box.encrypt(box.decrypt(text, name), name)
            outcomes[name] = "encrypted" if name in anew else "kept"
        except VaultError:
            # Of another installation, whose key is not here.
            outcomes[name] = "unreadable"
    try:
        if anew:
            kept_keys.write(kept_in(env), {**texts, **anew})
    except OSError:
        _logger.exception("KSeF: the keys of certificates could not be encrypted anew")
        return {name: end for name, end in outcomes.items() if name not in anew}
    return outcomes


def _vault(env):
    # Not bound to the database: the next installation gives it another name.
    return Vault(keys_of(env))


def _name(environment, serial_number):
    return f"kept,{environment},{serial_number}"
