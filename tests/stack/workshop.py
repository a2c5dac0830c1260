"""Everything that Odoo needs, set up in one order and put away in the opposite one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import venvs
from .databases import Databases
from .odoo_source import odoo
from .postgres import Postgres
from .programs import Programs


@dataclass(frozen=True)
class Workshop:
    """The pieces that an Odoo process is put together from."""

    postgres: Postgres
    programs: Programs
    databases: Databases


@contextmanager
def workshop() -> Iterator[Workshop]:
    """Set everything up; the first use takes minutes, every later one a second."""
    source = odoo()
    interpreter = venvs.python()
    postgres = Postgres()
    try:
        programs = Programs(source, interpreter, postgres)
        try:
            yield Workshop(postgres, programs, Databases(postgres, source, programs))
        finally:
            programs.close()
    finally:
        postgres.close()
