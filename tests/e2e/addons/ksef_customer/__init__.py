"""An addon that asks for a token when its route is called; loaded by tests, never installed."""

import hashlib

from odoo import http


class KsefCustomer(http.Controller):
    """The customer's only route."""

    @http.route("/ksef_customer/token", type="http", auth="user")
    def token(self):
        """Return the digest of the company's token, so that no token leaves the server."""
        token = http.request.env.company.l10n_pl_ksef_access_token()
        return hashlib.sha256(token.encode()).hexdigest()
