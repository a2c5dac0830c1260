"""Layouts written by hand after samples of real signing programs; libxmlsec computes the values."""

from __future__ import annotations

from dataclasses import replace

from ksef_simulator import layouts, signers
from ksef_simulator.layouts import LAYOUTS, Layout

from .job import Job
from .people import AT, material, request_as_official_client, request_of, role_of

_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_DSS = LAYOUTS["podpis-zaufany"]
#: Beside the simulator's layouts: further prefixes, canonicalisations, versions of properties.
EXTRA: dict[str, Layout] = {
    "c14n11-comments": replace(
        _DSS, prefix="dsig", content_c14n=_C14N11 + "#WithComments", signed_info_c14n=_C14N11
    ),
    "exclusive-comments": replace(_DSS, content_c14n=layouts.EXC_C14N + "WithComments"),
    "enveloping-crlf": replace(
        LAYOUTS["enveloping"], content_c14n=layouts.C14N, newline="\r\n", wrap=76, prefix=""
    ),
}


def sign(job: Job) -> bytes:
    """Sign one document."""
    key, certificate = material(job.identity, job.algorithm)
    official = job.layout in ("enveloped", "three-references")
    request = request_as_official_client(job.identity) if official else request_of(job.identity)
    return signers.sign_with_certificate(
        request,
        key,
        certificate,
        layout=EXTRA.get(job.layout) or LAYOUTS[job.layout],
        signing_certificate="v2" if job.layout in EXTRA else "v1",
        at=AT,
        roles=role_of(job.identity),
    )
