"""A request that is signed by hand: what the reader thinks, and what KSeF says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ksef_simulator import DEMO_NIP, identities, signers
from live.__main__ import Live


class Desk:
    """A person at the desk: does one thing each time that the command looks around."""

    def __init__(self, live, sim, tmp_path: Path, monkeypatch) -> None:
        self.run: Live = live("sign", "--nip", DEMO_NIP)
        self.sim, self.folder, self._report = sim, tmp_path / "sign", tmp_path / "report.json"
        self._moves: list = []
        monkeypatch.setattr(self.run, "_ask", self._ask)
        self._clock = self.run._clock

    def _ask(self, seconds: float) -> str | None:
        self._clock.sleep(seconds)
        return self._moves.pop(0)() if self._moves else None

    def request(self) -> bytes:
        """Return the request as it was written."""
        return (self.folder / "AuthTokenRequest.xml").read_bytes()

    def signed(self, signer: str = "owner", name: str = "AuthTokenRequest (1).xml") -> Path:
        """Put the signed request beside the unsigned one."""
        path = self.folder / name
        at = self.sim.clock.now()
        path.write_bytes(signers.sign(self.request(), signer, at=at))
        return path

    def does(self, *moves) -> int:
        """Let the command run, and return its exit code."""
        self._moves = list(moves)
        return self.run.sign()

    def report(self) -> dict:
        """Return what would be attached to an issue."""
        return json.loads(self._report.read_text())


@pytest.fixture
def desk(live, sim, tmp_path, monkeypatch):
    """Give a person at the desk."""
    return Desk(live, sim, tmp_path, monkeypatch)


def test_a_signed_file_beside_the_request_is_sent_and_both_verdicts_are_told(desk, sim, capsys):
    assert desk.does(lambda: None, lambda: desk.signed() and None) == 0
    said = capsys.readouterr().out
    assert "(trusted_profile)" in said
    assert "The reader: would send it" in said
    assert "KSeF: 202\nKSeF: 200" in said
    assert "The session was ended: 204" in said
    assert [item for item in sim.state.operations.values() if not item.revoked] == []


def test_a_path_that_is_typed_is_read_too(desk, tmp_path):
    def elsewhere() -> str:
        return str(desk.signed().rename(tmp_path / "download.xml"))

    assert desk.does(lambda: "no such file", elsewhere) == 0


def test_a_refusal_of_ksefs_is_told(desk, sim, capsys):
    sim.faults.add("xades-signature", "refusal", code=21115)
    assert desk.does(lambda: desk.signed() and None) == 1
    assert "KSeF: 400 21115" in capsys.readouterr().out


def test_whoever_has_no_right_gets_ksefs_verdict(desk, capsys):
    assert desk.does(lambda: desk.signed("stranger") and None) == 0
    assert "KSeF: 415 Brak przypisanych uprawnień" in capsys.readouterr().out


def test_another_file_is_not_sent(desk, sim, capsys):
    def other() -> None:
        (desk.folder / "other.xml").write_bytes(b"<Faktura>private</Faktura>")

    assert desk.does(other, lambda: desk.signed() and None) == 0
    assert sim.requests.count("xades-signature") == 1
    assert "It is not this request, so it is not sent." in capsys.readouterr().out


def test_an_older_file_in_the_folder_is_not_looked_at(desk, sim):
    desk.folder.mkdir(parents=True)
    (desk.folder / "old.xml").write_bytes(b"<old/>")
    assert desk.does() == 1
    assert sim.requests.count() == 1


def test_it_waits_ten_minutes(desk, sim, capsys):
    began = sim.clock.now()
    assert desk.does() == 1
    assert 600 <= (sim.clock.now() - began).total_seconds() < 610
    assert "The ten minutes are over." in capsys.readouterr().out


def test_neither_screen_nor_report_tells_who_signed(desk, capsys):
    desk.does(lambda: desk.signed() and None)
    owner = identities.OWNER
    told = capsys.readouterr().out + json.dumps(desk.report(), ensure_ascii=False)
    assert not [text for text in (owner.pesel, owner.surname, "Róża") if text in told]
    assert DEMO_NIP not in json.dumps(desk.report())


@pytest.mark.parametrize(
    "words, said",
    [
        (["sign"], "Not a NIP: missing"),
        (["--base-url", "https://api.ksef.mf.gov.pl/v2"], "may be called"),
        (["--pace", "0.5"], "every 1 s at most"),
    ],
)
def test_a_wrong_command_line_is_explained(words, said, capsys):
    from live.__main__ import main

    with pytest.raises(SystemExit):
        main(words)
    assert said in capsys.readouterr().err
