"""Where this machine's key comes from, and which key the database expects."""

import os
from functools import lru_cache
from pathlib import Path

from odoo import tools

from ...tools import vault
from .database_identity import claimed_name

KEY_OPTION = "l10n_pl_ksef_key"
KEY_VARIABLE = "L10N_PL_KSEF_KEY"
FINGERPRINT_PARAMETER = "l10n_pl_ksef_auth.key_fingerprint"
BACKUP_PARAMETER = "l10n_pl_ksef_auth.key_backed_up"


def sources(env):
    """Return where a key may come from; the first that has one counts.

    A function, not a method: code that was typed into Odoo cannot call it.

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


def follow_name(env, fingerprint):
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
