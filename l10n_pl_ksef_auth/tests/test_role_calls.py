from inspect import isfunction, signature
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.models import BaseModel
from odoo.service.model import get_public_method
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.screens import office as office_screen

from .role_case import ADMINISTRATORS, CONNECTORS, OUTSIDE, RoleCase

# Of a model's methods, who may call each; refusals for another reason than who asks count as yes.
CALLS = {
    "res.company": {
        "l10n_pl_ksef_renew_certificate": ("0000",),
        "l10n_pl_ksef_terms_of_renewal": ("0000",),
        "l10n_pl_ksef_take_over": (),
        "l10n_pl_ksef_agree": ({},),
        "l10n_pl_ksef_ask_for_rights": (),
        "l10n_pl_ksef_account": (),
        "l10n_pl_ksef_issue_offline": (),
        "l10n_pl_ksef_diagnosis": (),
        "l10n_pl_ksef_requests": (),
        "l10n_pl_ksef_ask": ({"signer_name": "Jan", "by": "link"},),
        "l10n_pl_ksef_link": (0,),
        "l10n_pl_ksef_write_again": (0,),
        "l10n_pl_ksef_revoke_request": (0,),
    },
    "l10n_pl_ksef.grant": {
        "action_sign": (),
        "action_take_back": (),
        "action_accept": (),
        "action_end_service": (),
    },
    "l10n_pl_ksef.office": {"action_ask": (), "action_check": ()},
}
# What asks for more than managing the connection; the office's button asks the user's own company.
CALLERS = {"action_accept": ("manager",), "action_ask": (*CONNECTORS, "other")}


@tagged("post_install", "-at_install")
class TestRoleCalls(RoleCase):
    """Who may call what the screens call, and that nobody calls anything else."""

    def test_who_manages_the_connection(self):
        """Check who may call what the screens call; one is another company's accountant."""
        records = {"res.company": self.company, **self.records}
        with patch.object(office_screen, "PATIENCE", 0):
            for role, user in self.users.items():
                for model, calls in CALLS.items():
                    for method, args in calls.items():
                        with self.subTest(role=role, method=method), self.confirmed():
                            expected = role in CALLERS.get(method, CONNECTORS)
                            called = self.may_call(user, method, args, records[model])
                            self.assertEqual(called, expected)

    def test_who_sets_the_office_and_where_links_point(self):
        """Check who may use the windows in which one person decides for all."""
        windows = {
            "l10n_pl_ksef.office.setup": (
                "action_set",
                {"company_name": "Biuro"},
                (*CONNECTORS, "other"),
            ),
            "l10n_pl_ksef.link.address.change": (
                "action_save",
                {"address": "http://no.where"},
                ADMINISTRATORS,
            ),
            "l10n_pl_ksef.company.users": ("action_give", {"user_ids": []}, ADMINISTRATORS),
        }
        for role, user in self.users.items():
            for model, (method, values, who) in windows.items():
                with self.subTest(role=role, model=model), self.confirmed():
                    window = self.env[model].with_user(user).with_company(user.company_id)
                    self.assertEqual(self.may_use(window, values, method), role in who)

    def may_use(self, window, values, method):
        """Return True if a user may fill a window in and press its button."""
        try:
            return self.may_call(window.env.user, method, (), window.create(values))
        except AccessError:
            return False

    def test_nobody_calls_what_is_no_screens(self):
        """Check over RPC: private methods are nobody's, and outsiders get nothing of the others."""
        outside = [self.users[role] for role in (*OUTSIDE, "employee")]
        count = 0
        for record, name in self.own_methods():
            with self.subTest(model=record._name, method=name), self.confirmed():
                if name.startswith("_"):
                    with self.assertRaises(AccessError):
                        get_public_method(record, name)
                else:
                    for user in outside:
                        self.assertFalse(self.gets_something(user, record, name))
            count += 1
        self.assertGreater(count, 300)
        self.figures(f"role_table: {count} methods of our models tried over RPC, as stated")

    def own_methods(self):
        """Yield a record and the name of each method that our addons define, of all models."""
        records = {"res.company": self.company, **self.records}
        for name, model in self.registry.items():
            if name != "res.company" and not name.startswith("l10n_pl_ksef."):
                continue
            ours = {
                method
                for kind in model.__mro__
                if kind.__module__.startswith("odoo.addons.l10n_pl_ksef_auth")
                for method, value in vars(kind).items()
                # Of the ORM's own the table above tells; anybody may give the own password.
                if isfunction(value)
                and not hasattr(BaseModel, method)
                and method != "l10n_pl_ksef_confirm"
            }
            for method in sorted(ours):
                yield records.get(name, self.env[name]), method

    def gets_something(self, user, record, name):
        """Return True if a user who calls a public method is not refused."""
        try:
            method = get_public_method(record.with_user(user), name)
        except AccessError:
            return False
        needed = [
            one
            for one in list(signature(method).parameters.values())[1:]
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        ]
        return self.may_call(user, name, [[] for _one in needed], record)
