"""The glue to Odoo's own sender is installed, neutralized and removed on a database in use."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stack.places import ROOT
from stack.workshop import Workshop, workshop

GLUE = "l10n_pl_edi_ksef_auth"
TOKENS = "l10n_pl_edi_access_token, l10n_pl_edi_refresh_token"
STRUCTURE = """
    SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
     WHERE table_schema = 'public'
 UNION SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public'
 UNION SELECT 'constraint ' || name FROM ir_model_constraint
 UNION SELECT 'relation ' || name FROM ir_model_relation
 UNION SELECT 'field ' || model || '.' || name FROM ir_model_fields
 UNION SELECT 'parameter ' || key FROM ir_config_parameter
 UNION SELECT 'data ' || module || '.' || name FROM ir_model_data WHERE module LIKE '%ksef%'
"""

# Odoo installs and uninstalls four times.
pytestmark = pytest.mark.long


class Database:
    """A database of a company that logs in with a certificate of its own."""

    before: frozenset[str] = frozenset()

    def __init__(self, shop: Workshop, name: str) -> None:
        """Use the database `name`."""
        self._shop, self.name = shop, name

    def structure(self) -> frozenset[str]:
        """Return all columns and indexes, and Odoo's own lists of constraints and relations."""
        return frozenset(self.sql(STRUCTURE).splitlines())

    def uninstall(self, module: str) -> None:
        """Uninstall a module as the button does."""
        found = f"env['ir.module.module'].search([('name', '=', '{module}')])"
        script = f"{found}.button_immediate_uninstall()"
        self.odoo("--no-http", command="shell", script=script)

    def give_tokens(self) -> None:
        """Store the tokens that the sender keeps after a login of its own."""
        self.sql(
            "UPDATE res_company SET l10n_pl_edi_access_token = 'A',"
            " l10n_pl_edi_refresh_token = 'R' WHERE id = 1"
        )

    @contextmanager
    def copy(self) -> Iterator[Database]:
        """Give a copy, and remove it afterwards."""
        other = Database(self._shop, f"copy_of_{self.name}")
        self._shop.postgres.sql(f'CREATE DATABASE "{other.name}" TEMPLATE "{self.name}"')
        try:
            yield other
        finally:
            self._shop.databases.drop(other.name)

    def sql(self, statement: str) -> str:
        """Run one statement."""
        return self._shop.postgres.sql(statement, self.name)

    def odoo(self, *words: str, command: str = "server", script: str = "") -> str:
        """Run a command of Odoo to its end, and return what it printed."""
        done = subprocess.run(
            [*self._shop.programs.odoo(self.name, command), *words],
            input=script,
            text=True,
            capture_output=True,
            cwd=ROOT,
            env=self._shop.programs.environment(),
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def token(self) -> str:
        """Return the token that Odoo's sender would send."""
        script = "print('token', env['res.company'].browse(1).l10n_pl_edi_access_token)"
        printed = self.odoo("--no-http", command="shell", script=script)
        return printed.split("token ")[1].split()[0]

    def installed(self) -> bool:
        """Return True if the glue is installed."""
        return self.sql(f"SELECT state FROM ir_module_module WHERE name = '{GLUE}'") == "installed"


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """Give a database on which first Odoo's own sender was installed, then our addon."""
    with workshop() as shop:
        name = shop.databases.copy("base", "sender")
        try:
            database = Database(shop, name)
            database.give_tokens()
            database.before = database.structure()
            database.odoo("--init", "l10n_pl_ksef_auth", "--stop-after-init", "--no-http")
            yield database
        finally:
            shop.databases.drop(name)


def test_the_glue_comes_by_itself_and_the_companys_own_token_stays(database: Database) -> None:
    assert database.installed()
    assert database.token() == "A"
    assert database.sql(f"SELECT {TOKENS} FROM res_company WHERE id = 1") == "|"


def test_with_the_glue_a_copy_can_be_neutralized(database: Database) -> None:
    with database.copy() as copy:
        copy.odoo(command="neutralize")
        kept = "count(l10n_pl_ksef_edi_access_token), count(l10n_pl_ksef_edi_refresh_token)"
        assert copy.sql(f"SELECT {kept} FROM res_company") == "0|0"


def test_when_the_glue_goes_the_tokens_are_where_the_sender_looks(database: Database) -> None:
    database.uninstall(GLUE)
    assert not database.installed()
    assert database.sql(f"SELECT {TOKENS} FROM res_company WHERE id = 1") == "A|R"
    assert database.token() == "A"


def test_when_both_have_gone_nothing_of_theirs_is_left(database: Database) -> None:
    database.uninstall("l10n_pl_ksef_auth")
    assert database.structure() - database.before == frozenset()
