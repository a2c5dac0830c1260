"""The tokens of a login: redeemed once, refreshed any number of times."""

from __future__ import annotations

from datetime import timedelta

from .answers import Answer, Refused, Unauthorized
from .auth import NOT_FOUND, decide, own_operation, token_info
from .call import Call, Endpoint, unsupported_media_type
from .limits import AUTH
from .state import ACCESS, AUTHENTICATION, REFRESH, Operation, Token


def redeem(call: Call) -> Answer:
    """POST /auth/token/redeem: access and refresh token, once."""
    refuse_form(call)
    operation = own_operation(call)
    code, _text, _details = decide(call, operation)
    if operation.redeemed:
        raise Refused(
            21301,
            f"Tokeny dla operacji uwierzytelniania {operation.reference} zostały już pobrane.",
        )
    if code != 200:
        raise Refused(21301, f"Status uwierzytelniania ({code}) nie pozwala na pobranie tokenów.")
    refuse_dead_subject(call, operation)
    return _redeemed(call, operation)


def refuse_dead_subject(call: Call, operation: Operation) -> None:
    """Give no token to a person who has died, nor for a KSeF token that was revoked.

    :raises Refused: 21308 or 21301
    """
    if call.sim.world.is_deceased(operation.who):
        raise Refused(21308)
    token = call.state.ksef_tokens.get(operation.token_reference or "")
    if token is not None and token.status != "Active":
        raise Refused(21301, "Token KSeF został unieważniony.")


def _redeemed(call: Call, operation: Operation) -> Answer:
    settings, state = call.sim.settings, call.state
    days = settings.refresh_token_days
    refresh = state.issue_token(REFRESH, operation, call.now, days * 86400)
    access = state.issue_token(ACCESS, operation, call.now, settings.access_token_seconds)
    operation.redeemed = True
    operation.refresh_until = refresh.valid_until
    operation.last_access = access
    return Answer(body={"accessToken": token_info(access), "refreshToken": token_info(refresh)})


def refresh(call: Call) -> Answer:
    """POST /auth/token/refresh: a new access token; the refresh token stays as it is."""
    refuse_form(call)
    operation = call.session
    if operation.revoked:
        raise Refused(
            21301, "Status uwierzytelniania (425) nie pozwala na odświeżenie tokenu dostępowego."
        )
    if call.now >= operation.refresh_until:
        if call.sim.settings.outdated_refresh_token_answer == "401":
            raise Unauthorized
        raise Refused(21304, NOT_FOUND.format(operation.reference))
    refuse_dead_subject(call, operation)
    told = call.sim.settings.refresh_without_rights == "21301"
    if told and not call.sim.rights_of(operation):
        raise Refused(
            21301, "Status uwierzytelniania (415) nie pozwala na odświeżenie tokenu dostępowego."
        )
    return Answer(body={"accessToken": token_info(_refreshed(call, operation))})


def _refreshed(call: Call, operation: Operation) -> Token:
    last = operation.last_access
    same = call.sim.settings.refresh_returns_same_token
    operation.refreshed = call.now
    if same and last and call.now < last.issued + timedelta(seconds=30):
        return last
    operation.permissions = call.sim.rights_of(operation)
    seconds = call.sim.settings.access_token_seconds
    operation.last_access = call.state.issue_token(ACCESS, operation, call.now, seconds)
    return operation.last_access


def refuse_form(call: Call) -> None:
    """A call without a body must not claim to carry a form (docs/ksef.md A2-12)."""
    if call.request.mimetype not in ("", "application/json"):
        raise unsupported_media_type()


ENDPOINTS = (
    Endpoint("redeem", "POST", "/auth/token/redeem", redeem, (AUTHENTICATION,), AUTH),
    Endpoint("refresh", "POST", "/auth/token/refresh", refresh, (REFRESH,), AUTH),
)
