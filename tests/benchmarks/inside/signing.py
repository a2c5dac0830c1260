"""Signing with the stored, encrypted key, beside a bare signature and the sender's own signer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 1000
LOGIN = [("state", "=", "active"), ("usage", "=", "login")]


def measure(env: Any) -> dict[str, float]:
    """Times in milliseconds, of those that were disturbed least."""
    from asn1crypto import pem
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from odoo.addons.l10n_pl_edi.tools.xades_signer import XadesSigner
    from odoo.addons.l10n_pl_ksef_auth.tools import auth_token_request, xades

    certificate = env["l10n_pl_ksef.certificate"].search(LOGIN, limit=1)
    der, public = certificate._signing_material()
    key = serialization.load_der_private_key(der, None)
    challenge = "20260429-CR-0123456789-ABCDEF0123-0A"
    context = auth_token_request.Context("Nip", "5265877635")
    document = auth_token_request.build(challenge, context)
    files = (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        pem.armor("CERTIFICATE", public),
    )

    def stored() -> None:
        xades.sign(document, *certificate._signing_material())

    kept = XadesSigner(*files)
    return _fastest(
        bare=lambda: key.sign(document, ec.ECDSA(hashes.SHA256())),
        stored=stored,
        signing=lambda: xades.sign(document, der, public),
        sender=lambda: kept.sign_authentication_challenge(challenge, "5265877635"),
        sender_loading=lambda: XadesSigner(*files).sign_authentication_challenge(
            challenge, "5265877635"
        ),
    )


def _fastest(**works: Callable[[], Any]) -> dict[str, float]:
    """The time of each that was disturbed least; in turn, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _round in range(ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.quantiles(taken, n=10)[0] * 1000 for name, taken in times.items()}
