"""Measures the loading of certificate files that were made to take long."""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from protocol.credential_builders import ENDLESS, LARGE, locked, pem, plain
from protocol.protocol_builders import certificate_for

from tools.credentials import CredentialError, load_credentials, may_sign_invoices

from .rows import Row, row

PASSWORD = "Ab3456789012345!"
#: What all attempts together may ask of OpenSSL, in rounds.
MOST_ROUNDS = 1_000_000
#: Seconds that loading may take, without and with a password that is stretched.
OPEN, STRETCHED = 0.5, 1.0


def measure() -> list[Row]:
    """Return the seconds of the process for the costliest files of either kind."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = certificate_for(key, digital_signature=True).der
    long = rsa.generate_private_key(65537, 4096)
    full = pem(plain(long), "PRIVATE KEY") + pem(certificate) * 19
    files = {**ENDLESS, "twenty blocks": full, "full to the last byte": full + b"x" * (LARGE // 2)}
    times = {name: _seconds(data, certificate) for name, data in files.items()}
    name = max(times, key=times.__getitem__)
    # Opened, and of no use for logging in: nothing may be opened for another use anew.
    offline = certificate_for(key, digital_signature=False).der
    opening = locked(key, PASSWORD.encode(), rounds=MOST_ROUNDS)
    stretched = _seconds(opening, offline)
    return [
        row("loading: the costliest file without a password", times[name], "s", OPEN, note=name),
        row("loading: a million rounds for a password", stretched, "s", STRETCHED),
    ]


def _seconds(*files: bytes) -> float:
    """Return the time of the process, so that other processes do not count."""
    started = time.process_time()
    try:
        load_credentials(*files, password=PASSWORD, otherwise=may_sign_invoices)
    except CredentialError:
        pass
    return time.process_time() - started
