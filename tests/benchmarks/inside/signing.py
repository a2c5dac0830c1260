"""Signing with the stored, encrypted key, beside a bare signature and the sender's own signer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 300


def measure(env: Any) -> dict[str, float]:
    """Median times in milliseconds: bare, stored, sender."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from odoo.addons.l10n_pl_edi.tools.xades_signer import XadesSigner
    from odoo.addons.l10n_pl_ksef_auth.tools import auth_token_request, clock, xades

    certificate = env["l10n_pl_ksef.certificate"].search([("state", "=", "active")], limit=1)
    key, public = certificate._credentials()
    challenge = "20260429-CR-0123456789-ABCDEF0123-0A"
    context = auth_token_request.Context("Nip", "5265877635")
    document = auth_token_request.build(challenge, context)
    pem = (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        public.public_bytes(serialization.Encoding.PEM),
    )

    def stored() -> None:
        xades.sign(document, *certificate._credentials(), clock.now())

    return {
        "bare": _median(lambda: key.sign(document, ec.ECDSA(hashes.SHA256()))),
        "stored": _median(stored),
        "sender": _median(
            lambda: XadesSigner(*pem).sign_authentication_challenge(challenge, "5265877635")
        ),
    }


def _median(work: Callable[[], Any]) -> float:
    times = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
