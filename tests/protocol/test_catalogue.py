"""The catalogue of messages lists every sentence that the tables hold."""

from protocol_builders import every_meaning

from tools.meanings.catalogue import catalogue
from tools.meanings.meaning import NOTHING_TO_DO
from tools.signed_document import findings


def _told() -> set[tuple[str, str]]:
    """Return all pairs of sentences of the catalogue."""
    return {(row.text, row.action) for rows in catalogue().values() for row in rows}


def test_every_meaning_of_every_table_is_listed():
    held = {item for item in every_meaning() if item.advice != NOTHING_TO_DO}
    assert len(held) > 100
    assert not {(item.text, item.advice.action) for item in held} - _told()


def test_every_finding_of_the_reader_is_listed():
    assert not {(text, action) for _level, text, action in findings.TABLE.values()} - _told()


def test_equal_messages_are_told_once_with_all_their_codes():
    rows = [row for listed in catalogue().values() for row in listed]
    (ended,) = (row for row in rows if {"21301", "21304"} <= set(row.codes))
    assert ended.action
    for subject, listed in catalogue().items():
        assert len({(row.text, row.action) for row in listed}) == len(listed), subject
