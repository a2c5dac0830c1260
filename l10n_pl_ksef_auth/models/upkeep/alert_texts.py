"""What a person reads of an alert: what happened, what it means for invoices, what to do."""

from typing import NamedTuple

from babel.dates import format_skeleton

from odoo import fields
from odoo.tools import babel_locale_parse, format_datetime

from ...tools import meanings
from ..base import problems

# What an alert is about; the key, or the database's identity: one for all its companies.
ON_LOGIN, ON_RIGHTS, ON_CERTIFICATE, ON_KEY = "login", "rights", "certificate", "key"
# Where the button leads to; a signature is all that helps, or it is another one's turn.
SIGN, ACCOUNT, PANEL = "/odoo/ksef?sign=1", "/odoo/ksef-account", "/odoo/ksef"
TO_SIGN = ("sign", "new_file", "other_file", "other_way")
# What a certificate's alert may be about; all else is that none could be issued.
CERTIFICATE_CASES = ("exists", "revoked", "blocked", "expired")


class Texts(NamedTuple):
    """The texts of one case.

    A problem that is known says what happened and what to do in its own sentences.
    """

    subject: str  # of the mail, behind the company's name
    summary: str  # of the activity
    happened: str
    invoices: str
    advice: str


def of_alert(alert):
    """Return what an alert says to its reader, in the language of its environment.

    :return dict: the values of the alert's fields that hold texts
    """
    texts = CASES[_case(alert)](alert.env, _values(alert))
    told = not alert.closed_at and alert.problem and _of_problem(alert)
    subject = alert.env._(
        "[%(company)s] KSeF: %(what)s", company=alert.company_id.name, what=texts.subject
    )
    return {
        "subject": subject,
        "summary": texts.summary,
        "explanation": told["text"] if told else texts.happened,
        "invoices": texts.invoices,
        "advice": told["action"] if told else texts.advice,
    }


def _of_problem(alert):
    nip = alert.company_id._l10n_pl_ksef_number()
    return problems.texts(alert.env, alert.problem, nip=nip, signer=_owner(alert))


def _owner(alert):
    return alert.session_id.signer_name or alert.certificate_id.owner_name or ""


def page(alert):
    """Return where the way on begins: the window for a signature, the account or the panel."""
    if alert.closed_at or alert.reason in (ON_RIGHTS, ON_KEY):
        return PANEL
    if alert.reason == ON_CERTIFICATE and alert.certificate_id.state != "expired":
        return ACCOUNT
    way_back = _of_problem(alert)["way_back"] if alert.problem else "sign"
    if way_back == "account":
        return ACCOUNT
    return SIGN if way_back in TO_SIGN and alert._may_act(alert.user_id) else PANEL


def button(alert):
    """Return the label of the button that leads there."""
    return {
        SIGN: alert.env._("Sign now"),
        ACCOUNT: alert.env._("Open the account"),
        PANEL: alert.env._("Open the connection to KSeF"),
    }[page(alert)]


def names(alert, users):
    """Return some users' names and why no mail reaches each, in the reader's language."""
    return "; ".join(f"{user.name} ({_why_not(alert, user)})" for user in users)


def _why_not(alert, user):
    if not user.active:
        return alert.env._("archived")
    if not alert._may_act(user):
        return alert.env._("may not connect this company")
    return alert.env._("no e-mail address")


def _case(alert):
    if alert.closed_at:
        return "mended"
    if alert.reason == ON_KEY:
        return "copy" if problems.is_of_copy(alert.problem) else "key"
    if alert.reason == ON_CERTIFICATE:
        return _case_of_certificate(alert)
    if alert.reason == ON_RIGHTS:
        return "rights"
    is_trying = problems.cause(alert.problem) == "wait"
    if alert.level > 1:
        return "ending"
    if alert.level:
        return "ending_in_vain" if is_trying else "ending_today"
    return "trying" if is_trying else "ended"


def _case_of_certificate(alert):
    if alert.level:
        return "certificate_ending" if alert.level > 1 else "certificate_ending_today"
    state = alert.certificate_id.state
    return f"certificate_{state if state in CERTIFICATE_CASES else 'failed'}"


def _values(alert):
    """Return what the texts name."""
    env, session = alert.env, alert.session_id
    certificate, missing = alert.certificate_id, session._missing_rights()
    ends_at = certificate.valid_to if certificate else session.refresh_valid_until
    return {
        "company": alert.company_id.name,
        "days": alert.level,
        "host": (alert.problem or {}).get("values", {}).get("host", ""),
        **_when(alert, ends_at),
        "owner": _owner(alert) or env._("the signer"),
        "rights": ", ".join(_in_words(env, missing)),
        "cannot_send": "InvoiceWrite" in missing,
    }


def _when(alert, moment):
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


def _mended(env, values):
    return Texts(
        env._("the connection is in order again"),
        env._("%(company)s: the connection to KSeF is in order again", **values),
        env._("The connection to KSeF works again."),
        env._("Invoices are sent and received as usual."),
        env._("You have nothing to do any more."),
    )


def _ending(env, values):
    return Texts(
        env._("sign again by %(date)s", **values),
        env._("%(company)s: the connection to KSeF ends in %(days)s days – sign again", **values),
        *_ends(env, values),
    )


def _ending_today(env, values):
    return Texts(
        env._("sign again by %(date)s", **values),
        env._("%(company)s: the connection to KSeF ends within 24 hours – sign again", **values),
        *_ends(env, values),
    )


def _ending_in_vain(env, values):
    return Texts(
        env._("KSeF does not answer, the connection ends on %(date)s", **values),
        env._(
            "%(company)s: the connection to KSeF ends within 24 hours, Odoo goes on trying",
            **values,
        ),
        env._("The connection to KSeF ends on %(moment)s.", **values),
        env._("Invoices wait until KSeF answers."),
        env._("Refresh the connection with a signature: it takes about 3 minutes."),
    )


def _ends(env, values):
    return (
        env._("The connection to KSeF ends on %(moment)s.", **values),
        env._("Until then invoices are sent. After that they are neither sent nor received."),
        env._("Refresh the connection with a signature: it takes about 3 minutes."),
    )


def _trying(env, values):
    return Texts(
        env._("no connection, Odoo goes on trying"),
        env._("%(company)s: the connection to KSeF has ended, Odoo goes on trying", **values),
        env._("The connection to KSeF has ended."),
        env._("Invoices wait: they are neither sent nor received."),
        env._("Sign once more: the connection then keeps itself alive again."),
    )


def _ended(env, values):
    return Texts(
        env._("no connection – invoices are not sent"),
        env._("%(company)s: no connection to KSeF – invoices are not sent", **values),
        env._("The connection to KSeF has ended."),
        env._("Invoices are neither sent nor received."),
        env._("Refresh the connection with a signature: it takes about 3 minutes."),
    )


def _rights(env, values):
    return Texts(
        env._("a right is missing"),
        env._("%(company)s: a right is missing at KSeF", **values),
        env._("At KSeF %(owner)s lacks: %(rights)s.", **values),
        env._("Invoices are not sent.")
        if values["cannot_send"]
        else env._("Invoices are sent, but not received."),
        env._("Have the right granted in KSeF, or let somebody sign who has it."),
    )


def _key(env, values):
    return Texts(
        env._("no connection – invoices are not sent"),
        env._(
            "%(company)s: the key of the KSeF connection is missing on the server %(host)s",
            **values,
        ),
        "",
        env._("From this server no company sends or receives invoices."),
        "",
    )


def _copy(env, values):
    return Texts(
        env._("all connections stand still"),
        env._("%(company)s: all KSeF connections of this database stand still", **values),
        "",
        env._("From this database no company sends or receives invoices."),
        "",
    )


def _certificate_ending(env, values):
    return Texts(
        env._("the certificate ends on %(date)s and was not renewed", **values),
        env._(
            "%(company)s: the KSeF certificate ends in %(days)s days and was not renewed", **values
        ),
        *_certificate_ends(env, values),
    )


def _certificate_ending_today(env, values):
    return Texts(
        env._("the certificate ends on %(date)s and was not renewed", **values),
        env._(
            "%(company)s: the KSeF certificate ends within 24 hours and was not renewed",
            **values,
        ),
        *_certificate_ends(env, values),
    )


def _certificate_ends(env, values):
    return (
        env._(
            "The KSeF certificate of %(owner)s ends on %(moment)s and was not renewed.", **values
        ),
        env._("Invoices are sent. After its end a file has to be signed every 7 days."),
        env._("Sign once more: the connection then keeps itself alive again."),
    )


def _certificate_exists(env, values):
    return Texts(
        env._("choose a certificate for Odoo"),
        env._("%(company)s: choose a KSeF certificate for Odoo", **values),
        env._("%(owner)s has a KSeF certificate that is not in Odoo.", **values),
        env._(
            "Invoices are sent. Without a certificate in Odoo a file has to be signed every 7 days."
        ),
        env._(
            "Load it in the menu KSeF → Account."
            " You can also have a separate one issued for Odoo there."
        ),
    )


def _certificate_revoked(env, values):
    return Texts(
        env._("the certificate was revoked"),
        env._("%(company)s: the KSeF certificate was revoked", **values),
        env._("The KSeF certificate of %(owner)s was revoked.", **values),
        *_without_certificate(env),
    )


def _certificate_blocked(env, values):
    return Texts(
        env._("the certificate was blocked"),
        env._("%(company)s: the KSeF certificate was blocked", **values),
        env._("The KSeF certificate of %(owner)s was blocked.", **values),
        *_without_certificate(env),
    )


def _certificate_expired(env, values):
    return Texts(
        env._("the certificate has ended"),
        env._("%(company)s: the KSeF certificate has ended", **values),
        env._("The KSeF certificate of %(owner)s has ended.", **values),
        *_without_certificate(env),
    )


def _certificate_failed(env, values):
    return Texts(
        env._("no certificate could be issued"),
        env._("%(company)s: no KSeF certificate could be issued", **values),
        env._("KSeF has issued no certificate to %(owner)s.", **values),
        *_without_certificate(env),
    )


def _without_certificate(env):
    return (
        env._("Invoices are sent while the present connection lasts."),
        env._("Sign once more: the connection then keeps itself alive again."),
    )


CASES = {
    function.__name__[1:]: function
    for function in (
        _mended,
        _ending,
        _ending_today,
        _ending_in_vain,
        _trying,
        _ended,
        _rights,
        _key,
        _copy,
        _certificate_ending,
        _certificate_ending_today,
        _certificate_exists,
        _certificate_revoked,
        _certificate_blocked,
        _certificate_expired,
        _certificate_failed,
    )
}
