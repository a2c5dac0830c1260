"""A code's picture is read by a decoder that is not ours, and says what stands under it."""

import io

import pytest
import zxingcpp
from PIL import Image

from tools import qr_picture

LINK = "https://qr-test.ksef.mf.gov.pl/invoice/1111111111/01-02-2026/" + "aB-_" * 10
#: As long as code II signed with RSA 4096: no link is longer.
LONGEST = "https://qr-test.ksef.mf.gov.pl/certificate/" + "aB-_" * 220
KSEF_NUMBER = "5265877635-20261122-0123456789AB-2F"


def opened(png):
    """Return the picture in a PNG."""
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture


def has_ink(picture, box):
    """Return True if there is black inside a box."""
    return picture.crop(box).getextrema()[0] == 0


@pytest.mark.parametrize(
    ("text", "label"), [(LINK, ""), (LINK, KSEF_NUMBER), (LONGEST, "CERTYFIKAT")]
)
def test_a_decoder_reads_the_text(text, label):
    (found,) = zxingcpp.read_barcodes(opened(qr_picture.png(text, label)))
    assert (found.text, found.ec_level) == (text, "M")


def test_the_label_stands_under_the_code_and_does_not_touch_it():
    bare = opened(qr_picture.png(LINK))
    labelled = opened(qr_picture.png(LINK, KSEF_NUMBER))
    below = (0, bare.height, labelled.width, labelled.height)
    assert has_ink(labelled, below)
    margin = 4 * 5
    assert not has_ink(labelled, (0, bare.height - margin, labelled.width, bare.height))
    left = (labelled.width - bare.width) // 2
    inside = labelled.crop((left, 0, left + bare.width, bare.height))
    assert inside.tobytes() == bare.tobytes()


def test_a_long_label_is_whole():
    picture = opened(qr_picture.png("X", KSEF_NUMBER))
    edges = [(0, 0, 3, picture.height), (picture.width - 3, 0, picture.width, picture.height)]
    assert not any(has_ink(picture, edge) for edge in edges)


def test_a_module_is_as_wide_as_asked():
    small, large = (opened(qr_picture.png("X", pixels=pixels)) for pixels in (1, 7))
    assert small.width == small.height == 21 + 2 * 4
    assert large.width == 7 * small.width


@pytest.mark.parametrize("text", ["", "zażółć", "x" * 1001])
def test_a_text_that_is_no_link_is_refused(text):
    with pytest.raises(ValueError, match="ASCII text"):
        qr_picture.png(text)


@pytest.mark.parametrize("label", ["ŁÓDŹ", "two\nlines"])
def test_a_label_that_cannot_be_drawn_is_refused(label):
    with pytest.raises(ValueError, match="one line"):
        qr_picture.png("X", label)
