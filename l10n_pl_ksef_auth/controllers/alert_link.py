from odoo import http
from odoo.http import request


class KsefAlert(http.Controller):
    """Leads the link of an alert to the page that helps, in the company that it is about."""

    @http.route(
        "/l10n_pl_ksef/alert/<int:alert_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def follow(self, alert_id):
        """Open the page that helps against an alert.

        :param int alert_id: the alert; after its removal, the link opens the connection
        """
        user = request.env.user
        alert = request.env["l10n_pl_ksef.alert"].sudo().browse(alert_id).exists()
        # Where the way leads says what an alert is about.
        page = alert._page(user) if alert and alert._may_know(user) else "/odoo/ksef"
        response, mine = request.redirect(page), user.company_ids
        if alert.company_id in mine:
            others = [str(company_id) for company_id in self._companies() if company_id in mine.ids]
            first = str(alert.company_id.id)
            chosen = [first, *(other for other in others if other != first)]
            response.set_cookie("cids", "-".join(chosen))
        return response

    def _companies(self):
        cookie = request.cookies.get("cids", "")
        return [int(part) for part in cookie.split("-") if part.isdigit()]
