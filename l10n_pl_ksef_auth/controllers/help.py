from odoo import http
from odoo.http import request

from ..models.res_company import SEE_GROUP


class KsefHelp(http.Controller):
    """Serves the manual as a page of its own: it opens beside a window that is at work."""

    @http.route("/l10n_pl_ksef/help", type="http", auth="user", methods=["GET"], readonly=True)
    def help(self):
        """Show the manual in the user's language to whoever sees KSeF."""
        if not request.env.user.has_group(SEE_GROUP):
            raise request.not_found()
        return request.render("l10n_pl_ksef_auth.help", request.env["l10n_pl_ksef.help"]._page())
