"""Every document of the corpus: signed by independent programs, and changed afterwards."""

from __future__ import annotations

from datetime import datetime

import pytest
from corpus.index import Valid, faulty, representatives, valid
from corpus.mutations import MUTATIONS, Mutation

from ksef_simulator import pki
from ksef_simulator.verify import ChainProblem, Refusal, verify

from .shared import CHALLENGE, CONTEXT, NOW, reading

TRUST = pki.Authority(datetime(NOW.year, 1, 1)).trust
SIGNERS = sorted({(item.tool, item.layout) for item in valid()})
AGREED = [m.name for m in MUTATIONS if not (m.own_rule or m.left_to_ksef)]
BY_NAME = {mutation.name: mutation for mutation in MUTATIONS}


def simulator_accepts(data: bytes) -> bool:
    """Ask the strict simulator; a request of another company or challenge is none of ours."""
    try:
        judged = verify(data, TRUST, NOW)
    except (Refusal, ChainProblem):
        return False
    return (judged.challenge, judged.context_value) == (CHALLENGE, CONTEXT.value)


@pytest.mark.parametrize(("tool", "layout"), SIGNERS)
def test_each_layout_of_each_program_passes_with_the_right_signer(tool, layout):
    items = [item for item in valid() if (item.tool, item.layout) == (tool, layout)]
    assert len(items) >= 18
    for item in items:
        found = reading(item.data)
        signer = found.signer
        assert found.codes == (), item.file
        assert signer is not None and signer.identity is not None
        assert (signer.kind, signer.name) == (item.kind, item.name), item.file
        assert signer.identity.masked == item.masked or item.masked == ""
        assert (found.challenge, found.context) == (CHALLENGE, CONTEXT)
        assert found.signed_at == NOW


@pytest.mark.parametrize("item", faulty(), ids=lambda item: item.file)
def test_each_faulty_document_gets_exactly_its_codes(item):
    assert reading(item.data).codes == item.codes


@pytest.mark.parametrize("item", faulty(), ids=lambda item: item.file)
def test_reader_and_simulator_agree_about_each_faulty_document(item):
    found, accepted = reading(item.data), simulator_accepts(item.data)
    assert not (found.stops and accepted)
    assert accepted or found.codes != (), "refused without a word"


def changed(mutation: Mutation) -> list[tuple[Valid, bytes]]:
    """Return a mutation of one document of each program, layout and algorithm."""
    pairs = [(item, mutation.change(item.data)) for item in representatives()]
    return [(item, data) for item, data in pairs if data is not None]


@pytest.mark.parametrize("name", BY_NAME)
def test_each_mutation_of_each_layout_gets_its_code(name):
    mutation = BY_NAME[name]
    pairs = changed(mutation)
    assert pairs
    for item, data in pairs:
        found = reading(data)
        if mutation.codes:
            assert set(mutation.codes) & set(found.codes), (item.file, found.codes)
        else:
            assert not found.stops, (item.file, found.codes)
            assert found.signer is not None and found.signer.name == item.name


@pytest.mark.parametrize("name", AGREED)
def test_reader_and_simulator_agree_about_each_mutation(name):
    for item, data in changed(BY_NAME[name]):
        found = reading(data)
        accepted = simulator_accepts(data)
        assert not (found.stops and accepted), (item.file, found.codes)
        if not accepted:
            assert found.codes != (), f"{item.file}: refused without a word"


@pytest.mark.parametrize("name", [m.name for m in MUTATIONS if m.left_to_ksef])
def test_ksef_itself_names_what_the_reader_is_silent_about(name):
    for _item, data in changed(BY_NAME[name]):
        with pytest.raises(Refusal) as refused:
            verify(data, TRUST, NOW)
        assert refused.value.code == 9105
        assert refused.value.details[0].startswith("Błąd walidacji XSD: cvc-")


def test_the_simulator_accepts_what_the_corpus_calls_valid():
    refused = [item.file for item in valid() if not simulator_accepts(item.data)]
    assert refused == []


def test_nothing_that_is_shown_or_kept_holds_a_personal_number():
    for item in representatives():
        found = reading(item.data)
        assert found.signer is not None and found.signer.identity is not None
        if found.signer.identity.kind == "pesel":
            shown = [repr(found), *(f.evidence + f.sentence for f in found.findings)]
            assert not any(found.signer.identity.value in text for text in shown)
