from odoo import Command
from odoo.tests import tagged

from .common import KsefCase

SEE = "l10n_pl_ksef_auth.group_ksef_see"
MANAGE = "l10n_pl_ksef_auth.group_ksef_connection"
ACCOUNTING = ("account.group_account_invoice", "account.group_account_readonly")


@tagged("post_install", "-at_install")
class TestRights(KsefCase):
    """The rights for KSeF stand beside accounting's roles, not among them."""

    def test_a_right_for_ksef_gives_no_role_in_accounting(self):
        for right in (SEE, MANAGE):
            user = self.make_user(f"user of {right}", right)
            for role in ACCOUNTING:
                with self.subTest(right=right, role=role):
                    self.assertFalse(user.has_group(role))

    def test_with_enterprises_accountant_no_choice_takes_a_role_away(self):
        """A user has one group of a privilege: each has to hold those before it in the list.

        Odoo Enterprise makes group_account_user the rung "Accountant" of account's ladder.
        """
        ladder = self.env.ref("account.res_groups_privilege_accounting")
        accountant = self.env.ref("account.group_account_user")
        accountant.write({"privilege_id": ladder.id, "sequence": 30})
        self.env.ref("account.group_account_manager").implied_ids = [Command.link(accountant.id)]
        offered = self.env["res.groups"]._get_view_group_hierarchy()
        for privilege in (ladder, self.env.ref("l10n_pl_ksef_auth.privilege_ksef")):
            rungs = offered["privileges"][privilege.id]["group_ids"]
            self.assertGreater(len(rungs), 1)
            for lower, upper in zip(rungs, rungs[1:], strict=False):
                held = offered["groups"][upper]["all_implied_ids"]
                self.assertIn(lower, held, offered["groups"][upper]["name"])

    def test_having_no_right_for_ksef_is_a_word_in_the_users_language(self):
        privilege = self.env.ref("l10n_pl_ksef_auth.privilege_ksef")
        self.env["res.lang"]._activate_lang("pl_PL")
        for lang, word in (("en_US", "None"), ("pl_PL", "Brak")):
            groups = self.env["res.groups"].with_context(lang=lang)
            offered = groups._get_view_group_hierarchy()["privileges"][privilege.id]
            self.assertEqual(offered["placeholder"], word)

    def test_who_finds_the_menu_where(self):
        """Check that each user has one menu KSeF: in accounting, or where there is none, alone."""
        administrator = "base.group_system"
        for groups, expected in (
            (SEE, ("alone", False)),
            (MANAGE, ("alone", True)),
            (f"{administrator},{SEE}", ("alone", False)),
            ("account.group_account_invoice", ("accounting", False)),
            ("account.group_account_readonly", ("accounting", False)),
            (f"account.group_account_invoice,{MANAGE}", ("accounting", True)),
            ("account.group_account_manager", ("accounting", True)),
            (administrator, (None, False)),
        ):
            with self.subTest(groups):
                user = self.make_user(f"menu of {groups}", groups)
                self.assertEqual(self.menu_of(user), expected)

    def menu_of(self, user):
        """Return where a user finds the menu KSeF, and whether it has the screen "Account"."""
        loaded = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        shown = {entry.get("xmlid") or "" for entry in loaded.values()}
        places = {
            place
            for place, menu in (("accounting", "menu_ksef"), ("alone", "menu_ksef_alone"))
            if f"l10n_pl_ksef_auth.{menu}" in shown
        }
        self.assertLessEqual(len(places), 1)
        return next(iter(places), None), any("_account" in one for one in shown if "ksef" in one)

    def test_both_menus_hold_the_same(self):
        menus = [
            self.env.ref(f"l10n_pl_ksef_auth.{name}") for name in ("menu_ksef", "menu_ksef_alone")
        ]
        inside, alone = (
            [
                (entry.name, entry.action, entry.group_ids, entry.sequence)
                for entry in menu.child_id.sorted("sequence")
            ]
            for menu in menus
        )
        self.assertEqual(inside, alone)

    def test_the_lists_offer_no_fields_of_the_machine_to_group_by(self):
        for model, inner, known in (
            ("l10n_pl_ksef.session", "challenge", "signer_name"),
            ("l10n_pl_ksef.session", "restarts", "state"),
            ("l10n_pl_ksef.session", "redeem_started_at", "activated_at"),
            ("l10n_pl_ksef.certificate", "noticed_at", "valid_to"),
            ("l10n_pl_ksef.audit", "detail", "event"),
        ):
            with self.subTest(model=model, inner=inner):
                fields = self.env[model].with_user(self.accountant).fields_get([inner, known])
                offers = {
                    name: (field["searchable"], field["groupable"])
                    for name, field in fields.items()
                }
                self.assertEqual(offers, {inner: (False, False), known: (True, True)})
