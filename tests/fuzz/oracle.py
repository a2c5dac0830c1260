"""What must hold for every input, whatever its bytes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

from ksef_simulator import identities, pki
from ksef_simulator.verify import ChainProblem, Refusal, verify
from tools.auth_token_request import Context
from tools.signed_document import Expected, KnownChallenge, Reading
from tools.signed_document.findings import TABLE
from tools.signed_document.reader import read_unguarded

NOW = datetime(2026, 11, 22, 14, 3, tzinfo=timezone.utc)
CHALLENGE = "20261122-CR-0123456789-ABCDEF0123-45"
CONTEXT = Context("Nip", identities.DEMO_NIP)
_KNOWN = KnownChallenge(CHALLENGE, NOW + timedelta(minutes=7))
_EXPECTED = Expected(NOW, [_KNOWN], CONTEXT, "test")
_NUMBERS = [person.pesel for person in identities.PEOPLE.values()]
_TRUST = pki.Authority(datetime(NOW.year, 1, 1)).trust
#: Seconds; the worst document within the bounds takes less than two.
SLOW = 5.0
#: Codes by which the reader protects itself or refuses to guess, whatever KSeF may say.
OWN_RULES = {"too_complex", "too_large", "dtd", "not_covered", "ambiguous_request"}
#: How the refusals of 9105 begin that name the fault themselves: the reader need not.
LEFT_TO_KSEF = "Błąd walidacji XSD: cvc-"


def check(data: bytes, *, with_simulator: bool = False) -> Reading:
    """Read one input and check what must hold.

    :param with_simulator: also ask the strict simulator, which takes five times as long
    :raises AssertionError: when something does not hold; any other exception is a fault as well
    """
    started = time.process_time()
    found = read_unguarded(data, _EXPECTED)
    assert time.process_time() - started < SLOW, "slow"
    _check_findings(found)
    if found.signer is not None and all(item.level == "info" for item in found.findings):
        assert found.challenge == CHALLENGE and found.context == CONTEXT
    if with_simulator:
        _check_agreement(found, _refusal(data))
    return found


def _check_agreement(found: Reading, refusal: str) -> None:
    if found.stops and not OWN_RULES & set(found.codes):
        assert refusal, f"the simulator accepts what stops: {found.codes}"
    if not refusal.startswith(LEFT_TO_KSEF):
        assert found.codes or not refusal, f"the reader says nothing about: {refusal}"


def _check_findings(found: Reading) -> None:
    for finding in found.findings:
        assert finding.code in TABLE
        text = f"{finding.sentence} {finding.evidence} {finding.values}"
        # What the document itself holds may look like a placeholder, and stays as it is.
        assert "%(" not in finding.text % dict.fromkeys(finding.values, "")
        assert not any(number in text for number in _NUMBERS), "a personal number is shown"
        assert 0 < len(finding.evidence) <= 200
    assert found.signer is None or len(found.signer.name) <= 200


def _refusal(data: bytes) -> str:
    """Return why the simulator refuses an input; "" if it accepts it."""
    try:
        judged = verify(data, _TRUST, NOW)
    except (Refusal, ChainProblem) as error:
        return ", ".join(error.details) or str(error)
    ours = (judged.challenge, judged.context_value) == (CHALLENGE, CONTEXT.value)
    return "" if ours else "another request"
