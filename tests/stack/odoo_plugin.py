"""pytest plugin for the Odoo tests: makes the web client's files once, not per browser test."""

from __future__ import annotations

import pytest

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests.common import HttpCase, get_db_name


@pytest.fixture(scope="session", autouse=True)
def web_client_files(request: pytest.FixtureRequest, load_registry: None) -> None:
    """Compile the asset bundles when a test of this run opens a browser."""
    classes = {getattr(item, "cls", None) for item in request.session.items}
    if not any(isinstance(cls, type) and issubclass(cls, HttpCase) for cls in classes):
        return
    with Registry(get_db_name()).cursor() as cursor:
        Environment(cursor, SUPERUSER_ID, {})["ir.qweb"]._pregenerate_assets_bundles()
