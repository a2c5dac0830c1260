"""Packages that do not fit each other are a state of the addon, not a crash (lxml and xmlsec)."""

import os
import subprocess

import pytest

from stack.places import ROOT

PYTHON = os.environ.get("ODOO_PINS_PYTHON")
MISMATCHED = os.environ.get("MISMATCHED_PACKAGES", "")

pytestmark = pytest.mark.skipif(not PYTHON, reason="needs the environments that ./run test makes")


def answer(script: str, *first: str) -> str:
    """Run a script on Odoo's pins, the folders `first` first on its path; return what it prints."""
    path = os.pathsep.join((*first, str(ROOT / "l10n_pl_ksef_auth")))
    done = subprocess.run(
        [str(PYTHON), "-B", "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_two_packages_here_really_do_not_fit():
    script = (
        "import lxml.etree\ntry:\n    import xmlsec\nexcept Exception as error:\n    print(error)"
    )
    assert "mismatch" in answer(script, MISMATCHED)


def test_a_request_is_built_in_spite_of_a_mismatched_pair():
    script = (
        "from tools.auth_token_request import Context, build;"
        "print(build('20251122-CR-1000000000-1000000000-10', "
        "Context('Nip', '5265877635')).decode())"
    )
    assert "<Nip>5265877635</Nip>" in answer(script, MISMATCHED)


def test_signing_says_that_the_pair_does_not_fit():
    script = "from tools import xades; print(xades.available())"
    assert answer(script, MISMATCHED) == "mismatch"


def test_signing_works_on_odoos_own_pins():
    assert answer("from tools import xades; print(xades.available())") == "None"
