import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import db_list

from ..models.base import problems
from ..models.base.locks import LockBusy, fresh
from ..models.request.address import link_address
from ..models.request.request import DEFAULT_HOURS, LANGUAGES
from ..models.request.states import CALLED_OFF
from ..models.request.token import new_link
from ..tools import qr_picture, signing_link
from ..tools.errors import KsefError
from ..tools.vault import VaultError
from .panel import label_of

_logger = logging.getLogger(__name__)

# The newest of a company; the list in the menu has all.
SHOWN = 5


class ResCompany(models.Model):
    """The methods of the window "Ask for a signature"; each checks first what the user may do."""

    # What a browser calls belongs to the screens: the state asks no screen.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    def l10n_pl_ksef_requests(self):
        """Describe whom a company has asked for a signature, and where its links would point.

        KSeF is asked first: nobody is to sign for rights that are there. ``rights_there`` says what
        it told, or that it has not answered yet.

        :return dict: company_name, number, address, warnings, set_by, can_set, languages, hours,
            purposes, signer_name, signer_email, rights_there, requests
        """
        is_known = self.env["l10n_pl_ksef.office"]._look_anew(self._l10n_pl_ksef_managed())
        view = self._l10n_pl_ksef_requests_now()
        if not is_known and not view["rights_there"]:
            view["rights_there"] = self.env["l10n_pl_ksef.office"]._still_looking()
        return view

    def _l10n_pl_ksef_asked(self):
        principal = self._l10n_pl_ksef_managed()
        return self.env["l10n_pl_ksef.request.screen"]._describe(principal)

    def l10n_pl_ksef_ask(self, asked):
        """Ask somebody to sign for the company, by a mail or by a link that the user hands over.

        :param dict asked: signer_name, signer_email, lang, hours, purpose, by: mail or link
        :return dict: l10n_pl_ksef_requests(), with ``link`` and ``picture`` for a link
        :raises UserError: says what is missing
        """
        principal = self._l10n_pl_ksef_managed()
        with fresh(principal.with_env(self.env)) as company:
            requests = company.env["l10n_pl_ksef.request"]
            if obstacle := requests._obstacle(company.sudo(), asked):
                raise UserError(obstacle)
            try:
                request_id = requests._ask(company.sudo(), asked).id
            except LockBusy:
                raise self._l10n_pl_ksef_busy() from None
        request = self.env["l10n_pl_ksef.request"].sudo().browse(request_id)
        return self._l10n_pl_ksef_after(request, asked.get("by") == "link")

    def l10n_pl_ksef_link(self, request_id):
        """Make one more link for a request that the user hands over.

        :param int request_id: of the company, and open
        :return dict: l10n_pl_ksef_requests(), with ``link`` and ``picture``
        """
        return self._l10n_pl_ksef_after(self._l10n_pl_ksef_present_request(request_id), True)

    def l10n_pl_ksef_write_again(self, request_id, kind="mail"):
        """Send the signer a new link: the mail once more, or a reminder.

        :param int request_id: of the company, and open
        :param str kind: mail or reminder
        :return dict: l10n_pl_ksef_requests()
        """
        request = self._l10n_pl_ksef_present_request(request_id)
        with fresh(request) as seen:
            seen._write_again("reminder" if kind == "reminder" else "mail")
        return self._l10n_pl_ksef_after(request, False)

    def l10n_pl_ksef_revoke_request(self, request_id):
        """End a request and all its links.

        :param int request_id: of the company, and open
        :return dict: l10n_pl_ksef_requests()
        :raises UserError: somebody is signing just now
        """
        request = self._l10n_pl_ksef_request(request_id)
        try:
            request._revoke()
        except LockBusy:
            raise self._l10n_pl_ksef_busy() from None
        return self._l10n_pl_ksef_requests_now()

    def _l10n_pl_ksef_request(self, request_id):
        """Return one of the company's requests, as superuser.

        :raises UserError: it is another company's, or has ended
        """
        principal = self._l10n_pl_ksef_managed()
        wanted = [("id", "=", request_id), ("company_id", "=", principal.id)]
        request = self.env["l10n_pl_ksef.request"].sudo().search(wanted)
        if not request._is_usable():
            raise UserError(self.env._("This request has ended."))
        return request

    def _l10n_pl_ksef_present_request(self, request_id):
        """Return one of the company's requests, which names the office of now, as superuser.

        :raises UserError: it is another company's, has ended, or is void
        """
        request = self._l10n_pl_ksef_request(request_id)
        if request._is_outdated():
            request._end_if_due()
            raise UserError(request.with_env(self.env)._why_void())
        return request

    def _l10n_pl_ksef_after(self, request, needs_link):
        """Return the window after a request was written: with a link, or after its mail."""
        if not needs_link:
            request._deliver()
            return self._l10n_pl_ksef_requests_now()
        # The link comes last: what reads records runs record rules, which are typed code.
        view = self._l10n_pl_ksef_requests_now()
        with request._exclusive() as locked:
            if not locked:
                raise self._l10n_pl_ksef_busy()
            link = new_link(locked, "copy")[0]
            locked.env.cr.commit()
        picture = base64.b64encode(qr_picture.png(link)).decode()
        return {**view, "link": link, "picture": f"data:image/png;base64,{picture}"}

    def _l10n_pl_ksef_busy(self):
        return UserError(self.env["l10n_pl_ksef.request"]._why_busy())

    def _l10n_pl_ksef_requests_now(self):
        with fresh(self) as company:
            return company._l10n_pl_ksef_asked()


class L10n_Pl_KsefRequestScreen(models.Model):
    """Asking for many companies at once."""

    # What a browser calls is no part of the state.
    _inherit = "l10n_pl_ksef.request"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def ask_for_signatures(self, rows):
        """Ask signers to sign for several companies: one mail for each signer.

        :param list rows: dicts of company_id, signer_name, signer_email, lang, hours, purpose
        :return list: for each row: company_id, company_name, request_id or False, ok, text
        :raises AccessError: the user asks for no company's signatures
        """
        self.check_access("read")
        results, asked = [], {}
        with fresh(self) as requests:
            for number, row in enumerate(rows):
                result, request = requests._ask_one(row)
                results.append(result)
                asked[number] = request
        self.sudo()._deliver()
        with fresh(self.sudo()) as requests:
            for number, request in asked.items():
                results[number] |= requests.browse(request.id)._delivery()
        return results

    def _ask_one(self, row):
        """Return what came of asking for one company, and the request."""
        company = self.env["res.company"].browse(row["company_id"]).sudo().exists()
        company = company.with_env(self.env)
        mine = self.env.su or company in self.env.user.company_ids
        # Nobody learns here what other companies are called.
        name = company.sudo().name if mine else ""
        named = {"company_id": company.id, "company_name": name}
        nothing = {**named, "request_id": False, "ok": False}
        if not company:
            return {**nothing, "text": self.env._("This company is not there.")}, self.browse()
        request, text = self._asked_or_why_not(company, row)
        return {**named, "request_id": request.id, "ok": bool(request), "text": text}, request

    def _asked_or_why_not(self, company, row):
        """Return a request, or none and a sentence. It never raises: other rows go on."""
        try:
            with self.env.cr.savepoint():
                principal = company._l10n_pl_ksef_managed()
                obstacle = self._obstacle(principal, row)
                return (self.browse() if obstacle else self._ask(principal, row)), obstacle
        except LockBusy:
            return self.browse(), self._why_busy()
        except (AccessError, UserError) as error:
            return self.browse(), str(error)
        except (KsefError, VaultError) as error:
            problem = problems.of_request(error)
        except Exception:
            _logger.exception("KSeF: asking for a signature of company %s", company.id)
            problem = problems.local("internal")
        return self.browse(), problems.texts(self.env, problem)["text"]

    def _why_busy(self):
        return self.env._("The signer is at it right now. Try again in a moment.")

    def _why_void(self):
        if self._is_by_client():
            return self.env._("The company's NIP or environment has changed since: ask anew.")
        return self.env._("The office has changed since: ask for the rights anew.")

    def _delivery(self):
        """Return how the mail of this request fared; nothing for no request."""
        if not self:
            return {}
        if self.state == "void":
            return {"ok": False, "text": self._why_void()}
        if self.mail_problem:
            text = self.env._("The mail was not sent: %s", self.mail_problem)
            return {"ok": False, "text": text}
        if self.mail_due:
            return {"text": self.env._("The mail is sent in a moment.")}
        return {"text": self.env._("The mail was sent to %s.", self.signer_email)}


class L10n_Pl_KsefRequestView(models.AbstractModel):
    """Describes whom a company has asked for a signature."""

    _name = "l10n_pl_ksef.request.screen"
    _description = "KSeF requests for signatures, as they are shown"

    def _describe(self, company):
        requests = self.env["l10n_pl_ksef.request"].sudo()
        newest = requests.search([("company_id", "=", company.id)], limit=SHOWN)
        return {
            "company_name": company.name,
            "number": company._l10n_pl_ksef_number(),
            "languages": [{"id": code, "name": self._language(code)} for code, _name in LANGUAGES],
            "hours": DEFAULT_HOURS,
            "purposes": self._purposes(requests, company),
            "signer_name": company.l10n_pl_ksef_signer_name or "",
            "signer_email": company.l10n_pl_ksef_signer_email or "",
            "rights_there": self._rights_there(company),
            "requests": [self._request(request) for request in newest],
            **self._address(),
        }

    def _purposes(self, requests, company):
        """Return what a signature may be asked for now; rights for the office are preferred."""
        choices = requests._fields["purpose"]._description_selection(self.env)
        return [
            {"id": purpose, "name": name}
            for purpose, name in sorted(choices, key=lambda choice: choice[0] != "grant")
            if not requests._errand_obstacle(company, purpose)
        ]

    def _rights_there(self, company):
        """Return what to know of rights that the client gave and nobody has accepted yet."""
        if not self.env["l10n_pl_ksef.grant"]._of_client(company, "received"):
            return ""
        return problems.texts(self.env, problems.local("rights_there"))["text"]

    def _language(self, code):
        return {"pl_PL": self.env._("Polish"), "en_US": self.env._("English")}[code]

    def _address(self):
        """Return where links point, what is doubtful about it, and who can change it."""
        address = link_address(self.env)
        administrators = self.env.ref("base.group_system").sudo().all_user_ids
        people = administrators.filtered(lambda user: user.active and not user.share)
        return {
            "address": address,
            "warnings": self._warnings(address) if address else [],
            "set_by": ", ".join(people.sorted("name").mapped("name")[:3]),
            "can_set": self.env.user.has_group("base.group_system"),
        }

    def _warnings(self, address):
        """Return why a signer elsewhere may not reach an address, in sentences."""
        parameters = self.env["ir.config_parameter"].sudo()
        web_base_url = parameters.get_param("web.base.url") or ""
        host = address.partition("://")[2]
        databases = len(db_list(force=True, host=host))
        return [
            problems.texts(self.env, problems.local(f"link_{code}"))["text"]
            for code in signing_link.warnings(address, web_base_url, databases)
        ]

    def _request(self, request):
        seen = request.with_env(self.env).sudo()
        return {
            "id": request.id,
            "signer": request.signer_name or self.env._("forgotten"),
            "email": request.signer_email or "",
            "state": request.state,
            "is_open": request._is_usable(),
            "label": label_of(seen, "state"),
            "until": fields.Datetime.to_string(request.valid_until),
            "events": self._events(seen),
            "problem": self._problem(seen),
        }

    def _events(self, request):
        """Return what has happened to a request, the first thing first: text and moment."""
        moments = [
            (self.env._("mail sent"), request.sent_at),
            (self.env._("opened"), request.opened_at),
            (self.env._("file downloaded"), request.downloaded_at),
            (self.env._("reminded"), request.reminded_at),
            (self.env._("signed file sent"), request.signed_at),
        ]
        return [
            {"text": text, "at": fields.Datetime.to_string(moment)}
            for text, moment in sorted(
                ((text, moment) for text, moment in moments if moment), key=lambda one: one[1]
            )
        ]

    def _problem(self, request):
        """Return what keeps a request from its end, and who signed it if it is another."""
        another = ""
        if request.is_other_signer:
            another = self.env._("The file was signed by somebody else: %s.", request.signed_by)
        return " ".join(filter(None, (self._hindrance(request), another)))

    def _hindrance(self, request):
        if request.mail_problem:
            return self.env._("The mail was not sent: %s", request.mail_problem)
        if request.refusal_text and request.state == "open":
            return self.env._("Refused: %s", request.refusal_text)
        if request.refusal_text and request.state in CALLED_OFF:
            return request.refusal_text
        return ""
