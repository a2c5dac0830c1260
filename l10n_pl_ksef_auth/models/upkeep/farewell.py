import logging

from odoo import SUPERUSER_ID, models

from ...tools.deadline import Deadline
from ...tools.errors import KsefError, KsefRateLimited, KsefUnavailable
from ...tools.http_pool import HttpPool
from ...tools.vault import VaultError
from ..base import problems
from ..base.locks import LockBusy
from ..certificate.states import IN_USE
from ..session.session import CONNECT
from ..session.states import HOLDING
from ..vault.kept_keys import keep
from ..vault.vault import why_locked

_logger = logging.getLogger(__name__)

# Seconds after which nothing further is begun: Odoo ends a worker after two minutes.
LONGEST_LEAVE = 60


class L10n_Pl_KsefFarewell(models.AbstractModel):
    """What becomes of logins and certificates at KSeF when the addon is uninstalled."""

    _name = "l10n_pl_ksef.farewell"
    _description = "KSeF farewell"

    def _logins(self):
        """Return the logins that KSeF would go on accepting; none in a copy of the database."""
        return self._unless_copy("session", ("state", "in", HOLDING))

    def _certificates(self):
        """Return the certificates that KSeF would go on accepting; none in a copy."""
        stored = ("private_key_secret", "!=", False)
        return self._unless_copy("certificate", ("state", "in", IN_USE), stored)

    def _unless_copy(self, model, *conditions):
        records = self.env[f"l10n_pl_ksef.{model}"].sudo()
        is_copy = (why_locked(self.env) or "").startswith("copy_")
        return records.browse() if is_copy else records.search([*conditions])

    def _obstacle(self):
        """Return why this server can end nothing at KSeF, in words, or False."""
        locked = why_locked(self.env)
        return bool(locked) and problems.texts(self.env, problems.local(locked))["text"]

    def _take_leave(self, end_logins, revoke):
        """End logins and revoke certificates at KSeF, committed one by one.

        An environment that does not answer is not asked again: each try may last as long as an
        exchange.

        :return list: for each that stays open, in a sentence, why
        """
        leaving, deadline, away = self.with_user(SUPERUSER_ID), Deadline(LONGEST_LEAVE), {}
        # As in a run of the scheduled action, nobody is woken: Odoo uninstalls at rest only.
        with HttpPool().shared():
            # First what needs a login.
            certificates = leaving._certificates() if revoke else []
            left = leaving._close(certificates, "_revoked", deadline, away)
            logins = leaving._logins() if end_logins else []
            return left + leaving._close(logins, "_ended", deadline, away)

    def _close(self, records, method, deadline, away):
        """Close records one by one; return sentences that say why some stay open.

        :param str method: of self: closes one, and returns its failure or None
        :param dict away: the failures of environments that do not answer; filled on the way
        """
        left = []
        for record in records:
            late = deadline.left <= 0 and KsefUnavailable("late", code="timeout", sent=True)
            failure = away.get(record.environment) or late or getattr(self, method)(record)
            if isinstance(failure, KsefUnavailable | KsefRateLimited):
                away[record.environment] = failure
            if failure:
                left.append(self._why(record, failure))
        return left

    def _revoked(self, certificate):
        """Revoke a certificate; return why it could not be done, or None."""
        companies = certificate._served_and_archived() or certificate.former_company_ids
        try:
            certificate._revoke(companies[:1] or self.env.company, "Unspecified")
        except (KsefError, VaultError) as error:
            return error
        return None

    def _ended(self, session):
        """Close a login; return why it could not be done, or None.

        No machine logs in again, while others are being closed, what a person has closed.
        """
        with session._exclusive(wait_seconds=5) as locked:
            # Given up with the step if that fails.
            locked.closed_by_user = locked.purpose == CONNECT
            closing = "_step_revoke" if locked.purpose == CONNECT else "_step_close"
            return locked._run_step(closing)[0] if locked else LockBusy()

    def _why(self, record, error):
        login = record._name == "l10n_pl_ksef.session"
        name = record.company_id.name if login else record.owner_name or record.name
        told = problems.texts(self.env, problems.of_request(error))
        return f"{name}: {told['text']}"

    def _keep_keys(self):
        """Leave the keys of certificates that stay valid to a later installation."""
        certificates = self._certificates().filtered("serial_number")
        try:
            if certificates and not self._obstacle():
                keep(self.env, certificates)
        except OSError:
            # The owners sign and get other certificates: no reason to keep the addon.
            _logger.exception("KSeF: the keys of certificates could not be kept")
