from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.l10n_pl_ksef_auth.models.request.address import set_link_address
from odoo.addons.l10n_pl_ksef_auth.models.request.token import new_link

from .common import KsefCase

# Roles by the groups that Odoo gives them; "other" is an accountant of another company.
ROLES = {
    "administrator": "base.group_system,base.group_erp_manager",
    "watching administrator": "base.group_system,l10n_pl_ksef_auth.group_ksef_see",
    "manager": "account.group_account_manager",
    "accountant": "account.group_account_invoice,l10n_pl_ksef_auth.group_ksef_connection",
    "connector": "l10n_pl_ksef_auth.group_ksef_connection",
    "clerk": "account.group_account_invoice",
    "auditor": "account.group_account_readonly",
    "employee": "base.group_user",
    "portal": "base.group_portal",
    "public": "base.group_public",
    "other": "l10n_pl_ksef_auth.group_ksef_connection",
}
OUTSIDE = ("portal", "public")
# Odoo's own groups that would open a door if one were unlocked.
EXTRA = "base.group_allow_export,mail.group_mail_template_editor"
ADMINISTRATORS = ("administrator", "watching administrator")
# Who works in the company and manages its connection.
CONNECTORS = ("manager", "accountant", "connector")


class RoleCase(KsefCase):
    """A user of each role, and a record of each model that holds what is somebody's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger_company = cls.make_company("Obca Sp. z o.o.", "1111111111")
        cls.users = {role: cls.make_role(role, groups) for role, groups in ROLES.items()}

    @classmethod
    def make_role(cls, role, groups):
        """Create a user of a role."""
        company = cls.stranger_company if role == "other" else cls.company
        return new_test_user(
            cls.env,
            f"role_{role}".replace(" ", "_"),
            groups=groups if role in OUTSIDE else f"{groups},{EXTRA}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def begin(self):
        """Connect the company, with a certificate."""
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.session = self.company._l10n_pl_ksef_session()
        window = self.open_window(self.manager)
        self.attach(window, self.downloaded(window))
        make = {"company_id": self.company.id, "code": "copy_moved"}
        batch = {"kind": "connect", "line_ids": [Command.create({"company_id": self.company.id})]}
        batch = self.env["l10n_pl_ksef.batch"].create(batch)
        alert = {"company_id": self.company.id, "environment": "test", "reason": "login"}
        office = self.make_office()
        self.records = {
            "l10n_pl_ksef.office": office,
            "l10n_pl_ksef.grant": self.env["l10n_pl_ksef.grant"]._create_for(
                office, self.company, "asked"
            ),
            "l10n_pl_ksef.office.setup": self.env["l10n_pl_ksef.office.setup"].create(
                {"company_name": "Biuro"}
            ),
            "l10n_pl_ksef.session": self.session,
            "l10n_pl_ksef.certificate": self.certificate,
            "l10n_pl_ksef.agreement": self.certificate.agreement_ids,
            "l10n_pl_ksef.audit": self.env["l10n_pl_ksef.audit"].search([], limit=1),
            "l10n_pl_ksef.alert": self.env["l10n_pl_ksef.alert"].create(alert),
            "l10n_pl_ksef.availability": self.env["l10n_pl_ksef.availability"].create(
                {"state": "available", "asked_at": self.session._now()}
            ),
            "l10n_pl_ksef.authorization": window.sudo(),
            "l10n_pl_ksef.unlock": self.env["l10n_pl_ksef.unlock"].create(make),
            "l10n_pl_ksef.confirmation": self.env["l10n_pl_ksef.confirmation"].create(
                {"request": "[]", "phrase": "x"}
            ),
            "l10n_pl_ksef.overview": self.env["l10n_pl_ksef.overview"].browse(self.company.id),
            "l10n_pl_ksef.batch": batch,
            "l10n_pl_ksef.batch.line": batch.line_ids,
            "l10n_pl_ksef.company.users": self.env["l10n_pl_ksef.company.users"].create({}),
            **self.make_request(),
        }

    def make_request(self):
        """Ask somebody for a signature, and return what is kept of it and of its link."""
        set_link_address(self.env, "https://odoo.firma.pl", "")
        asked = {"signer_name": "Jan", "by": "link"}
        request = self.env["l10n_pl_ksef.request"]._ask(self.company, asked)
        guesses = self.env["l10n_pl_ksef.request.guesses"]
        guesses._count("1.1.1.1", request._now())
        return {
            "l10n_pl_ksef.request": request,
            "l10n_pl_ksef.request.token": new_link(request, "copy")[1],
            "l10n_pl_ksef.request.guesses": guesses.search([], limit=1),
            "l10n_pl_ksef.link.address": self.env["l10n_pl_ksef.link.address"].search([]),
            "l10n_pl_ksef.link.address.change": self.env["l10n_pl_ksef.link.address.change"].create(
                {}
            ),
        }

    def make_office(self):
        """Make the company's certificate an office's, so that there is what it is known by."""
        offices = self.env["l10n_pl_ksef.office"]
        self.assertFalse(offices._establish(self.company, self.certificate, self.company.name))
        return offices._of_environment(self.company)

    def may_call(self, user, method, args, record=None):
        """Return whether a user who calls a method is not refused for who it is."""
        record = self.company if record is None else record
        self.env.invalidate_all()
        try:
            getattr(record.with_user(user), method)(*args)
        except AccessError:
            return False
        except UserError:
            # Refused for what is the matter, not for who asks.
            return True
        return True
