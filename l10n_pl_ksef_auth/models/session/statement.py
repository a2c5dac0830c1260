"""What a person signed, sealed with the login: its columns may be written by anybody.

A file that is signed names a NIP or unit and a signer. This is kept with the company and the task
it was signed for, before KSeF hears of it, and counts once KSeF gave tokens for it.
"""

import json
from dataclasses import asdict, dataclass

from ...tools import nip
from ...tools.vault import VaultCorrupt
from ..vault.vault import read_secret, secret_digests, write_secrets


@dataclass(frozen=True)
class Statement:
    """What a file was signed for.

    ``digits`` are the NIP's or unit's; ``grant`` is a number or 0; ``owner`` is a digest of the
    signer's identity, empty if the file names none; ``consent`` is empty, "once" or "both".
    """

    company: int
    digits: str
    environment: str
    purpose: str
    grant: int
    owner: str
    consent: str

    def is_for(self, grant, purpose):
        """Return True if a file was signed for one task.

        :param grant: of the client that signed
        :param str purpose: grant or take_back
        """
        task = grant.company_id.id, grant.digits, grant.environment, grant.id, purpose
        return task == (self.company, self.digits, self.environment, self.grant, self.purpose)


def keep_statement(login, reading, company):
    """Seal what a person signed with its login.

    :param login: that keeps who agreed to what already
    :param reading: what the document says
    :param company: the one that it was signed for
    """
    signer = reading.signer
    known = signer and signer.identity and secret_digests(login.env, signer.identity)
    context = reading.context.value if reading.context else login.context_value
    _seal(login, _said(login, company, context, owner=known[0] if known else ""))


def keep_former_statement(login):
    """Seal what the columns say that was signed with a login of before statements were kept.

    The signer's identity was not kept: KSeF tells it when a certificate is applied for.

    :param login: by a signature, which lives
    """
    _seal(login, _said(login, login.company_id, login.context_value))


def keep_consent(login):
    """Seal anew what was signed with a login, whose signer's consent is confirmed later."""
    said = statement_of(login)
    if said:
        _seal(login, Statement(**{**asdict(said), "consent": _consent(login)}))


def statement_of(login):
    """Return what a person signed, a Statement; None of a machine's login.

    :param login: one session, or none
    :raises VaultError: it cannot be opened on this machine
    """
    try:
        text = login and read_secret(login, "statement_secret")
    except VaultCorrupt:
        return None
    return Statement(**json.loads(text)) if text else None


def _said(login, company, context_value, owner=""):
    return Statement(
        company=company.id,
        digits=nip.digits(context_value),
        environment=login.environment,
        purpose=login.purpose,
        grant=login.grant_id.id or 0,
        owner=owner,
        consent=_consent(login),
    )


def _consent(login):
    named = "both" if login.consent_offline else "once"
    return named if login.consent_at else ""


def _seal(login, said):
    write_secrets(login, statement_secret=json.dumps(asdict(said)).encode())
