"""After a whole life of a connection every secret is encrypted, wherever it is stored."""

from __future__ import annotations

from connection_life import life
from secret_search import Secret, hits


def test_the_search_finds_a_secret_in_every_form() -> None:
    secret = Secret("key", bytes(range(40)))
    assert {form for form, _text in secret.forms()} == {"raw", "hex", "base64"}
    for form, text in secret.forms():
        assert hits([secret], {"log": b"before " + text + b" after"}), form


def test_no_secret_leaks(record_property) -> None:
    with life() as lived:
        lived.live()
        secrets, places = lived.secrets(), lived.places()
    found = hits(secrets, places)
    size = sum(map(len, places.values())) / 1e6
    record_property(
        "figures",
        f"no_secret_leaks: {len(secrets)} secrets, each raw, in base64 and in hex, searched in "
        f"{size:.0f} MB of {len(places)} places (dumps with mails and bus messages, file store, "
        f"debug log, answers to the browser): {len(found)} hits",
    )
    assert not found, "\n".join(found)
    assert b" DEBUG " in places["Odoo's log"]
    assert len(secrets) > 20
