"""Draws a QR code with a label under it, as stands on the picture of an invoice.

qrcode makes the code and Pillow the picture: Odoo requires both.
reportlab's codes need a package besides (rl_renderPM or rlPyCairo) that not every Odoo has.
"""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.main import QRCode

#: KSeF names no level of error correction (docs/ksef.md F-7); M stands 15 % of damage.
_LEVEL = ERROR_CORRECT_M
#: Modules of white around the code (ISO/IEC 18004), pixels around the label.
_QUIET, _GAP = 4, 6
#: Pixels; beyond it Pillow releases without sizes draw their only one.
_LETTERS = 16
#: Bytes; the links are shorter, and a code for longer texts is hard to scan.
_LONGEST = 1000
_WHITE, _BLACK = 255, 0


def png(text: str, label: str = "", *, pixels: int = 5) -> bytes:
    """Return a QR code as a PNG picture, black on white.

    :param text: what the code says, for instance a link; ASCII
    :param label: what people read under it; ASCII, on one line
    :param pixels: width of one module of the code
    :raises ValueError: for a text or a label that cannot be drawn
    """
    if not (text and text.isascii() and len(text) <= _LONGEST):
        raise ValueError("A code holds an ASCII text of 1000 characters at most.")
    if label and not (label.isascii() and label.isprintable()):
        raise ValueError("A label is one line of ASCII.")
    picture = _code(text, pixels)
    if label:
        picture = _below(picture, _letters(label))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _code(text: str, pixels: int) -> Image.Image:
    code = QRCode(error_correction=_LEVEL, box_size=pixels, border=_QUIET, image_factory=PilImage)
    code.add_data(text)
    picture: Image.Image = code.make_image().get_image()
    return picture.convert("L")


def _letters(label: str) -> Image.Image:
    """Return the label's picture, cut to what is black in it."""
    paper = Image.new("L", (2 * _LETTERS * len(label), 3 * _LETTERS), _WHITE)
    ImageDraw.Draw(paper).text((_LETTERS, _LETTERS), label, fill=_BLACK, font=_font())
    return paper.crop(ImageChops.invert(paper).getbbox())


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    try:
        return ImageFont.load_default(_LETTERS)
    except TypeError:  # releases before 10.1 have one size
        return ImageFont.load_default()


def _below(code: Image.Image, letters: Image.Image) -> Image.Image:
    """Return both as one picture, as wide as the wider one."""
    width = max(code.width, letters.width + 2 * _GAP)
    whole = Image.new("L", (width, code.height + letters.height + _GAP), _WHITE)
    whole.paste(code, ((width - code.width) // 2, 0))
    whole.paste(letters, ((width - letters.width) // 2, code.height))
    return whole
