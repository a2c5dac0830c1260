"""Keeps a failure on a record, and tells it in the sentences of the user's language."""

from odoo import fields
from odoo.tools import format_time

from ...tools import clock, meanings
from ...tools.errors import KsefError, KsefForbidden, KsefRefused, KsefUnavailable
from ...tools.nip import InvalidNip
from ...tools.vault import VaultCorrupt, VaultError

# The part that KSeF's list of details may add to the technical line, in characters.
LONGEST_DETAIL = 300
# The Ministry's pages on rights in KSeF, and the form that names a company's first person there.
RIGHTS_URL = "https://ksef.podatki.gov.pl/informacje-ogolne-ksef-20/uprawnienia/"
ZAW_FA_URL = "https://www.podatki.gov.pl/vat/formularze-do-druku-vat/"


def of_error(error, put_off_until=None):
    """Return what is kept of an exception: codes and KSeF's own text, no secret.

    :param Exception error: a KsefError or a VaultError; any other is an error of Odoo's own
    :param datetime put_off_until: until when KSeF's answer makes Odoo wait, naive UTC
    :return dict: kind, code, text, details
    """
    kept = _of_error(error)
    return {**kept, "until": fields.Datetime.to_string(put_off_until)} if put_off_until else kept


def _of_error(error):
    if isinstance(error, KsefForbidden):
        kept = _kept("forbidden", error.reason, error.said, error.details)
        return {**kept, "call": error.call}
    if isinstance(error, KsefUnavailable):
        kept = _kept("outage", error.code, details=error.details)
        return {**kept, "sent": error.may_have_done, "status": error.status}
    if isinstance(error, KsefRefused):
        first = error.problems[0] if error.problems else None
        told = (first.code, first.text, first.details) if first else (None, error.said)
        also = [_in_one_line(problem) for problem in error.problems[1:]]
        answered = {"status": error.status, "call": error.call, "also": also}
        return {**_kept("refusal", *told), **answered}
    if isinstance(error, KsefError):
        return _kept("local", error.code)
    if isinstance(error, VaultCorrupt):
        return _kept("local", "secret_corrupt")
    if isinstance(error, VaultError):
        # A copy of the database says what kind of copy it is.
        return _kept("local", getattr(error, "code", "key_missing"))
    return _kept("local", "internal")


def of_request(error):
    """Return what is kept of a failed call that a person waits for: no machine repeats it.

    :param Exception error: a KsefError or a VaultError
    :return dict: as of_error, marked ``once``
    """
    return {**of_error(error), "once": True}


def lasting(problem):
    """Return a problem marked as one that keeps a company from KSeF for long.

    :param dict problem: as kept on the record, or False
    :return dict: as given, marked ``lasting``; False without a problem
    """
    return problem and {**problem, "lasting": True}


def cause(problem):
    """Return a word for what lies behind a problem; those that pass by themselves have one.

    :param dict problem: as kept on the record, or False
    """
    if not problem:
        return ""
    passes = meanings.of_record(problem).advice.way_back == "wait"
    return "wait" if passes else f"{problem['kind']}:{problem['code']}"


def of_auth_status(status):
    """Return what is kept of a login's final status (docs/ksef.md A1-login)."""
    return _kept("auth_status", status.code, status.description, status.details)


def of_enrollment_status(status):
    """Return what is kept of an application's final status (docs/ksef.md A1-enrollment)."""
    return _kept("enrollment", status.code, status.description, status.details)


def of_order(code, status=None):
    """Return what is kept of an order to change rights that KSeF did not carry out.

    :param int code: of the state (docs/ksef.md G-1)
    :param status: KSeF's answer; without one Odoo sees by itself that KSeF would refuse it
    """
    told = (status.description, status.details) if status else ()
    return _kept("order", code, *told)


def of_audit(problem, number):
    """Return what an audit line keeps of a problem: who signed has a column of its own there.

    :param dict problem: as kept on the record, or False
    :param str number: digits of the NIP or the unit's identifier that it was about
    """
    kept = {name: value for name, value in (problem or {}).items() if name != "signer"}
    return problem and {**kept, "number": number or ""}


def may_have_arrived(problem):
    """Return True if KSeF may have taken the message of a failed call.

    Not if it answered that it takes none now: 429, or 503.
    """
    is_outage = problem.get("kind") == "outage" and bool(problem.get("sent"))
    return is_outage and problem.get("status") != 503


def is_one(problem, kind, code):
    """Return True if a kept problem (or False, without one) is a certain one."""
    return bool(problem) and (problem["kind"], problem["code"]) == (kind, code)


def is_local(problem, code):
    """Return True if a kept problem (or False, without one) is a certain one of this Odoo's own."""
    return is_one(problem, "local", code)


def is_of_copy(problem):
    """Return True if a kept problem (or False) is that this database is a copy of another."""
    return bool(problem) and (problem.get("code") or "").startswith("copy_")


def local(code, **values):
    """Return a problem that this Odoo sees by itself."""
    return {**_kept("local", code), "values": values}


def of_nip(error):
    """Return what is wrong with a NIP or internal identifier, from an InvalidNip."""
    return local(f"nip_{error.reason}")


def of_company(principal):
    """Return what in its own data, or in its environment's address, keeps a company from KSeF.

    :param principal: the company that owns the connection
    :return: as of_error; None when all is well
    """
    try:
        principal._l10n_pl_ksef_context()
    except InvalidNip as error:
        polish = principal.account_fiscal_country_id.code == "PL"
        return of_nip(error) if polish else local("abroad")
    return of_address(principal, principal.l10n_pl_ksef_environment)


def of_address(companies, environment):
    """Return what is wrong with the address that is named for an environment instead of KSeF's own.

    :param companies: any, of the database
    :param str environment: production, demo or test
    :return: as of_error; None when all is well
    """
    try:
        companies._l10n_pl_ksef_base_url(environment)
    except KsefUnavailable as error:
        return of_error(error)
    return None


def texts(env, problem, **values):
    """Return the sentences for a kept problem.

    :param env: the reader's environment (language)
    :param dict problem: as kept on the record, where it says whose it is: ``login`` (signature or
        certificate), ``signer`` (who signed, or the certificate's owner), ``company``
    :param values: nip, signer: what a sentence may name, where the problem does not say it
    :return dict: text, action, technical, way_back, final; links: pages that help, label and url
    """
    meaning = meanings.of_record(problem)
    known = {
        "text": problem.get("text") or "",
        "details": "; ".join(problem.get("details") or ()),
        **_who(env, problem, **values),
        **(problem.get("values") or {}),
    }
    text = sentence(env, meaning.text, known)
    # It may begin with a person.
    text = text[:1].upper() + text[1:]
    return {
        "text": " ".join(filter(None, (text, _put_off(env, problem)))),
        "action": sentence(env, meaning.advice.action, known),
        "technical": _technical(problem, known),
        "way_back": meaning.advice.way_back,
        "final": meaning.advice.final,
        "links": pages_on_rights(env) if meaning.advice.about_rights else [],
    }


def paragraph(env, problem, **values):
    """Return what happened and what to do, in one paragraph; its arguments are those of texts."""
    told = texts(env, problem, **values)
    return " ".join(filter(None, (told["text"], told["action"])))


def pages_on_rights(env):
    """Return the Ministry's pages for who lacks rights in KSeF: label and url of each."""
    return [
        {"label": env._("Rights in KSeF (Ministry)"), "url": RIGHTS_URL},
        {"label": env._("ZAW-FA form"), "url": ZAW_FA_URL},
    ]


def _who(env, problem, nip="", signer=""):
    """Return the names that sentences may say; nobody is called a signer where nobody signed."""
    by_certificate = problem.get("login") == "certificate"
    unnamed = env._("its owner") if by_certificate else env._("the signer")
    named = " ".join(filter(None, (problem.get("company"), nip and f"({nip})")))
    return {
        "nip": nip,
        "company": named,
        "signer": problem.get("signer") or signer or unnamed,
    }


def number(env, unit, nip):
    """Return whom a login is for, as sentences name it: a unit's identifier, or else a NIP.

    :param str unit: empty for a whole company
    :param str nip: as people write it
    """
    return env._("the unit %s", unit) if unit else env._("NIP %s", nip)


def sentence(env, text, values):
    """Return a sentence of the protocol layer (marked there with _lt) in the reader's language.

    :param env: the reader's environment
    :param str text: English, with placeholders such as %(code)s
    :param dict values: for the placeholders
    """
    # The literal stands in the protocol layer, where Odoo's extraction finds it.
    translated = env._(text) if text else ""
    return translated % values


def of_finding(env, finding):
    """Return what a person reads about one thing that is wrong with a file.

    :param env: the reader's environment
    :param finding: a tools.signed_document.Finding
    :return dict: code, level, text, action
    """
    return {
        "code": finding.code,
        "level": finding.level,
        "text": sentence(env, finding.text, finding.values),
        "action": sentence(env, finding.action, finding.values),
    }


def _put_off(env, problem):
    """Say until when KSeF makes Odoo wait; nothing once that is over."""
    until = fields.Datetime.to_datetime(problem.get("until"))
    if not until or until <= clock.now().replace(tzinfo=None):
        return ""
    moment = format_time(env, until, time_format="short")
    return env._("Odoo tries again at %(moment)s.", moment=moment)


def _http(problem):
    return f"HTTP {problem['status']}" if problem.get("status") else ""


def _technical(problem, known):
    answered = f"{_http(problem)} {problem.get('code') or ''}".strip()
    parts = [answered, known["text"], known["details"][:LONGEST_DETAIL]]
    parts += problem.get("also") or ()
    return "KSeF " + " · ".join(part for part in parts if part)


def _in_one_line(problem):
    """One of KSeF's further errors beside the first, which is the one that is explained."""
    details = "; ".join(problem.details)[:LONGEST_DETAIL]
    return " ".join(part for part in (str(problem.code), problem.text, details) if part)


def _kept(kind, code, text=None, details=None):
    return {"kind": kind, "code": code, "text": text or "", "details": list(details or ())}
