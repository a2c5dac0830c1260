from odoo import fields, models
from odoo.exceptions import UserError

from ..models.base.locks import fresh
from ..models.request.request import DEFAULT_HOURS
from ..models.res_company import OFFICE_GROUP

BY_MAIL = ("ask", "remind")


class L10n_Pl_KsefBatch(models.TransientModel):
    """Asking signers elsewhere for many companies at once: who signs for several gets one mail."""

    # Mails go out for all together, other things are done for one company after the other.
    _inherit = "l10n_pl_ksef.batch"  # pylint: disable=consider-merging-classes-inherited

    def _asking(self):
        """Describe what is the same for all who are asked, and where their links point."""
        screen = self.env["l10n_pl_ksef.request.screen"]
        languages = self.env["l10n_pl_ksef.request"]._fields["lang"].selection
        return {
            "languages": [{"id": code, "name": screen._language(code)} for code, _ in languages],
            "hours": DEFAULT_HOURS,
            "purposes": self._purposes(),
            **screen._address(),
        }

    def _purposes(self):
        """Return what signatures may be asked for; the screen says what each costs."""
        requests = self.env["l10n_pl_ksef.request"]
        owners = [one._l10n_pl_ksef_principal() for one in self.line_ids.company_id]
        # Preferred where the office can get them.
        may_grant = any(not requests._errand_obstacle(one, "grant") for one in owners)
        return [{"id": "grant"}, {"id": "connect"}] if may_grant else [{"id": "connect"}]

    def _first_look(self, company):
        """Return what a line keeps before somebody is asked to sign: text, and is_there."""
        if self.kind != "ask":
            return {}
        if self.env["l10n_pl_ksef.overview"].browse(company.id).state == "connected":
            return {"text": self.env._("It is connected already.")}
        principal = company._l10n_pl_ksef_principal().with_env(self.env)
        if self._received(company):
            may_accept = self.env.user.has_group(OFFICE_GROUP)
            text = self.env._("The client gave the office rights already; nobody has to sign.")
            return {"text": text, "is_there": may_accept}
        offered = self.env["l10n_pl_ksef.panel.ways"]._by_certificate(
            principal, self.env["l10n_pl_ksef.session"], "disconnected"
        )
        if not offered:
            return {}
        text = self.env._("The certificate of %s is tried first.", offered["name"])
        return {"text": text, "is_there": True}

    def connect_first(self, line_id):
        """Connect a company with what is there, before anybody is asked to sign for it.

        :param int line_id: a line of self that may connect without a signature
        :return dict: the line, as in view(); to be done as before if it did not connect
        """
        batch = self._checked_sudo()
        line = batch.line_ids.filtered(lambda one: one.id == line_id)
        if line.is_there and line.state == "todo":
            line._keep_try(*batch._outcome(line, "first"))
        return line._view()

    def _first_ask(self, line, principal, company):
        return self._do_connect(line, principal, company)

    def _follow_ask(self, line, principal, company):
        line._keep_try(*self._follow_connect(line, principal, company))
        return line.state, line.text

    def ask(self, rows, lang, hours, purpose="connect"):
        """Ask signers for all companies that are not done, and keep how each mail fared.

        :param list rows: dicts of id (of the line), signer_name, signer_email
        :param str lang: of the mails and pages
        :param int hours: how long the links live
        :param str purpose: connect or grant
        :return dict: view()
        """
        batch = self._checked_sudo()
        if batch.kind != "ask" or purpose not in ("connect", "grant"):
            raise UserError(self.env._("This cannot be chosen here."))
        lines = {line.id: line for line in batch.line_ids if line.state in ("todo", "failed")}
        wanted, asked = [], []
        for row in rows:
            line = lines.get(row.get("id"))
            if line:
                line._name_signer(row)
                wanted.append(line)
                asked.append({**line._asked(), "lang": lang, "hours": hours, "purpose": purpose})
        requests = self.env["l10n_pl_ksef.request"].sudo(False)
        for line, result in zip(wanted, requests.ask_for_signatures(asked), strict=True):
            text = " ".join(filter(None, (line.tried_text, result["text"])))
            line._keep("done" if result["ok"] else "failed", text)
        return batch.with_env(self.env).view()

    def remind(self):
        """Write once more to the signers who were asked and have not signed.

        :return dict: view()
        """
        batch = self._checked_sudo()
        if batch.kind != "remind":
            raise UserError(self.env._("This cannot be chosen here."))
        requests = {line: line._open_request() for line in batch.line_ids if line.state != "done"}
        together = self.env["l10n_pl_ksef.request"].sudo().union(*requests.values())
        with fresh(together) as seen:
            seen._write_again("reminder")
        together._deliver()
        with fresh(together) as seen:
            for line, request in requests.items():
                line._keep(*line._of_mail(seen.browse(request.id)))
        return batch.with_env(self.env).view()


class L10n_Pl_KsefBatchLine(models.TransientModel):
    """Whom the office asks to sign for one company of many."""

    _inherit = "l10n_pl_ksef.batch.line"

    signer_name = fields.Char(readonly=True)
    signer_email = fields.Char(readonly=True)

    def _signer(self):
        """Describe whom the line asks."""
        company = self.company_id
        return {
            "signer_name": self.signer_name or company.l10n_pl_ksef_signer_name or "",
            "signer_email": self.signer_email or company.l10n_pl_ksef_signer_email or "",
        }

    def _name_signer(self, row):
        """Keep who is asked; the company remembers whom it had none for."""
        name, email = (str(row.get(key) or "") for key in ("signer_name", "signer_email"))
        self.write({"signer_name": name, "signer_email": email})
        company = self.company_id
        mine = company in self.env.user.company_ids
        if mine and not company.l10n_pl_ksef_signer_name:
            company._l10n_pl_ksef_remember_signer(name, email)

    def _keep_try(self, state, text):
        """Keep how the try without a signature ended: somebody is asked where it failed."""
        if state == "failed":
            self.write({"is_there": False, "tried_text": text})
        self._keep("todo" if state == "failed" else state, text)

    def _asked(self):
        return {
            "company_id": self.company_id.id,
            "signer_name": self.signer_name,
            "signer_email": self.signer_email,
        }

    def _open_request(self):
        """Return the newest request for the company that may still be signed; empty without one.

        Only of a company that the user manages.
        """
        requests = self.env["l10n_pl_ksef.request"].sudo()
        principal = self.company_id._l10n_pl_ksef_principal()
        if not {self.company_id, principal} <= set(self.env.user.company_ids):
            return requests
        own = [("company_id", "=", principal.id), ("signer_email", "!=", False)]
        open_now = [("state", "=", "open"), ("valid_until", ">", requests._now())]
        return requests.search([*own, *open_now], limit=1)

    def _of_mail(self, request):
        """Return how the mail of a request fared: a state, and a sentence."""
        if not request:
            return "failed", self.env._("Nobody is asked to sign for this company now.")
        told = request.with_context(lang=self.env.lang)._delivery()
        return ("done" if told.get("ok", True) else "failed"), told["text"]
