from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# An uploaded document that was not sent: its challenge has long expired.
KEPT_DOCUMENTS = timedelta(hours=1)


class L10n_Pl_KsefAuthorization(models.TransientModel):
    _inherit = "l10n_pl_ksef.authorization"

    @api.autovacuum
    def _forget_unused(self):
        """Remove uploaded documents once KSeF has judged them, and those that were never sent.

        A window that is open removes its own; this is for those that were closed. Rows that a
        user's request is writing are left for the next time.
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE l10n_pl_ksef_authorization
                   SET document_secret = NULL, document_name = NULL
                 WHERE id IN (
                       SELECT upload.id
                         FROM l10n_pl_ksef_authorization AS upload
                    LEFT JOIN l10n_pl_ksef_session AS session ON session.id = upload.session_id
                        WHERE upload.document_secret IS NOT NULL
                          AND (session.state NOT IN ('waiting', 'submitted')
                               OR upload.write_date < %s)
                          FOR UPDATE OF upload SKIP LOCKED)
                """,
                fields.Datetime.now() - KEPT_DOCUMENTS,
            )
        )
        self.invalidate_model(["document_secret", "document_name"])
