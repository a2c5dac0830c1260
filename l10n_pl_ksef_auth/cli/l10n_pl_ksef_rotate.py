"""Replaces the key of KSeF's secrets: ``odoo l10n_pl_ksef_rotate -c CONFIG -d DATABASE``."""

import sys

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class RotateKey(Command):
    """Encrypt the secrets of the KSeF connections with a new key.

    A generated key file gets a new key. A key in the configuration file or the environment is
    replaced by hand: put a new one in front of the old, restart Odoo, run this, remove the old one.
    """

    name = "l10n_pl_ksef_rotate"

    def run(self, args):
        """Rotate the key of one database.

        :param list args: Odoo's own options
        """
        config.parser.prog = self.prog
        config.parse_config(args, setup_logging=True)
        databases = config["db_name"]
        if len(databases) != 1:
            sys.exit("Name one database with -d.")
        with Registry(databases[0]).cursor() as cr:
            # Odoo loads this file by itself, outside its package: nothing is relative to it.
            # pylint: disable-next=odoo-addons-relative-import
            from odoo.addons.l10n_pl_ksef_auth.models.vault.rotation import rotate

            # As above.
            # pylint: disable-next=odoo-addons-relative-import
            from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultError

            env = api.Environment(cr, SUPERUSER_ID, {})
            try:
                done = rotate(env)
            except (VaultError, OSError) as error:
                # On Windows a file that somebody is just reading cannot be replaced.
                sys.exit(f"The key cannot be replaced: {error}. It is safe to try again.")
        sys.stdout.write(
            f"{done['encrypted']} secrets encrypted with the new key, {done['kept']} were already,"
            f" {done['unreadable']} cannot be read.\n"
        )
        if done["old_keys"]:
            sys.stdout.write(
                f"Back the new key up. Backups of the database from before need the old one:"
                f" it is in {done['old_keys']}.\n"
            )
        if done["busy"]:
            sys.stdout.write(
                f"{done['busy']} secrets were in use and have the old key still: it stays where it"
                " is. Run this command again.\n"
            )
        sys.exit(1 if done["unreadable"] or done["busy"] else 0)
