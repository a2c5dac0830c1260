from odoo.tests import TransactionCase, tagged

from .polish import PolishTexts

# The labels that Polish users know (docs/journey.md 1 to 4), by their English source.
JOURNEY = {
    "Connection to KSeF": "Połączenie z KSeF",
    "Is the connection to KSeF active": "Czy aktywne połączenie z KSeF",
    "Expiry date": "Data wygaśnięcia",
    "KSeF certificate": "Certyfikat KSeF",
    "Refresh connection (signature)": "Odśwież połączenie (podpis)",
    "Yes": "Tak",
    "No": "Nie",
    "Partly": "Częściowo",
    "No, waiting for the signature": "Nie, czeka na podpis",
    "KSeF is checking the signature": "KSeF sprawdza podpis",
    "none": "brak",
    "being issued": "w trakcie wydawania",
    "valid until %(date)s": "ważny do %(date)s",
    "one exists already: load it by hand in the menu KSeF → Account": "istnieje już: wczytaj go"
    " ręcznie w menu KSeF → Konto",
    "Account authorization": "Autoryzacja konta",
    "Download AuthTokenRequest.xml": "Pobierz AuthTokenRequest.xml",
    "Do not open this file": "Nie otwieraj tego pliku",
    "Next": "Dalej",
    "Attach the signed document": "Dołącz podpisany dokument",
    "Choose a file": "Wybierz plik",
    "Authenticate": "Uwierzytelnij",
    "Account": "Konto",
    "Invalid signature: this is the file downloaded from Odoo, not signed yet;"
    " choose the newest file, downloaded from gov.pl": "Nieprawidłowy podpis: to jest plik"
    " pobrany z Odoo, jeszcze bez podpisu; wybierz najnowszy plik, pobrany z gov.pl",
}


@tagged("post_install", "-at_install")
class TestPolish(PolishTexts, TransactionCase):
    """Every text of the addon is there in Polish, and the labels are those of the journey."""

    module = "l10n_pl_ksef_auth"

    def test_the_labels_are_those_of_the_journey(self):
        found = {source: self.polish[source].msgstr for source in JOURNEY}
        self.assertEqual(found, JOURNEY)
