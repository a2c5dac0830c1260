"""An automation rule that somebody wrote in the browser learns no secret from the connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_copies import run
from odoo_user import OdooUser, first_login

from ksef_simulator.control import Control
from stack.demo import DemoStack, demo_stack

INSTALL = """
env["ir.module.module"].search([("name", "=", "base_automation")]).button_immediate_install()
env.cr.commit()
"""
# What the rule's author would type: each way to a secret, and what came of it.
TYPED = """
found = []
for way in (lambda: record._stored_token(), lambda: record._shared_token()):
    try:
        found.append(way())
    except Exception:
        found.append("refused")
env["ir.config_parameter"].sudo().set_param("rule.found", str(found))
"""
WRITE = f"""
model = env["ir.model"]._get_id("l10n_pl_ksef.session")
rule = env["base.automation"].create({{
    "name": "x", "model_id": model, "trigger": "on_create_or_write",
    "action_server_ids": [(0, 0, {{
        "name": "x", "model_id": model, "state": "code", "code": {TYPED!r},
    }})],
}})
session = env["l10n_pl_ksef.session"].search([("state", "=", "active")], limit=1)
session.write({{"attempts": 1}})
env.flush_all()
print("RULE", env["ir.config_parameter"].get_param("rule.found"), bool(session._stored_token()))
env.cr.commit()
"""


@pytest.fixture
def demo() -> Iterator[DemoStack]:
    """Give a running database that is connected, and that nobody else uses."""
    with demo_stack() as stack:
        user = OdooUser(stack.odoo_url, stack.database, "ksiegowa")
        first_login(user, Control(stack.simulator_url))
        yield stack


@pytest.mark.long
def test_an_automation_rule_gets_no_token_of_the_login_that_it_follows(demo: DemoStack) -> None:
    programs = demo._shop.programs
    run(programs, demo.database, INSTALL)
    said = run(programs, demo.database, WRITE)
    assert "RULE ['refused', 'refused'] True" in said
