"""Sessions: refreshed, listed, revoked; and bearers that are none."""

from __future__ import annotations

from typing import Any

from ..fact import fact
from ..life import Life
from ..login import Login

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@fact("A1-refresh", "200 accessToken")
def refresh_returns_an_access_token(life: Life) -> str:
    """A refresh returns an access token, and no other refresh token."""
    login: Login = life["login"]
    answer = life.door.call("POST", "/auth/token/refresh", login.refresh)
    return f"{answer.said} {', '.join(sorted(answer.body))}"


@fact("A2-12", "415")
def refresh_with_a_form(life: Life) -> str:
    """A refresh that claims to carry a form is HTTP 415."""
    refresh = life["login"].refresh
    return life.door.call("POST", "/auth/token/refresh", refresh, headers=_FORM).said


@fact("A2-15", "401 or 403 empty")
def token_of_the_operation_is_no_bearer(life: Life) -> str:
    """The token of the operation opens nothing else."""
    answer = life.door.call("GET", "/auth/sessions", life["login"].authentication_token)
    return _unauthorized(answer.said)


@fact("A2-15", "401 or 403 empty")
def invented_bearer(life: Life) -> str:
    """A bearer that is none is answered 401, or 403 with an empty body."""
    return _unauthorized(life.door.call("GET", "/auth/sessions", "invented").said)


def _unauthorized(said: str) -> str:
    return "401 or 403 empty" if said in ("401", "403 empty") else said


@fact("A1-http", "errors, exception")
def two_shapes_of_errors(life: Life) -> str:
    """An error has KSeF's new shape with X-Error-Format: problem-details, else the old one."""
    bearer, path = life["login"].access, "/auth/sessions/unknown"
    new = life.door.call("DELETE", path, bearer)
    old = life.door.call("DELETE", path, bearer, headers={"X-Error-Format": None})
    found = [name for name in ("errors", "exception") if name in new.body]
    return ", ".join(found + [name for name in ("errors", "exception") if name in old.body])


@fact("A1-sessions", "400 21405")
def unknown_session(life: Life) -> str:
    """A session that is not there cannot be revoked."""
    return life.door.call("DELETE", "/auth/sessions/unknown", life["login"].access).said


@fact("A1-sessions", "400 21418")
def invented_continuation(life: Life) -> str:
    """A continuation token that is none is refused."""
    headers = {"x-continuation-token": "invented"}
    return life.door.call("GET", "/auth/sessions", life["login"].access, headers=headers).said


@fact("A1-sessions", "listed, and current")
def session_is_listed(life: Life) -> str:
    """A login stands in the list of its context, and is marked as the current one."""
    login: Login = life["login"]
    found = [item for item in life.client.sessions(login.access) if item.is_current]
    is_ours = [item.reference_number for item in found] == [login.reference]
    return "listed, and current" if is_ours else "missing"


@fact("A2-32", "XadesSignature")
def method_by_category(life: Life) -> str:
    """The way of logging in is told by authenticationMethodInfo.category."""
    return str(_first_item(life).get("authenticationMethodInfo", {}).get("category", "missing"))


@fact("E12", "still there", is_open=True)
def deprecated_method(life: Life) -> str:
    """The member authenticationMethod, whose end was announced for 2026-11-16."""
    return "still there" if "authenticationMethod" in _first_item(life) else "gone"


def _first_item(life: Life) -> dict[str, Any]:
    answer = life.door.call("GET", "/auth/sessions", life["login"].access)
    return next(iter(answer.body.get("items") or [{}]))


@fact("A1-425", "204, then 425")
def revoked_session_is_425(life: Life) -> str:
    """A session that its user has revoked has the status 425."""
    login = life.log_in(life["owner"], life["company"])
    life["revoked login"] = login
    path = f"/auth/sessions/{login.reference}"
    said = life.door.call("DELETE", path, life["login"].access).said
    status = life.client.auth_status(login.reference, login.authentication_token)
    return f"{said}, then {status.code}"


@fact("A2-16", "400 21301 or 21304")
def revoked_session_is_not_refreshed(life: Life) -> str:
    """The refresh token of a revoked session is answered 400."""
    said = life.door.call("POST", "/auth/token/refresh", life["revoked login"].refresh).said
    return "400 21301 or 21304" if said in ("400 21301", "400 21304") else said


@fact("A2-18", "200")
def access_token_outlives_its_session(life: Life) -> str:
    """The access token of a revoked session lives to its end."""
    return life.door.call("GET", "/auth/sessions", life["revoked login"].access).said


@fact("E6", "anonymous, global")
def groups_of_limits(life: Life) -> str:
    """GET /rate-limits has groups for callers without a login, and for an address."""
    answer = life.door.call("GET", "/rate-limits", life["login"].access)
    return ", ".join(sorted({"anonymous", "global"} & set(answer.body))) or "neither"
