from odoo import http
from odoo.http import content_disposition, request

from ..models.res_company import CONNECT_GROUP
from ..tools import auth_token_request


class KsefRequest(http.Controller):
    """Serves the file to be signed, from memory: it is never an attachment (docs/design.md 14)."""

    @http.route(
        "/l10n_pl_ksef/request/<int:session_id>",
        type="http",
        auth="user",
        methods=["GET"],
        # Not from a replica: the login was written a moment ago, and a replica may lag behind.
        readonly=False,
    )
    def download(self, session_id):
        """Serve AuthTokenRequest.xml of a session that waits for its signature.

        :param int session_id: the session, readable by the user
        """
        session = request.env["l10n_pl_ksef.session"].browse(session_id).exists()
        session.check_access("read")
        if not request.env.user.has_group(CONNECT_GROUP):
            raise request.not_found()
        if session.state != "waiting" or not session.challenge:
            raise request.not_found()
        content = session._request_document()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/octet-stream"),
                ("Content-Length", str(len(content))),
                ("Content-Disposition", content_disposition(auth_token_request.FILE_NAME)),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
