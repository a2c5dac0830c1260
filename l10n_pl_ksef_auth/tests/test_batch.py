import base64
import io
import zipfile

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .batch_case import BatchCase
from .common import OWNER
from .signers import SignerCase


@tagged("post_install", "-at_install")
class TestBatch(BatchCase):
    """What is done for many companies at once: each has a result of its own, which stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = cls.make_clients(3)
        cls.stranger = cls.make_company("Obca Sp. z o.o.", "2222222222")

    def setUp(self):
        super().setUp()
        for company in self.clients:
            self.simulator.world.grant(OWNER.identity, company.vat.removeprefix("PL"))

    def start(self, what, companies=None):
        """Begin with all clients unless told."""
        return super().start(what, companies or self.clients)

    def states(self, lines):
        return [line["state"] for line in lines]

    # ------------------------------------------------------------------
    # Connecting, renewing, settings
    # ------------------------------------------------------------------
    def test_companies_connect_with_the_certificate_that_is_there(self):
        self.certified()
        lines = self.run_all(self.start("connect"))
        self.assertEqual(self.states(lines), ["done"] * 3)
        self.assertEqual({self.panel(company=one)["state"] for one in self.clients}, {"connected"})
        logins = self.env["l10n_pl_ksef.session"].search(
            [("company_id", "in", self.clients.ids), ("user_id", "=", self.accountant.id)]
        )
        self.assertEqual(logins.company_id, self.clients)

    def test_one_refusal_stops_no_other_company_and_its_reason_stays(self):
        self.certified()
        self.simulator.world.revoke(OWNER.identity, self.clients[1].vat.removeprefix("PL"))
        batch = self.start("connect")
        self.assertEqual(self.states(self.run_all(batch)), ["done", "failed", "done"])
        later = self.env["l10n_pl_ksef.batch"].with_user(self.accountant)
        self.assertEqual(later.latest(), batch.id)
        self.assertIn("no rights", later.browse(batch.id).view()["lines"][1]["text"])

    def test_a_company_that_was_taken_from_the_user_leaves_the_list(self):
        batch = self.start("ask")
        self.clients[0].l10n_pl_ksef_signer_email = "szef@klient.pl"
        self.accountant.company_ids -= self.clients[0]
        view = batch.view()
        self.assertEqual([line["company_id"] for line in view["lines"]], self.clients[1:].ids)
        self.assertNotIn("szef@klient.pl", str(view))

    def test_a_company_without_a_nip_stops_no_other(self):
        self.certified()
        batch = self.start("connect")
        self.clients[0].vat = False
        lines = self.run_all(batch)
        self.assertEqual(self.states(lines), ["failed", "done", "done"])
        self.assertIn("NIP", lines[0]["text"])

    def test_one_certificate_of_many_companies_is_renewed_once(self):
        certificate = self.certified()
        self.run_all(self.start("connect"))
        self.settle(days=31)
        lines = self.run_all(self.start("renew"))
        self.assertEqual(self.states(lines), ["done"] * 3)
        self.assertEqual(len(certificate._successors()), 1)
        asked = self.env["l10n_pl_ksef.audit"].search([("event", "=", "renewal_asked")])
        self.assertEqual(asked.user_id, self.accountant)

    def test_renewing_asks_for_the_password(self):
        batch = self.start("renew")
        with self.assertRaisesRegex(UserError, "only be taken in the browser"):
            batch.confirm()

    def test_a_certificate_that_ksef_has_refused_is_not_spoken_of_again(self):
        certificate = self.certified()
        self.simulator.world.revoke(OWNER.identity, self.clients[1].vat.removeprefix("PL"))
        self.run_all(self.start("connect", self.clients[:2]))
        texts = [line["text"] for line in self.start("ask").view()["lines"]]
        self.assertEqual(texts[:2], ["It is connected already.", ""])
        self.assertIn(certificate.owner_name, texts[2])

    def test_another_environment_is_chosen_after_it_was_said_what_stops(self):
        self.connect(company=self.clients[0])
        batch = self.start("environment")
        lines = batch.choose("demo")["lines"]
        self.assertIn("invoices stop", lines[0]["text"])
        self.assertEqual([line["text"] for line in lines[1:]], ["", ""])
        self.assertEqual(self.states(self.run_all(batch)), ["done"] * 3)
        self.assertEqual(set(self.clients.mapped("l10n_pl_ksef_environment")), {"demo"})
        settings = self.env["l10n_pl_ksef.audit"].search([("event", "=", "settings")])
        self.assertEqual(settings.filtered("company_id").user_id, self.accountant)

    def test_nothing_is_saved_before_something_is_chosen(self):
        self.assertFalse(self.start("environment").view()["choice"])
        lines = self.run_all(self.start("environment"))
        self.assertEqual(self.states(lines), ["failed"] * 3)
        self.assertEqual(set(self.clients.mapped("l10n_pl_ksef_environment")), {"test"})

    def test_who_is_told_is_chosen_for_all(self):
        batch = self.start("told")
        batch.choose([self.accountant.id])
        self.run_all(batch)
        self.assertEqual(self.clients.l10n_pl_ksef_responsible_ids, self.accountant)

    def test_nobody_does_anything_for_a_company_of_others(self):
        with self.assertRaises(AccessError):
            self.start("connect", self.clients | self.stranger)
        batch = self.start("connect")
        for method, args in (("view", ()), ("confirm", ()), ("run", (1,)), ("prepare_files", ())):
            with self.assertRaises(AccessError):
                getattr(batch.with_user(self.manager), method)(*args)

    # ------------------------------------------------------------------
    # At the desk
    # ------------------------------------------------------------------
    def files(self, batch):
        """Download the files of a list, and return them by their names."""
        self.assertTrue(batch.prepare_files()["download_url"])
        with zipfile.ZipFile(io.BytesIO(batch._archive())) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def drop(self, batch, documents):
        """Drop signed files on the list, all with the same name."""
        for document in documents:
            batch.attach("podpisany.xml", base64.b64encode(document).decode())
        return batch.view()["lines"]

    def send(self, batch):
        """Answer for all as the words on the screen do, and send what may be sent."""
        for line in batch.view()["lines"]:
            if line["can_send"]:
                batch.answer(line["id"], "both" if line["offline"] else "once")
        return self.followed(batch)

    def test_the_one_answer_is_about_both_certificates_where_a_company_issues_invoices(self):
        self.issues_invoices(self.clients[0])
        batch = self.start("sign")
        signed = [self.signed(document) for document in self.files(batch).values()]
        lines = self.drop(batch, signed)
        self.assertEqual([line["offline"] for line in lines], [True, False, False])

    def test_all_signed_files_find_their_companies_by_themselves(self):
        batch = self.start("sign")
        files = self.files(batch)
        nips = {company.vat.removeprefix("PL") for company in self.clients}
        self.assertEqual(set(files), {f"AuthTokenRequest {nip}.xml" for nip in nips})
        signed = [self.signed(document) for document in files.values()]
        lines = self.drop(batch, reversed(signed))
        self.assertTrue(all(line["can_send"] and line["signer"] for line in lines))
        self.assertEqual(self.states(self.send(batch)), ["done"] * 3)
        self.assertEqual({self.panel(company=one)["color"] for one in self.clients}, {"green"})

    def test_two_companies_of_one_nip_have_a_file_each(self):
        self.clients[1].vat = self.clients[0].vat
        batch = self.start("sign", self.clients[:2])
        lines = self.drop(batch, map(self.signed, self.files(batch).values()))
        self.assertTrue(all(line["can_send"] for line in lines))

    def test_where_a_company_issues_invoices_both_certificates_are_named_and_come(self):
        self.issues_invoices(self.clients[0])
        batch = self.start("sign", self.clients[:2])
        lines = self.drop(batch, map(self.signed, self.files(batch).values()))
        self.assertEqual([line["offline"] for line in lines], [True, False])
        self.send(batch)
        named = [one._l10n_pl_ksef_session().sudo().consent_offline for one in self.clients[:2]]
        self.assertEqual(named, [True, False])
        self.settle()
        served = self.env["l10n_pl_ksef.certificate"].search([("usage", "=", "offline")])
        self.assertEqual(served.company_ids, self.clients[0])

    def test_a_file_of_no_company_is_named_and_the_others_go_on(self):
        batch = self.start("sign", self.clients[:2])
        signed = [self.signed(document) for document in self.files(batch).values()]
        foreign = self.signed(self.downloaded(self.open_window()))
        self.drop(batch, [foreign, signed[0], b"<a/>"])
        self.assertEqual([one["name"] for one in batch.view()["strays"]], ["podpisany.xml"])
        self.assertEqual([line["can_send"] for line in batch.view()["lines"]], [True, False])

    def test_a_file_that_cannot_be_sent_does_not_replace_one_that_can(self):
        batch = self.start("sign", self.clients[:1])
        (document,) = self.files(batch).values()
        (line,) = self.drop(batch, [self.signed(document)])
        self.drop(batch, [document])
        self.assertTrue(batch.view()["lines"][0]["can_send"])
        self.assertIn(line["name"], batch.view()["strays"][0]["text"])

    def test_an_unsigned_file_is_told_and_replaced_by_the_signed_one(self):
        batch = self.start("sign", self.clients[:1])
        (document,) = self.files(batch).values()
        (line,) = self.drop(batch, [document])
        self.assertEqual((line["state"], line["can_send"]), ("failed", False))
        self.assertTrue(line["text"])
        (line,) = self.drop(batch, [self.signed(document)])
        self.assertTrue(line["can_send"])

    def test_files_come_a_few_at_a_time_and_an_outdated_one_anew(self):
        batch = self.start("sign")
        with self.counted("challenge") as challenges:
            batch.prepare_files()
            batch.prepare_files()
        self.assertEqual(challenges["calls"], 3)
        self.travel(minutes=11)
        self.assertFalse(any(line["seconds_left"] for line in batch.view()["lines"]))
        self.assertEqual(len(self.files(batch)), 3)
        self.assertTrue(all(line["seconds_left"] for line in batch.view()["lines"]))


@tagged("post_install", "-at_install")
class TestAskMany(SignerCase, BatchCase):
    """Signers elsewhere are asked for many companies in one go: one mail for each of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = cls.make_clients(3)
        cls.clients[:2].l10n_pl_ksef_signer_name = "Anna Zarząd"
        cls.clients[:2].l10n_pl_ksef_signer_email = "anna@example.com"

    def start(self, what):
        """Begin with all clients."""
        return super().start(what, self.clients)

    def ask(self, batch, **third):
        """Send the links, each row as it is shown; the last one with other values."""
        rows = batch.view()["lines"]
        rows[-1] |= third
        view = batch.ask(rows, "pl_PL", 72)
        self.env.invalidate_all()
        return view["lines"]

    def test_one_signer_of_two_companies_gets_one_mail(self):
        with self.outbox() as mails:
            lines = self.ask(
                self.start("ask"), signer_name="Jan Inny", signer_email="jan@example.com"
            )
        self.assertEqual([line["state"] for line in lines], ["done"] * 3)
        self.assertEqual({mail["To"] for mail in mails}, {"anna@example.com", "jan@example.com"})
        self.assertEqual(len(mails), 2)
        self.assertEqual(self.clients[2].l10n_pl_ksef_signer_name, "Jan Inny")

    def test_a_row_without_an_address_is_told_and_the_others_are_sent(self):
        batch = self.start("ask")
        with self.outbox() as mails:
            lines = self.ask(batch)
            self.assertEqual([line["state"] for line in lines], ["done", "done", "failed"])
            self.assertTrue(lines[2]["text"])
            self.ask(batch, signer_name="Jan Inny", signer_email="jan@example.com")
        self.assertEqual(len(mails), 2)

    def test_the_list_shows_who_was_asked_and_finds_them(self):
        with self.outbox():
            self.ask(self.start("ask"))
        asked = [("company_id", "in", self.clients.ids), ("is_asked", "=", True)]
        lines = self.env["l10n_pl_ksef.overview"].with_user(self.accountant).search(asked)
        self.assertEqual(lines.company_id, self.clients[:2])
        self.assertTrue(all(lines.mapped("asked_at")))
        self.assertFalse(any(lines.mapped("opened_at")))

    def test_who_has_not_signed_is_reminded(self):
        with self.outbox() as mails:
            self.ask(self.start("ask"))
            lines = self.start("remind").remind()["lines"]
        self.assertEqual([line["state"] for line in lines], ["done", "done", "failed"])
        self.assertEqual(len(mails), 2)

    def test_a_company_that_a_certificate_can_connect_says_so_before_anybody_is_asked(self):
        certificate = self.certified()
        for line in self.start("ask").view()["lines"]:
            self.assertIn(certificate.owner_name, line["text"])

    def let_in(self, count):
        """Have a certificate be there that opens some of the clients."""
        self.certified()
        for company in self.clients[:count]:
            self.simulator.world.grant(OWNER.identity, company.l10n_pl_ksef_digits)

    def connect_first(self, batch):
        """Connect what can, as the screen does before the links leave; return the lines."""
        there = [line["id"] for line in batch.view()["lines"] if line["is_there"]]
        with self.confirmed():
            self.assertEqual(batch.confirm(there), {})
            for line in there:
                batch.connect_first(line)
        return self.followed(batch)

    def test_what_can_connect_without_anybody_connects_and_only_the_rest_is_asked(self):
        self.let_in(1)
        batch = self.start("ask")
        lines = self.connect_first(batch)
        self.assertEqual([line["state"] for line in lines], ["done", "todo", "todo"])
        with self.outbox() as mails:
            lines = self.ask(batch, signer_name="Jan Inny", signer_email="jan@example.com")
        self.assertEqual([line["state"] for line in lines], ["done"] * 3)
        self.assertEqual(lines[0]["text"], "Connected.")
        for line in lines[1:]:
            self.assertRegex(line["text"], "no rights.*mail was sent")
        self.assertEqual(len(mails), 2)
        self.assertEqual(self.panel(company=self.clients[0])["state"], "connected")

    def test_nothing_is_agreed_to_but_for_the_companies_that_are_tried(self):
        self.let_in(3)
        batch = self.start("ask")
        first = batch.view()["lines"][0]["id"]
        with self.confirmed():
            batch.confirm([first])
            batch.connect_first(first)
        self.followed(batch)
        agreed = self.env["l10n_pl_ksef.agreement"].search([("how", "=", "accepted")])
        self.assertEqual(agreed.company_id, self.clients[0])

    def test_without_the_password_nothing_connects(self):
        self.let_in(1)
        batch = self.start("ask")
        first = batch.view()["lines"][0]
        with self.assertRaisesRegex(UserError, "only be taken in the browser"):
            batch.confirm([first["id"]])
        batch.connect_first(first["id"])
        self.followed(batch)
        self.assertEqual(self.panel(company=self.clients[0])["state"], "disconnected")

    def test_a_link_for_several_companies_may_call_more_often(self):
        with self.outbox() as mails:
            self.ask(self.start("ask"))
        ((token,),) = [self.tokens_in(mail) for mail in mails]
        row = self.env["l10n_pl_ksef.request.token"]._find(token)
        counted = [row._count_call(row.request_ids._now()) for _call in range(100)]
        self.assertEqual(counted.count(True), 95)

    def test_a_signer_of_two_companies_sees_all_results_in_each_answer(self):
        with self.outbox() as mails:
            self.ask(self.start("ask"))
        (token,) = {token for mail in mails for token in self.tokens_in(mail)}
        requests = self.env["l10n_pl_ksef.request"].search([("state", "=", "open")])
        for request in requests:
            number = request.company_id.l10n_pl_ksef_digits
            self.simulator.world.grant(OWNER.identity, number)
            self.signed_at_page(token, request, is_agreed=True)
        self.keep_alive(hours=0.01)
        self.settle()
        told = self.at_page("result", token, request=requests[0].id)["requests"]
        self.assertEqual([one["state"] for one in told], ["done", "done"])
