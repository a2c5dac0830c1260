"""An addon that sends something to KSeF when its route is called; never installed."""

from odoo import http


class KsefSender(http.Controller):
    """The sender's only route."""

    @http.route("/ksef_sender/send", type="http", auth="user")
    def send(self):
        """Send a request with the connection of the user's company."""
        with http.request.env.company.l10n_pl_ksef_api() as api:
            return str(api.request("GET", "/auth/sessions").status_code)
