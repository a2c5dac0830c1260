from odoo import http
from odoo.http import content_disposition, request

from ..models.res_company import CONNECT_GROUP
from ..tools import auth_token_request

# Its files are taken out of it, each is signed alone.
ARCHIVE_NAME = "AuthTokenRequest.zip"


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
        return _file(session._request_document(), auth_token_request.FILE_NAME)

    @http.route(
        "/l10n_pl_ksef/requests/<int:batch_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def download_all(self, batch_id):
        """Serve in one ZIP the files of a user's list that wait for a signature.

        :param int batch_id: the list, the user's own
        """
        batch = request.env["l10n_pl_ksef.batch"].browse(batch_id).exists()
        if not batch:
            raise request.not_found()
        return _file(batch._archive(), ARCHIVE_NAME)


def _file(content, name):
    return request.make_response(
        content,
        headers=[
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(len(content))),
            ("Content-Disposition", content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ],
    )
