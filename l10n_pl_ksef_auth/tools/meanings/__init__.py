"""What each of KSeF's codes means, and what a person does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import KsefError, KsefForbidden, KsefRefused, KsefUnavailable
from . import certificate_login
from .applications import enrollment_status
from .grants import order_status
from .local_problems import local
from .login import auth_status
from .meaning import ODOO_GOES_ON_TRYING, TRY_LATER, UNKNOWN, Meaning
from .outages import outage
from .refused import SIGNED_FILE, forbidden, refusal
from .rights import rights as rights


def of_error(error: KsefError) -> Meaning:
    """Return the meaning of an exception of this layer."""
    if isinstance(error, KsefForbidden):
        return forbidden(error.reason, error.call)
    if isinstance(error, KsefUnavailable):
        return outage(error.code, error.may_have_done, error.details)
    if isinstance(error, KsefRefused):
        details = error.problems[0].details if error.problems else ()
        return refusal(error.number, details, error.status, error.call)
    return local(error.code)


def of_record(problem: Mapping[str, Any]) -> Meaning:
    """Return the meaning of a problem that a record keeps.

    :param problem: kind (auth_status, enrollment, order, refusal, forbidden, outage or local),
        code, and by kind: details, status, call, sent; ``once`` where no machine tries again by
        itself, ``lasting`` where one does in vain and the connection ends or has ended; ``login``:
        certificate, where a login with one ended so and nobody signed; ``by_rights``: it stood on
        rights that a client had given the office
    """
    meaning = _of_certificate_login(problem) or _of_record(problem)
    if meaning.advice.way_back != "wait":
        return meaning
    if problem.get("once"):
        return replace(meaning, advice=TRY_LATER)
    return replace(meaning, advice=ODOO_GOES_ON_TRYING) if problem.get("lasting") else meaning


def _of_certificate_login(problem: Mapping[str, Any]) -> Meaning | None:
    """Return the meaning that only a login with a certificate has."""
    if problem.get("login") != "certificate":
        return None
    code, details = problem.get("code"), tuple(problem.get("details") or ())
    match problem.get("kind"):
        case "auth_status" if problem.get("by_rights"):
            return certificate_login.RIGHTS_TAKEN_BACK
        case "auth_status":
            return certificate_login.certificate_status(int(code or 0), details)
        case "refusal" if problem.get("call") in (None, "", SIGNED_FILE):
            return certificate_login.certificate_refusal(int(code or problem.get("status") or 0))
        case "local":
            return certificate_login.LOCAL.get(str(code))
    return None


def _of_record(problem: Mapping[str, Any]) -> Meaning:
    code, details = problem.get("code"), tuple(problem.get("details") or ())
    match problem.get("kind"):
        case "auth_status":
            return auth_status(int(code or 0), details)
        case "enrollment":
            return enrollment_status(int(code or 0), details)
        case "order":
            return order_status(int(code or 0))
        case "forbidden":
            return forbidden(str(code or ""), str(problem.get("call") or ""))
        case "outage":
            return outage(str(code or ""), problem.get("sent") is not False, details)
        case "refusal":
            number, call = int(code) if code else None, str(problem.get("call") or "")
            return refusal(number, details, problem.get("status"), call)
        case "local":
            return local(str(code or ""))
    return UNKNOWN
