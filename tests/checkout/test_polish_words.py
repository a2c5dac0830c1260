"""The Polish texts keep to docs/journey.md "Words": one word per thing, and short sentences."""

import re
from collections.abc import Iterator

import pytest
from polish_texts import texts_of

from stack.places import addons

MOST_WORDS = 15

#: What no Polish text says, an example of it, and what is said instead.
WRONG = [
    (r"\w\([aeyi]\)|\w/[aeyi]\b", "Podpisał(a)", "a noun: Podpis"),
    (r"\bzakład\w+", "w zakładce Konto", "menu KSeF → Konto"),
    (r"\bprośb\w*(?! o podpis)\b", "podpisana prośba", "plik"),
    (
        r"\bsesj\w*(?! wysył)",
        "Historia sesji",
        "połączenie, logowanie; a sesja only sends invoices",
    ),
    (r"\bt(o|ym|ego|emu) Odoo\b", "W tym Odoo", "w Odoo"),
    (r"\.\.\.", "Zamknij...", "…"),
    (r"\bzaplanowan\w+ akcj\w+", "zaplanowane akcje", "zaplanowane działania"),
    (r"\bdziennik\w* zdarzeń", "Dziennik zdarzeń", "historia zdarzeń: a dziennik is a journal"),
    (r"\btajn\w+ dan\w+", "tajne dane", "dane dostępowe"),
    (r"\bprzej(mij|muj|mie|ęci|ęł|ął)\w*", "Przejmij połączenie", "zmiana osoby podpisującej"),
    (r"(?<!dokumentu )\btożsamoś\w+", "tożsamość", "osoba podpisująca, właściciel"),
    (r"\bkontekst\w*", "Kontekst KSeF", "Odoo łączy się jako"),
    (r"\bodcisk\w*", "Odcisk palca certyfikatu", "sam certyfikat"),
    (r"\bwyzwa[nń]\w*", "wyzwanie", "kod z KSeF"),
    (r"\bnaci[sś]n\w*", "Naciśnij Dalej", "Kliknij"),
    (r"(?<!-)\bmail\w*", "dostaje jeden mail", "e-mail"),
    (
        r"\bwiadomość (nie )?(wysł|zosta)|język wiadomości",
        "Wiadomość została wysłana",
        "e-mail; a wiadomość goes to KSeF",
    ),
    (r"\bpraw(o|a|em|u)\b", "bez prawa do łączenia firmy", "uprawnienie"),
    (r"\bliterówk\w*", "W numerze jest literówka", "pomyłka"),
    (
        r"Invoice(Read|Write)|Credentials(Read|Manage)|Introspection",
        "odczyt faktur (InvoiceRead)",
        "przeglądanie faktur, wystawianie faktur, zarządzanie uprawnieniami",
    ),
    (r"%\(text\)s|HTTP \d", "KSeF odpowiedział: %(text)s", "KSeF's own words are for support"),
    (r"\bPostaraj się", "Postaraj się o te uprawnienia", "Nadaj, Poproś o"),
    (r"\bniepowodze\w+", "Niepowodzenie", "Nieudane"),
    (r"\bWzięto\b", "Wzięto do użytku", "Zaczęto używać"),
    (r"opiera się", "Na czyjej tożsamości opiera się połączenie", "Kto podpisał połączenie"),
    (r"wymaga Twojej", "wymaga Twojej uwagi", "what has stopped"),
    (r"najwyżej %", "dni do końca: najwyżej %(days)s", "za %(days)s dni"),
]
#: The words of another product's manual, which users know (docs/journey.md 4).
LONG = {
    "Invalid signature: this is the file downloaded from Odoo, not signed yet;"
    " choose the newest file, downloaded from gov.pl"
}
#: Fields of Odoo's own sender, of KSeF's session of sending invoices.
OF_SENDING = {"Session iv", "Session key"}


def entries() -> Iterator[tuple[str, str]]:
    """Yield each text of both addons: English source, Polish."""
    for addon in addons():
        yield from ((entry.msgid, entry.msgstr) for entry in texts_of(addon))


def texts() -> Iterator[tuple[str, str]]:
    """Yield those that keep to our words."""
    return (entry for entry in entries() if entry[0] not in OF_SENDING)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, or of a template's source."""
    plain = re.sub(r"<[^>]+>", "\n", text)
    return [part for part in re.split(r"(?<=[.!?])\s+|\n", plain) if part.strip()]


def is_long(sentence: str) -> bool:
    """Return True if a sentence has more words than a reader takes in at once."""
    return sum(bool(re.search(r"\w", word)) for word in sentence.split()) > MOST_WORDS


@pytest.mark.parametrize(("pattern", "example", "better"), WRONG)
def test_no_text_says_a_wrong_word(pattern, example, better):
    assert re.search(pattern, example, re.I)
    found = [polish for _english, polish in texts() if re.search(pattern, polish, re.I)]
    assert not found, f"say: {better}"


def test_no_sentence_has_more_than_fifteen_words():
    long = [
        sentence
        for english, polish in texts()
        for sentence in sentences(polish)
        if english not in LONG and is_long(sentence)
    ]
    assert not long


def test_what_may_be_longer_or_of_sending_is_still_there():
    assert {english for english, _polish in entries()} >= LONG | OF_SENDING
