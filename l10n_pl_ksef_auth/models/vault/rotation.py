"""Replaces the encryption key while Odoo runs: encrypts all secrets anew with the first key.

``odoo l10n_pl_ksef_rotate -d DATABASE`` calls it. A generated key file is given a new key; keys of
the configuration are put in order by whoever writes it: new key first, old key behind it.
"""

from collections import Counter

from ...tools import secret_file, vault
from ..base.locks import fresh
from .database_identity import claim, marked_home
from .kept_keys import reencrypt_kept, texts_kept
from .vault import (
    FINGERPRINT_PARAMETER,
    MIXIN,
    bind_secrets,
    configured,
    encrypted,
    keys_of,
    open_vault,
    place_of,
    read_secret,
    secret_models,
    sources,
)

# A worker that read the keys before the new one was there may still store a secret.
PASSES = 3


def rotate(env):
    """Encrypt everything with a new key; may be repeated after a break at any point.

    The old key goes only when nothing is left that it opens.

    :param env: of the database, as superuser
    :return dict: encrypted, kept (already so), unreadable, busy (still under the old key, as
        somebody was using it); ``old_keys``: the file that holds what only backups still need, or
        None
    :raises vault.VaultError: the key is not here, or the database is a copy: nothing was changed
    """
    generated = not configured(env)
    if generated:
        _add_key(env)
    with fresh(env[MIXIN].sudo()) as records:
        bind_secrets(records.env)
    counts, busy = _reencrypt_all(env)
    counts["busy"] = len(busy)
    old = None
    if not busy:
        _settle(env)
        old = str(_retire(sources(env)["file"])) if generated else None
    return {**counts, "old_keys": old}


def _add_key(env):
    """Put a new key in front of the only one in the generated file."""
    file = sources(env)["file"]
    # Opening the vault first fails in a copy of the database, before anything is changed.
    if len(keys_of(env)) == 1:
        secret_file.replace(
            file, f"{vault.generate_key()}\n{file.read_text('ascii').strip()}\n", like=file
        )


def _reencrypt_all(env):
    """Encrypt what is under an old key; return what became of each secret, and what is left."""
    outcomes, left = {}, set()
    for _number in range(PASSES):
        for model in secret_models(env):
            with fresh(env[model].sudo()) as records:
                found = records._with_secrets()
            for record in found.with_env(env):
                outcomes |= _reencrypt(record)
        # What an earlier installation kept for a later one is in no table.
        outcomes |= reencrypt_kept(env)
        left = _left(env) - {place for place, end in outcomes.items() if end == "unreadable"}
        if not left:
            break
    counts = Counter(dict.fromkeys(("encrypted", "kept", "unreadable"), 0))
    counts.update(outcomes.values())
    return dict(counts), left


def _reencrypt(record):
    """Encrypt a record's secrets with the first key, and commit; return what became of each.

    Nothing if somebody else uses the record for too long: then it is left.
    """
    with record._alone() as alone:
        outcomes = {name: _outcome(alone, name) for name in alone._secret_fields() if alone[name]}
        if "encrypted" in outcomes.values():
            alone._follow_key()
        if alone:
            alone.env.cr.commit()
    return {place_of(record, name): outcome for name, outcome in outcomes.items()}


def _outcome(record, name):
    try:
        if not open_vault(record.env).needs_reencryption(record[name]):
            return "kept"
        record.write(encrypted(record, **{name: read_secret(record, name)}))
    except vault.VaultError:
        return "unreadable"
    return "encrypted"


def _left(env):
    """Return the places of what is stored now under a key that is to go."""
    old = [f":{vault.key_fingerprint(key)}:" for key in keys_of(env)[1:]]
    stored = texts_kept(env)
    for model in secret_models(env):
        with fresh(env[model].sudo()) as records:
            stored |= {
                place_of(record, name): record[name] or ""
                for record in records._with_secrets()
                for name in record._secret_fields()
            }
    return {place for place, text in stored.items() if any(mark in text for mark in old)}


def _settle(env):
    """Have the database expect the new key from now on."""
    with fresh(env[MIXIN].sudo()) as records:
        fingerprint = open_vault(records.env).fingerprint
        records.env["ir.config_parameter"].set_param(FINGERPRINT_PARAMETER, fingerprint)
        # The new key is in the file of the database's present name alone.
        claim(records.env, marked_home(records.env, keys_of(records.env)))
        active = records.env["l10n_pl_ksef.session"].search([("state", "=", "active")])
        audit = records.env["l10n_pl_ksef.audit"]
        audit._record(active.company_id, "key_rotated", detail=fingerprint)
    # Other workers remember which key they expect: tell them.
    env.registry.signal_changes()


def _retire(file):
    """Leave the first key in the file; move the others to a file beside it, for old backups."""
    first, *others = file.read_text("ascii").split()
    old = file.with_name(f"{file.name}.old")
    known = old.read_text("ascii").split() if old.exists() else []
    kept = "\n".join([*known, *(key for key in others if key not in known)])
    secret_file.replace(old, kept + "\n", like=file)
    secret_file.replace(file, f"{first}\n", like=file)
    return old
