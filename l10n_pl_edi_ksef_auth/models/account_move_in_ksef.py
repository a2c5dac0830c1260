from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

ACCEPTED = "accepted"
# On its way. Later builds also issue invoices offline and send them a little later.
WAITING = ("sent", "offline_pending")
NOT_THERE = ("missing", "waiting")
SOLD = ("out_invoice", "out_refund")
# What the sender keeps of a try, beside the number.
OF_A_TRY = (
    "l10n_pl_edi_status",
    "l10n_pl_edi_ref",
    "l10n_pl_edi_session_id",
    "l10n_pl_edi_header",
)
# The tax number that people give to who has none.
NO_NUMBER = (False, "", "/")


class AccountMove(models.Model):
    """Whether an invoice that must go to KSeF is there. One that is not never looks sent."""

    # The actions that talk to KSeF stand apart.
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    l10n_pl_ksef_edi_state = fields.Selection(
        [
            ("missing", "Not in KSeF"),
            ("waiting", "Waiting for KSeF"),
            ("there", "In KSeF"),
        ],
        "KSeF",
        compute="_compute_l10n_pl_ksef_edi_state",
        search="_search_l10n_pl_ksef_edi_state",
    )
    l10n_pl_ksef_edi_outside = fields.Boolean(
        "Sent to KSeF outside Odoo", readonly=True, copy=False, tracking=True
    )

    # Few invoices of many are not in KSeF: lists of them read nothing else.
    _l10n_pl_ksef_edi_missing_idx = models.Index(
        "(company_id, invoice_date) WHERE state = 'posted'"
        " AND move_type IN ('out_invoice', 'out_refund')"
        " AND (l10n_pl_edi_status IS NULL OR l10n_pl_edi_status != 'accepted')"
    )

    # ------------------------------------------------------------------
    # What must be there, and is it
    # ------------------------------------------------------------------
    @api.model
    def _l10n_pl_ksef_must_be_sent(self):
        """Return the domain of the invoices that must go to KSeF; other addons may change it.

        These are posted invoices and corrections of a Polish company, from the day on which it must
        use KSeF, to a company or to anybody with a tax number, Polish or not.
        """
        companies = self.env["res.company"]._l10n_pl_ksef_edi_obliged()
        return (
            Domain("state", "=", "posted")
            & Domain("move_type", "in", SOLD)
            & Domain.OR(
                Domain("company_id", "in", obliged.ids) & Domain("invoice_date", ">=", since)
                for since, obliged in companies.grouped("l10n_pl_ksef_edi_since").items()
            )
            & Domain("commercial_partner_id", "any!", self._l10n_pl_ksef_edi_business())
        )

    @api.model
    def _l10n_pl_ksef_edi_business(self):
        """Return the domain of the partners who are no consumers."""
        return Domain("is_company", "=", True) | Domain("vat", "not in", NO_NUMBER)

    @api.model
    def _l10n_pl_ksef_edi_states(self):
        """Return the domain of the invoices in each state.

        What KSeF refused is missing there, like what was never sent.
        """
        outside = Domain("l10n_pl_ksef_edi_outside", "=", True)
        idle = Domain("l10n_pl_edi_status", "not in", (ACCEPTED, *WAITING))
        return {
            "missing": self._l10n_pl_ksef_must_be_sent() & idle & ~outside,
            "waiting": Domain("l10n_pl_edi_status", "in", WAITING) & ~outside,
            "there": Domain("l10n_pl_edi_status", "=", ACCEPTED) | outside,
        }

    # Not on what partner and company say: each change of theirs would look for all their invoices.
    @api.depends(
        "state",
        "move_type",
        "company_id",
        "invoice_date",
        "commercial_partner_id",
        "l10n_pl_edi_status",
        "l10n_pl_ksef_edi_outside",
    )
    def _compute_l10n_pl_ksef_edi_state(self):
        self.l10n_pl_ksef_edi_state = False
        for state, domain in self._l10n_pl_ksef_edi_states().items():
            self.sudo().filtered_domain(domain).l10n_pl_ksef_edi_state = state

    def _search_l10n_pl_ksef_edi_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = self._l10n_pl_ksef_edi_states()
        wanted = [domain for state, domain in states.items() if state in value]
        if False in value:
            wanted.append(~Domain.OR(states.values()))
        return Domain.OR(wanted)

    def _l10n_pl_ksef_edi_refusal(self, beside=()):
        """Return in a sentence why Odoo does not send an invoice to KSeF now, or None.

        :param beside: the invoices that are being sent with it
        """
        if self.l10n_pl_ksef_edi_outside:
            return self.env._("It is there already.")
        if self.l10n_pl_edi_status == "rejected":
            return self.env._("KSeF rejected it. Reset it to draft, correct it, send it again.")
        corrected = self.reversed_entry_id
        is_on_its_way = corrected in beside and corrected.l10n_pl_ksef_edi_state == "missing"
        if is_on_its_way or corrected.l10n_pl_ksef_edi_state == "waiting":
            return self.env._(
                "KSeF has not accepted the corrected invoice yet. Check that one in KSeF first."
            )
        return None

    # ------------------------------------------------------------------
    # What looks sent
    # ------------------------------------------------------------------
    @api.depends("l10n_pl_ksef_edi_state")
    def compute_move_sent_values(self):
        # EXTENDS account, which means that a PDF was made
        result = super().compute_move_sent_values()
        self._l10n_pl_ksef_edi_not_there().move_sent_values = "not_sent"
        return result

    def _search_move_sent_values(self, operator, value):
        # EXTENDS account
        domain = super()._search_move_sent_values(operator, value)
        if domain is NotImplemented or len(value) != 1:
            return domain
        not_there = Domain("l10n_pl_ksef_edi_state", "in", NOT_THERE)
        return Domain(domain) & ~not_there if "sent" in value else Domain(domain) | not_there

    @api.depends("l10n_pl_ksef_edi_state")
    def _compute_status_in_payment(self):
        # EXTENDS account
        result = super()._compute_status_in_payment()
        looks_sent = self.filtered(lambda move: move.status_in_payment == "sent")
        looks_sent._l10n_pl_ksef_edi_not_there().status_in_payment = "posted"
        return result

    def _l10n_pl_ksef_edi_not_there(self):
        return self.filtered(lambda move: move.l10n_pl_ksef_edi_state in NOT_THERE)

    def _field_to_sql(self, alias, fname, query=None):
        # EXTENDS account: groups of lists
        sql = super()._field_to_sql(alias, fname, query=query)
        if fname != "move_sent_values":
            return sql
        # These are few of many.
        not_there = self.sudo()._search([("l10n_pl_ksef_edi_state", "in", NOT_THERE)])
        identifier = SQL.identifier(alias, "id")
        return SQL(
            "CASE WHEN %s IN %s THEN 'not_sent' ELSE %s END",
            identifier,
            not_there.subselect(),
            sql,
            # What account's own expression reads.
            to_flush=self._fields["is_move_sent"],
        )

    # ------------------------------------------------------------------
    # Sent with another program
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_edi_mark_outside(self, number):
        """Keep that an invoice is in KSeF although Odoo did not send it.

        :param str number: KSeF's number of it
        :raises AccessError: the user does not send invoices
        :raises UserError: the invoice is there already, or on its way; another one has the number
        """
        self.ensure_one()
        self._l10n_pl_ksef_edi_check_sender()
        if self.l10n_pl_ksef_edi_state != "missing":
            raise UserError(self.env._("Only an invoice that is missing in KSeF can be marked."))
        # A buyer in the same database has a bill of this number.
        sold = Domain("move_type", "in", SOLD) & Domain("id", "!=", self.id)
        other = self.sudo().search(sold & Domain("l10n_pl_edi_number", "=", number), limit=1)
        if other:
            message = self.env._("Another invoice has this KSeF number: %s.", other.name)
            raise UserError(message)
        self._track_set_log_message(
            self.env._("Marked as sent to KSeF outside Odoo, KSeF number %s.", number)
        )
        # What KSeF said to an earlier try of Odoo's is not true of this number.
        refused = dict.fromkeys(OF_A_TRY, False)
        self.write({**refused, "l10n_pl_edi_number": number, "l10n_pl_ksef_edi_outside": True})

    def action_l10n_pl_ksef_edi_undo_outside(self):
        """Take back that an invoice was sent to KSeF outside Odoo.

        :raises AccessError: the user does not send invoices
        """
        self._l10n_pl_ksef_edi_check_sender()
        for move in self.filtered("l10n_pl_ksef_edi_outside"):
            move._track_set_log_message(
                move.env._(
                    "No longer marked as sent to KSeF outside Odoo; the number was %s.",
                    move.l10n_pl_edi_number,
                )
            )
            move.write({"l10n_pl_edi_number": False, "l10n_pl_ksef_edi_outside": False})

    def _l10n_pl_ksef_edi_check_sender(self):
        """Refuse who may not send these invoices."""
        self.check_access("write")
        if not self.env["account.move.send.wizard"].has_access("create"):
            raise AccessError(self.env._("You may not send invoices."))

    @api.depends("l10n_pl_ksef_edi_outside")
    def _compute_show_reset_to_draft_button(self):
        # EXTENDS l10n_pl_edi
        result = super()._compute_show_reset_to_draft_button()
        self.filtered("l10n_pl_ksef_edi_outside").show_reset_to_draft_button = False
        return result

    def button_draft(self):
        # EXTENDS l10n_pl_edi
        if any(self.mapped("l10n_pl_ksef_edi_outside")):
            raise UserError(
                self.env._("This invoice is in KSeF. Correct it, or first undo its mark.")
            )
        return super().button_draft()
