"""Login: challenge, signed request, status."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import timedelta
from typing import Any

from . import texts
from .answers import Answer, Forbidden, Gone, Refused, Unauthorized, stamp, status
from .call import Call, Endpoint, unsupported_media_type
from .limits import AUTH
from .state import (
    AUTHENTICATION,
    Challenge,
    LoginContext,
    Operation,
    Token,
    Who,
    reference,
)
from .subjects import subject_of

ENFORCED = "enforce-xades-compliance"  # docs/ksef.md A2-6
NOT_FOUND = "Operacja uwierzytelniania o numerze referencyjnym {} nie została znaleziona."


def challenge(call: Call) -> Answer:
    """POST /auth/challenge."""
    now = call.now
    made = Challenge(reference("CR", now), now, int(now.timestamp() * 1000))
    call.state.challenges[made.value] = made
    body = {
        "challenge": made.value,
        "timestamp": stamp(now),
        "timestampMs": made.timestamp_ms,
        "clientIp": call.request.remote_addr or "127.0.0.1",
    }
    return Answer(body=body)


def xades_signature(call: Call) -> Answer:
    """POST /auth/xades-signature: judge the document, start the operation."""
    if call.request.mimetype != "application/xml":
        raise unsupported_media_type()
    verified, problem = _judge(call, call.request.get_data())
    use_challenge(call, verified.challenge)
    operation = _start(call, verified, problem)
    answer = start_answer(call, operation)
    warnings = [text for text in (verified.warning, call.sim.settings.system_warning) if text]
    if warnings:
        answer.headers["X-System-Warning"] = folded(" | ".join(warnings))
    return answer


def folded(text: str) -> str:
    """ASCII folding, as KSeF's contract prescribes for X-System-Warning."""
    plain = text.replace("ł", "l").replace("Ł", "L")
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()


def _judge(call: Call, document: bytes) -> tuple[Any, tuple[int, tuple[str, ...]] | None]:
    """The verifier's finding and, for what is only found out later, the status to come."""
    from .verify import ChainProblem, Refusal, verify

    chain = call.request.args.get("verifyCertificateChain") == "true"
    features = call.request.headers.get("X-KSeF-Feature", "").split(",")
    enforced = ENFORCED in {name.strip() for name in features}
    switches = call.sim.verifier_settings(chain, enforced)
    try:
        verified = verify(document, call.sim.trust, call.now, settings=switches)
        return verified, _end_of_trusted_profile(call, verified)
    except ChainProblem as found:
        return found.verified, (460, tuple(found.details))
    except Refusal as refusal:
        if call.sim.settings.challenge_consumed_by_refusal:
            _consume_mentioned(call, document)
        more = call.sim.settings.signature_details if refusal.code == 9105 else ()
        raise Refused(refusal.code, *refusal.details, *more, text=refusal.text) from None


def _end_of_trusted_profile(call: Call, verified: Any) -> tuple[int, tuple[str, ...]] | None:
    """How a KSeF that takes Podpis zaufany no longer might say so; None where it is taken.

    :raises Refused: 21115 or 9105, by the switch
    """
    end = call.sim.settings.trusted_profile
    if verified.method != "TrustedProfile" or end == "accepted":
        return None
    if end == "460":
        return 460, ("Niepoprawny certyfikat",)
    raise Refused(int(end))


def _consume_mentioned(call: Call, document: bytes) -> None:
    for made in call.state.challenges.values():
        if made.value.encode() in document:
            made.used = True


def use_challenge(call: Call, value: str) -> Challenge:
    """Take the challenge once, within its life.

    :raises Refused: 21111
    """
    made = call.state.challenges.get(value)
    life = timedelta(seconds=call.sim.settings.challenge_seconds)
    if made is None or call.now >= made.created + life:
        raise Refused(21111)
    if made.used and call.sim.settings.challenge_single_use:
        raise Refused(21111)
    made.used = True
    return made


def _start(call: Call, verified: Any, problem: Any) -> Operation:
    who = Who(verified.identity.kind, verified.identity.value)
    operation = new_operation(
        call, LoginContext(verified.context_type, verified.context_value), who, verified.method
    )
    operation.certificate_serial = verified.ksef_serial
    operation.allowed_ips = verified.allowed_ips
    operation.subject = subject_of(verified, call.sim.settings)
    operation.problem = problem or _ksef_certificate_problem(call, verified.ksef_serial)
    return operation


def new_operation(call: Call, context: LoginContext, who: Who, method: str) -> Operation:
    """A new authentication operation, decided ``auth_delay`` seconds from now."""
    due = call.now + timedelta(seconds=call.sim.settings.auth_delay)
    operation = Operation(reference("AU", call.now), context, who, method, call.now, due)
    call.state.operations[operation.reference] = operation
    return operation


def start_answer(call: Call, operation: Operation) -> Answer:
    """HTTP 202: reference number and the token of the operation."""
    seconds = call.sim.settings.authentication_token_seconds
    token = call.state.issue_token(AUTHENTICATION, operation, call.now, seconds)
    body = {"referenceNumber": operation.reference, "authenticationToken": token_info(token)}
    return Answer(202, body)


def _ksef_certificate_problem(call: Call, serial: str | None) -> tuple[int, tuple[str, ...]] | None:
    """What is wrong with one of KSeF's own certificates by KSeF's own records."""
    certificate = call.state.certificates.get(serial or "")
    if certificate is None:
        return None
    certificate.last_use = call.now
    if certificate.type != "Authentication":
        return 460, ("Niepoprawny certyfikat",)
    if certificate.revocation_done is not None:
        return 460, ("Certyfikat odwołany",)
    if not certificate.valid_from <= call.now < certificate.valid_to:
        return 460, ("Nieważny certyfikat",)
    return None


def decide(call: Call, operation: Operation) -> tuple[int, str, tuple[str, ...]]:
    """The operation's status now; settled once and for all when it is due."""
    if operation.revoked:
        return (425, *texts.AUTH_STATUS[425])
    if operation.outcome is None and call.now >= operation.due:
        code, details = _outcome(call, operation)
        if code < 200:
            return (code, *texts.AUTH_STATUS[100])
        text, usual = texts.AUTH_STATUS.get(code, ("Status nieopisany w dokumentacji", ()))
        operation.outcome = (code, text, usual if details is None else details)
    return operation.outcome or (100, *texts.AUTH_STATUS[100])


def _outcome(call: Call, operation: Operation) -> tuple[int, tuple[str, ...] | None]:
    forced = call.sim.take_forced("force_status")
    if forced:
        return forced
    world = call.sim.world
    if operation.problem:
        return operation.problem
    if operation.context in world.blocked:
        return 480, None
    if world.is_deceased(operation.who):
        return 470, None
    lag = timedelta(seconds=call.sim.settings.permission_login_delay)
    operation.permissions = call.sim.rights_of(operation, call.now - lag)
    return (200 if operation.permissions else 415), None


def own_operation(call: Call, ref: str | None = None) -> Operation:
    """The operation of the bearer.

    :raises Gone: when KSeF keeps it no longer
    :raises Unauthorized: when the authenticationToken has expired
    :raises Refused: 21304 when the reference is another one's
    """
    token, now = call.token, call.now
    if token is None:
        raise Unauthorized
    if ref is not None and ref != token.operation.reference:
        raise Refused(21304, NOT_FOUND.format(ref))
    if now >= token.operation.started + timedelta(days=call.sim.settings.operation_days):
        raise Gone
    if now >= token.valid_until:
        raise outdated(call)
    return token.operation


def outdated(call: Call) -> Exception:
    """How KSeF answers an outdated token, by the switch."""
    empty = call.sim.settings.outdated_token_answer == "empty-403"
    return Forbidden() if empty else Unauthorized()


def auth_status(call: Call) -> Answer:
    """GET /auth/{ref}."""
    operation = own_operation(call, call.params["ref"])
    body = {**described(call, operation), "isTokenRedeemed": operation.redeemed}
    return Answer(body=body)


def described(call: Call, operation: Operation) -> dict[str, Any]:
    """The members that the status and the list of sessions share."""
    code, text, details = decide(call, operation)
    category, method, name = texts.METHODS[operation.method]
    body: dict[str, Any] = {
        "startDate": stamp(operation.started),
        "authenticationMethodInfo": {"category": category, "code": method, "displayName": name},
        "status": status(code, text, details),
    }
    if call.sim.settings.deprecated_authentication_method:
        body["authenticationMethod"] = operation.method
    if operation.refresh_until:
        body["refreshTokenValidUntil"] = stamp(operation.refresh_until)
    if operation.refreshed:
        body["lastTokenRefreshDate"] = stamp(operation.refreshed)
    return body


def token_info(token: Token) -> dict[str, str]:
    """KSeF's TokenInfo."""
    return {"token": token.text, "validUntil": stamp(token.valid_until)}


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal: what the request log keeps of a document."""
    return hashlib.sha256(data).hexdigest()


ENDPOINTS = (
    Endpoint("challenge", "POST", "/auth/challenge", challenge, limit=AUTH),
    Endpoint("xades-signature", "POST", "/auth/xades-signature", xades_signature, limit=AUTH),
    Endpoint("auth-status", "GET", "/auth/<ref>", auth_status, (AUTHENTICATION,), AUTH),
)
