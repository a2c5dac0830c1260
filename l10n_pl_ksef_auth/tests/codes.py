import io
import socket
from unittest.mock import patch

try:
    import zxingcpp
    from PIL import Image
except ImportError:
    zxingcpp = None

# What stands in a link's part when it is falsified: of another, or nearly the same.
OTHER_NIP = "1111111111"
OTHERS = {
    "invoice": {
        "host": "qr.ksef.mf.gov.pl",
        "letter": "certificate",
        "seller": OTHER_NIP,
        "date": "21-11-2026",
        "hash": "",
    },
    "certificate": {
        "host": "qr.ksef.mf.gov.pl",
        "letter": "invoice",
        "type of context": "NipVatUe",
        "context": OTHER_NIP,
        "seller": OTHER_NIP,
        "serial number": "",
        "hash": "",
        "signature": "",
    },
}


class Codes:
    """What is done with an invoice's codes beside making them: draw, scan, falsify."""

    def away(self):
        """Have no connection to anywhere inside the block."""
        return patch.object(socket.socket, "connect", side_effect=OSError("no network"))

    def scanned(self, link, label):
        """Draw a code, and return what a decoder that is not ours reads from the picture."""
        picture = self.company.l10n_pl_ksef_code_picture(link, label)
        (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
        return found.text

    def falsified(self, link):
        """Return, by the part's name, a link with each of its parts falsified once."""
        parts = link.split("/")
        found = {}
        for place, (name, other) in enumerate(OTHERS[parts[3]].items(), start=2):
            part = parts[place]
            other = other or ("B" if part[0] != "B" else "C") + part[1:]
            self.assertNotEqual(other, part)
            found[name] = "/".join([*parts[:place], other, *parts[place + 1 :]])
        self.assertEqual(len(found), len(parts) - 2)
        return found
