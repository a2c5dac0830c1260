"""The judgement of one document, step by step, in the order in which KSeF seems to go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..pki import Trust
from . import certificate, crypto, document, profile, references, schema, signature
from .outcome import ChainProblem, Settings, Verified


def verify(
    data: bytes,
    trust: Trust,
    now: datetime,
    *,
    settings: Settings | Mapping[str, Any] | None = None,
) -> Verified:
    """Judge a signed AuthTokenRequest.

    :param data: the body of the request, untouched
    :param now: KSeF's time, aware
    :param settings: the switches, or a mapping with some of them by name
    :raises Refusal: for KSeF's HTTP 400
    :raises ChainProblem: for what KSeF reports later, as status 460 of the operation
    """
    if not isinstance(settings, Settings):
        settings = Settings(**(settings or {}))
    root = document.parse(data, settings)
    located = signature.locate(root)
    signature.check_structure(root, located.element)
    covered = references.covered(root, located, settings)
    signed = profile.read(located.element, covered, settings)
    crypto.check(root, located.element, signed.certificate, settings)
    request = schema.read(covered.request)
    problem = certificate.chain_problem(signed.certificate, trust, now, settings)
    verified = _recognised(request, signed, covered, trust)
    if problem:
        raise ChainProblem(problem, verified)
    return verified


def _recognised(
    request: schema.Request, signed: profile.Profile, covered: references.Covered, trust: Trust
) -> Verified:
    """Put together what is known once the signer is recognised."""
    issuer = trust.issuer_of(signed.certificate)
    identity, method = certificate.identify(
        signed.certificate, issuer, covered.properties, request.subject_type
    )
    return Verified(
        challenge=request.challenge,
        context_type=request.context_type,
        context_value=request.context_value,
        subject_type=request.subject_type,
        identity=identity,
        method=method,
        certificate=signed.certificate,
        ksef_serial=ksef_serial(signed.certificate.serial_number) if issuer == "ksef" else None,
        warning=signed.warning,
        allowed_ips=request.allowed_ips,
    )


def ksef_serial(number: int) -> str:
    """Write a serial number as KSeF does: 16 hexadecimal digits, upper case."""
    return f"{number:016X}"
