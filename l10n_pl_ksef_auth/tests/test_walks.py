import os
import sys
from contextlib import contextmanager
from pathlib import Path

from odoo.tests import tagged

from .common import KsefCase

ADDON = Path(__file__).parents[1]
# One stop, however many of its files a walk enters.
READER = "tools/signed_document"


@contextmanager
def walked(path):
    """Note which of the addon's functions run inside the block, each once, in their order.

    :param list path: gets (file, function)
    """
    seen = set()

    def look(frame, event, _argument):
        code = frame.f_code
        if event != "call" or code in seen or code.co_name.startswith("<"):
            return
        seen.add(code)
        file = Path(code.co_filename)
        if file.is_relative_to(ADDON) and "tests" not in file.parts:
            name = str(file.relative_to(ADDON))
            path.append((READER if name.startswith(READER) else name, code.co_name))

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


def stops(path):
    """Return the files of a walk in their order, with the functions that are new in each stay."""
    stays = []
    for file, function in path:
        if not stays or stays[-1][0] != file:
            stays.append((file, []))
        stays[-1][1].append(function)
    return stays


@tagged("post_install", "-at_install")
class TestWalks(KsefCase):
    """Four walks through the code, as docs/design.md "Four walks" shows them.

    A hop is a change of file between two functions of the addon that run one after the other, each
    function counted when it is entered for the first time. `WALKS=FILE` writes the lists.
    """

    reminds_of_backup = True

    def tell(self, name, path):
        walk = stops(path)
        files = len({file for file, _functions in walk})
        self.figures(f"walk {name}: {len(walk) - 1} hops, {files} files")
        target = os.environ.get("WALKS")
        if target:
            with open(target, "a") as page:
                page.write(f"\n### {name}\n")
                page.writelines(f"1. `{file}` {', '.join(names)}\n" for file, names in walk)
        self.assertTrue(walk)

    def test_walk_of_the_request_from_the_button_to_the_file(self):
        window, path = self.open_window(), []
        with walked(path):
            self.downloaded(window)
        self.tell("a) Pobierz, to the file on disk", path)

    def test_walk_of_the_uploaded_bytes_to_the_active_session(self):
        window, path = self.open_window(), []
        document = self.signed(self.downloaded(window))
        with walked(path):
            self.attach(window, document, consent=True)
            window.authenticate()
            self.follow(window)
        self.tell("b) The uploaded bytes, to the active session", path)

    def test_walk_of_the_token_that_another_addon_asks_for(self):
        self.certified()
        path = []
        self.travel(minutes=20)
        with walked(path):
            self.company.l10n_pl_ksef_access_token()
        self.env.invalidate_all()
        self.travel(days=8)
        with walked(path):
            self.company.l10n_pl_ksef_access_token()
        self.tell("c) The token: a refresh, later a new login with the certificate", path)

    def test_walk_of_a_renewal_from_due_to_done(self):
        certificate, path = self.certified(), []
        for _day in range(4):
            self.keep_alive(days=1)
        certificate.write({"renew_at": certificate._now(), "next_attempt": False})
        with walked(path):
            for _round in range(30):
                if certificate.state == "superseded":
                    break
                self.keep_alive(seconds=40)
        self.assertEqual(certificate.state, "superseded")
        self.tell("d) A renewal, from due to done", path)
