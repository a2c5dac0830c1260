"""What a person reads of an alert: what happened, what it means for invoices, what to do."""

from datetime import timedelta
from typing import NamedTuple

from babel.dates import format_skeleton

from odoo import fields
from odoo.tools import babel_locale_parse, format_datetime

from ...tools import meanings
from ...tools.meanings.meaning import _lt
from ..base import problems
from ..certificate.certificate import OFFLINE

# What an alert is about; the key, or the database's identity: one for all its companies.
ON_LOGIN, ON_RIGHTS, ON_CERTIFICATE, ON_KEY = "login", "rights", "certificate", "key"
# Rights that a client was asked for did not come.
ON_GRANT = "grant"
# Where the button leads to; a signature is all that helps, or it is another one's turn.
SIGN, ACCOUNT, PANEL = "/odoo/ksef?sign=1", "/odoo/ksef-account", "/odoo/ksef"
FROM_CLIENTS, ASK_FOR_RIGHTS = "/odoo/ksef-rights", "/odoo/ksef?ask=grant"
TO_SIGN = ("sign", "new_file", "other_file", "other_way")
# Why no mail reaches somebody whom the company names for notices.
WHY_NOT = {
    "archived": _lt("archived"),
    "may_not": _lt("may not connect this company"),
    "no_address": _lt("no e-mail address"),
}


class Texts(NamedTuple):
    """The texts of one case, in English and with placeholders for `_values`.

    A problem that is known says what happened and what to do in its own sentences.
    """

    subject: str  # of the mail, behind the company's name
    summary: str  # of the activity
    happened: str
    invoices: str
    advice: str


_REFRESH = _lt("Refresh the connection with a signature: it takes about 3 minutes.")
_SIGN_ONCE_MORE = _lt("Sign once more: the connection then keeps itself alive again.")
_ENDS = (
    _lt("The connection to KSeF ends on %(moment)s."),
    _lt("Until then invoices are sent. After that they are neither sent nor received."),
    _REFRESH,
)
_CERTIFICATE_ENDS = (
    _lt("The KSeF certificate of %(owner)s ends on %(moment)s and was not renewed."),
    _lt("Invoices are sent. After its end a file has to be signed every 7 days."),
    _SIGN_ONCE_MORE,
)
_WITHOUT_CERTIFICATE = (
    _lt("Invoices are sent while the present connection lasts."),
    _SIGN_ONCE_MORE,
)
_OFFLINE_INVOICES = _lt(
    "Invoices are sent. While KSeF is away, they get no second code without this certificate."
)
_IN_ACCOUNT = _lt("Have one issued in the menu KSeF → Account: no signature is needed.")
_RENEW = _lt("Renew it in the menu KSeF → Account: no signature is needed.")
_LOAD_ANOTHER = _lt("Load another one in the menu KSeF → Account.")
_SIGN_ONCE = _lt(
    "Connect with a signature, and choose “Only once”: Odoo then gets the certificates."
)
_OFFLINE_ENDS = (
    _lt(
        "The certificate for offline invoices of %(owner)s ends on %(moment)s and was not renewed."
    ),
    _OFFLINE_INVOICES,
    _IN_ACCOUNT,
)
_WITHOUT_OFFLINE = (_OFFLINE_INVOICES, _IN_ACCOUNT)
_RIGHTS = (
    _lt("a right is missing"),
    _lt("%(company)s: a right is missing at KSeF"),
    _lt("At KSeF %(owner)s lacks: %(rights)s."),
)
_HAVE_IT_GRANTED = _lt("Have the right granted in KSeF, or let somebody sign who has it.")

CASES = {
    "mended": Texts(
        _lt("the connection is in order again"),
        _lt("%(company)s: the connection to KSeF is in order again"),
        _lt("The connection to KSeF works again."),
        _lt("Invoices are sent and received as usual."),
        _lt("You have nothing to do any more."),
    ),
    "ending": Texts(
        _lt("sign again by %(date)s"),
        _lt("%(company)s: the connection to KSeF ends in %(days)s days – sign again"),
        *_ENDS,
    ),
    "ending_today": Texts(
        _lt("sign again by %(date)s"),
        _lt("%(company)s: the connection to KSeF ends within 24 hours – sign again"),
        *_ENDS,
    ),
    "ending_in_vain": Texts(
        _lt("KSeF does not answer, the connection ends on %(date)s"),
        _lt("%(company)s: the connection to KSeF ends within 24 hours, Odoo goes on trying"),
        _lt("The connection to KSeF ends on %(moment)s."),
        _lt("Invoices wait until KSeF answers."),
        _REFRESH,
    ),
    "trying": Texts(
        _lt("no connection, Odoo goes on trying"),
        _lt("%(company)s: the connection to KSeF has ended, Odoo goes on trying"),
        _lt("The connection to KSeF has ended."),
        _lt("Invoices wait: they are neither sent nor received."),
        _SIGN_ONCE_MORE,
    ),
    "ended": Texts(
        _lt("no connection – invoices are not sent"),
        _lt("%(company)s: no connection to KSeF – invoices are not sent"),
        _lt("The connection to KSeF has ended."),
        _lt("Invoices are neither sent nor received."),
        _REFRESH,
    ),
    "rights_to_send": Texts(*_RIGHTS, _lt("Invoices are not sent."), _HAVE_IT_GRANTED),
    "rights_to_read": Texts(
        *_RIGHTS, _lt("Invoices are sent, but not received."), _HAVE_IT_GRANTED
    ),
    "grant_refused": Texts(
        _lt("the office did not get the rights"),
        _lt("%(company)s: the office did not get the rights"),
        _lt("KSeF did not give the office the rights that were asked for."),
        _lt("Without them the office neither issues nor views this company's invoices."),
        _lt("Ask the client once more, in the menu KSeF → Rights from clients."),
    ),
    "grant_given": Texts(
        _lt("the office has the rights"),
        _lt("%(company)s: the office has the rights"),
        _lt("The client has given the office the rights."),
        _lt("The office logs in with its own certificate."),
        _lt("You have nothing to do any more."),
    ),
    "take_back_refused": Texts(
        _lt("the office still has the rights"),
        _lt("%(company)s: the office still has the client's rights"),
        _lt("KSeF did not take back the rights of the office."),
        _lt("The office can still issue and view this company's invoices."),
        _lt(
            "Try it once more in the menu KSeF → Rights from clients. The client can also do it in"
            " the Ministry's application."
        ),
    ),
    "take_back_done": Texts(
        _lt("the office has no rights any more"),
        _lt("%(company)s: the office has no rights any more"),
        _lt("The rights of the office are gone."),
        _lt("The office neither issues nor views this company's invoices."),
        _lt("You have nothing to do any more."),
    ),
    "key": Texts(
        _lt("no connection – invoices are not sent"),
        _lt("%(company)s: the key of the KSeF connection is missing on the server %(host)s"),
        "",
        _lt("From this server no company sends or receives invoices."),
        "",
    ),
    "copy": Texts(
        _lt("all connections stand still"),
        _lt("%(company)s: all KSeF connections of this database stand still"),
        "",
        _lt("From this database no company sends or receives invoices."),
        "",
    ),
    "certificate_ending": Texts(
        _lt("the certificate ends on %(date)s and was not renewed"),
        _lt("%(company)s: the KSeF certificate ends in %(days)s days and was not renewed"),
        *_CERTIFICATE_ENDS,
    ),
    "certificate_ending_today": Texts(
        _lt("the certificate ends on %(date)s and was not renewed"),
        _lt("%(company)s: the KSeF certificate ends within 24 hours and was not renewed"),
        *_CERTIFICATE_ENDS,
    ),
    "certificate_exists": Texts(
        _lt("choose a certificate for Odoo"),
        _lt("%(company)s: choose a KSeF certificate for Odoo"),
        _lt("%(owner)s has a KSeF certificate that is not in Odoo."),
        _lt(
            "Invoices are sent. Without a certificate in Odoo a file has to be signed every 7 days."
        ),
        _lt(
            "Load it in the menu KSeF → Account."
            " You can also have a separate one issued for Odoo there."
        ),
    ),
    "certificate_revoked": Texts(
        _lt("the certificate was revoked"),
        _lt("%(company)s: the KSeF certificate was revoked"),
        _lt("The KSeF certificate of %(owner)s was revoked."),
        *_WITHOUT_CERTIFICATE,
    ),
    "certificate_blocked": Texts(
        _lt("the certificate was blocked"),
        _lt("%(company)s: the KSeF certificate was blocked"),
        _lt("The KSeF certificate of %(owner)s was blocked."),
        *_WITHOUT_CERTIFICATE,
    ),
    "certificate_expired": Texts(
        _lt("the certificate has ended"),
        _lt("%(company)s: the KSeF certificate has ended"),
        _lt("The KSeF certificate of %(owner)s has ended."),
        *_WITHOUT_CERTIFICATE,
    ),
    "offline_ending": Texts(
        _lt("the certificate for offline invoices ends on %(date)s"),
        _lt("%(company)s: the certificate for offline invoices ends in %(days)s days"),
        *_OFFLINE_ENDS,
    ),
    "offline_ending_today": Texts(
        _lt("the certificate for offline invoices ends on %(date)s"),
        _lt("%(company)s: the certificate for offline invoices ends within 24 hours"),
        *_OFFLINE_ENDS,
    ),
    "offline_exists": Texts(
        _lt("choose a certificate for offline invoices"),
        _lt("%(company)s: choose a certificate for offline invoices"),
        _lt("%(owner)s has a certificate for offline invoices that is not in Odoo."),
        _OFFLINE_INVOICES,
        _lt(
            "Load it in the menu KSeF → Account."
            " You can also have a separate one issued for Odoo there."
        ),
    ),
    "offline_revoked": Texts(
        _lt("the certificate for offline invoices was revoked"),
        _lt("%(company)s: the certificate for offline invoices was revoked"),
        _lt("The certificate for offline invoices of %(owner)s was revoked."),
        *_WITHOUT_OFFLINE,
    ),
    "offline_blocked": Texts(
        _lt("the certificate for offline invoices was blocked"),
        _lt("%(company)s: the certificate for offline invoices was blocked"),
        _lt("The certificate for offline invoices of %(owner)s was blocked."),
        *_WITHOUT_OFFLINE,
    ),
    "offline_expired": Texts(
        _lt("the certificate for offline invoices has ended"),
        _lt("%(company)s: the certificate for offline invoices has ended"),
        _lt("The certificate for offline invoices of %(owner)s has ended."),
        *_WITHOUT_OFFLINE,
    ),
    "offline_failed": Texts(
        _lt("no certificate for offline invoices could be issued"),
        _lt("%(company)s: no certificate for offline invoices could be issued"),
        _lt("KSeF has issued no certificate for offline invoices to %(owner)s."),
        *_WITHOUT_OFFLINE,
    ),
    # In any other state, too.
    "certificate_failed": Texts(
        _lt("no certificate could be issued"),
        _lt("%(company)s: no KSeF certificate could be issued"),
        _lt("KSeF has issued no certificate to %(owner)s."),
        *_WITHOUT_CERTIFICATE,
    ),
}


def of_alert(alert, whose=None):
    """Return what an alert says to its reader, in the language of its environment.

    :param str whose: what stands for the company's name, if it is not about this one alone
    :return dict: the values of the alert's fields that hold texts
    """
    values = _values(alert)
    values["company"] = whose or values["company"]
    texts = Texts(*(problems.sentence(alert.env, text, values) for text in CASES[_case(alert)]))
    told = not alert.closed_at and alert.problem and _of_problem(alert)
    happened = told["text"] if told else texts.happened
    if problems.cause(alert.problem) == "wait" and not alert.closed_at:
        ministry = alert.env["l10n_pl_ksef.availability"]._sentence(alert.environment)
        happened = " ".join(filter(None, (happened, ministry)))
    subject = alert.env._(
        "[%(company)s] KSeF: %(what)s", company=values["company"], what=texts.subject
    )
    return {
        "subject": subject,
        "summary": texts.summary,
        "explanation": happened,
        "invoices": texts.invoices,
        "advice": told["action"] if told else _advice_offline(alert) or texts.advice,
    }


def _advice_offline(alert):
    """Return what gets a company another certificate for offline invoices, if Konto does not ask.

    Empty where the text of the case says it.
    """
    certificate, company = alert.certificate_id.sudo(), alert.company_id
    if certificate.usage != OFFLINE or certificate.state == "exists" or alert.closed_at:
        return ""
    waiting = certificate._successors().filtered(lambda one: one._waits_for_a_place())[:1]
    if waiting:
        return problems.texts(alert.env, waiting.problem, signer=_owner(alert))["action"]
    if certificate._to_be_followed(company):
        return ""
    if not company._l10n_pl_ksef_certificate():
        advice = _SIGN_ONCE
    else:
        advice = _LOAD_ANOTHER if certificate._obstacle_to_renewal() else _RENEW
    return problems.sentence(alert.env, advice, {})


def _of_problem(alert):
    nip = alert.company_id._l10n_pl_ksef_number()
    return problems.texts(alert.env, alert.problem, nip=nip, signer=_owner(alert))


def _owner(alert):
    return alert.session_id.signer_name or alert.certificate_id.owner_name or ""


def page(alert):
    """Return where the way on begins: the window for a signature, the account or the panel."""
    if alert.closed_at or alert.reason in (ON_RIGHTS, ON_KEY):
        return PANEL
    if alert.reason == ON_GRANT:
        return FROM_CLIENTS
    certificate = alert.certificate_id
    is_offline = certificate.usage == OFFLINE
    if alert.reason == ON_CERTIFICATE and (is_offline or certificate.state != "expired"):
        return ACCOUNT
    way_back = _of_problem(alert)["way_back"] if alert.problem else "sign"
    if way_back == "account":
        return ACCOUNT
    if not alert._may_act(alert.user_id):
        return PANEL
    if way_back == "rights":
        return ASK_FOR_RIGHTS
    return SIGN if way_back in TO_SIGN else PANEL


def button(alert):
    """Return the label of the button that leads there."""
    return {
        SIGN: alert.env._("Sign now"),
        ACCOUNT: alert.env._("Open the account"),
        PANEL: alert.env._("Open the connection to KSeF"),
        FROM_CLIENTS: alert.env._("Open the rights from clients"),
        ASK_FOR_RIGHTS: alert.env._("Ask the client for the rights"),
    }[page(alert)]


def passed_over(env, reasons):
    """Return people's names and why no mail reaches each, in the reader's language.

    :param env: the reader's environment
    :param dict reasons: a key of WHY_NOT by each user
    """
    return "; ".join(
        f"{user.name} ({problems.sentence(env, WHY_NOT[why], {})})" for user, why in reasons.items()
    )


def _case(alert):
    if alert.reason == ON_GRANT:
        return _case_of_grant(alert)
    if alert.closed_at:
        return "mended"
    if alert.reason == ON_KEY:
        return "copy" if problems.is_of_copy(alert.problem) else "key"
    if alert.reason == ON_CERTIFICATE:
        return _case_of_certificate(alert)
    if alert.reason == ON_RIGHTS:
        missing = alert.session_id._missing_rights()
        return "rights_to_send" if "InvoiceWrite" in missing else "rights_to_read"
    is_trying = problems.cause(alert.problem) == "wait"
    if alert.level > 1:
        return "ending"
    if alert.level:
        return "ending_in_vain" if is_trying else "ending_today"
    return "trying" if is_trying else "ended"


def _case_of_grant(alert):
    if not alert.closed_at:
        return f"{alert.session_id.purpose}_refused"
    return "grant_given" if alert._is_mended() else "take_back_done"


def _case_of_certificate(alert):
    kind = "offline" if alert.certificate_id.usage == OFFLINE else "certificate"
    if alert.level:
        return f"{kind}_ending" if alert.level > 1 else f"{kind}_ending_today"
    case = f"{kind}_{alert.certificate_id.state}"
    return case if case in CASES else f"{kind}_failed"


def _values(alert):
    """Return what the texts name."""
    env, session = alert.env, alert.session_id
    missing = session._missing_rights()
    end = ends_at(alert)
    return {
        "company": alert.company_id.name,
        "days": _days_left(alert, end),
        "host": (alert.problem or {}).get("values", {}).get("host", ""),
        **when(alert, end),
        "owner": _owner(alert) or env._("the signer"),
        "rights": ", ".join(_in_words(env, missing)),
    }


def ends_at(alert):
    """Return when the connection ends; an alert is often about the login that was to follow."""
    if alert.certificate_id:
        return alert.certificate_id.valid_to
    standing = alert.company_id._l10n_pl_ksef_session()
    return standing.refresh_valid_until or alert.session_id.refresh_valid_until


def _days_left(alert, ends_at):
    """Return in how many days the end comes, a begun one counted; the level is the most."""
    if not ends_at:
        return alert.level
    begun = -((alert._now() - ends_at) // timedelta(days=1))
    return max(1, min(begun, alert.level))


def when(alert, moment):
    """Return a moment as the reader writes it: the day alone, and with year and time."""
    if not moment:
        return {"date": "", "moment": ""}
    locale, tz = babel_locale_parse(alert.env.lang), alert.env.context.get("tz")
    day = fields.Datetime.context_timestamp(alert, moment)
    return {
        "date": format_skeleton("Md", day, locale=locale),
        "moment": format_datetime(alert.env, moment, tz=tz, dt_format="short"),
    }


def _in_words(env, rights):
    return [problems.sentence(env, words, {}) for words in meanings.rights(rights)]
