"""A KSeF number is taken as people paste it, and only if it is one of this company's."""

import pytest

from tools.ksef_number import InvalidKsefNumber, normalise

SELLER = "PL 526-587-76-35"
# The example of KSeF's own documentation (docs/ksef.md E18).
NUMBER = "5265877635-20250826-0100001AF629-AF"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"  {NUMBER.lower()}\n",
        NUMBER.replace("-", "\u2013"),
        NUMBER.replace("-", " - "),
    ],
)
def test_a_number_is_read_as_people_paste_it(text):
    assert normalise(text, SELLER) == NUMBER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "format"),
        ("", "format"),
        ("FV/2026/00001", "format"),
        (NUMBER[:-1], "format"),
        (f"{NUMBER}0", "format"),
        (NUMBER.replace("20250826", "20251326"), "format"),
        (NUMBER.replace("-", ""), "format"),
        (NUMBER.replace("5265877635", "٥265877635"), "format"),
        (NUMBER.replace("F629", "F692"), "checksum"),
        (f"{NUMBER[:-2]}AE", "checksum"),
        ("5555555555-20250828-010080615740-E4", "seller"),
    ],
)
def test_what_is_no_number_of_the_company_is_refused_with_its_reason(text, reason):
    with pytest.raises(InvalidKsefNumber) as refused:
        normalise(text, SELLER)
    assert refused.value.reason == reason
