"""Changes to the file as a whole: cut, wrapped, saved in another encoding."""

from __future__ import annotations

import base64
import io
import re
import zipfile

from .base import mutation

_DECLARATION = re.compile(r"\A<\?xml.*?\?>\s*", re.DOTALL)


def _declared(data: bytes, encoding: str) -> str:
    text = _DECLARATION.sub("", data.decode())
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'


@mutation("empty")
def nothing_is_left(data: bytes) -> bytes:
    return data[:0]


@mutation("cut")
def cut_in_the_middle(data: bytes) -> bytes:
    return data[: len(data) // 2]


@mutation("cut")
def cut_just_before_the_end(data: bytes) -> bytes:
    return data.rstrip()[:-5]


@mutation("damaged")
def cut_at_the_start(data: bytes) -> bytes:
    return data[60:].replace(b"<", b"", 1)


@mutation("damaged")
def text_is_added_at_the_end(data: bytes) -> bytes:
    return data + b"\nPozdrawiam"


@mutation("too_large")
def padded_beyond_the_limit(data: bytes) -> bytes:
    return data + b"\n" * (2 * 1024 * 1024)


@mutation()
def padded_within_the_limit(data: bytes) -> bytes:
    return data + b"\n" * 100_000


@mutation("byte_order_mark")
def byte_order_mark_is_added(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


@mutation("damaged")
def second_byte_order_mark_is_added(data: bytes) -> bytes:
    return b"\xef\xbb\xbf\xef\xbb\xbf" + data


@mutation("damaged")
def line_is_added_before_the_xml_declaration(data: bytes) -> bytes | None:
    return b"\n" + data if data.startswith(b"<?xml") else None


@mutation("damaged")
def zeros_are_added_at_the_end(data: bytes) -> bytes:
    return data + bytes(1_000)


@mutation("damaged", "wrong_encoding")
def bytes_in_the_middle_are_lost(data: bytes) -> bytes:
    """A character may be cut in two."""
    place = data.index(b"SignatureMethod") + 4
    return data[:place] + data[place + 40 :]


@mutation("wrong_encoding")
def read_as_windows_1250_and_saved(data: bytes) -> bytes | None:
    return _read_as(data, "cp1250")


@mutation("wrong_encoding")
def read_as_windows_1250_and_saved_twice(data: bytes) -> bytes | None:
    once = _read_as(data, "cp1250")
    return once and _read_as(once, "cp1250")


@mutation("wrong_encoding")
def read_as_latin_1_and_saved(data: bytes) -> bytes | None:
    return _read_as(data, "iso-8859-1")


@mutation("wrong_encoding")
def read_as_latin_2_and_saved(data: bytes) -> bytes | None:
    return _read_as(data, "iso-8859-2")


@mutation("wrong_encoding")
def read_as_dos_letters_and_saved(data: bytes) -> bytes | None:
    return _read_as(data, "cp852")


@mutation("wrong_encoding")
def saved_without_its_letters(data: bytes) -> bytes | None:
    return None if data.isascii() else data.decode().encode("ascii", "replace")


@mutation("wrong_encoding")
def declared_in_another_encoding_than_it_has(data: bytes) -> bytes | None:
    return None if data.isascii() else _declared(data, "windows-1250").encode()


def _read_as(data: bytes, encoding: str) -> bytes | None:
    """Save what a program reads that takes UTF-8 for an encoding of one byte a letter."""
    if data.isascii():
        return None
    # As Windows does: a byte without a letter becomes the control character of its number.
    letters = {byte: bytes([byte]).decode(encoding, "replace") for byte in range(256)}
    text = "".join(letters[byte].replace("\ufffd", chr(byte)) for byte in data)
    return text.encode()


@mutation("not_utf8")
def saved_as_utf16(data: bytes) -> bytes:
    return _declared(data, "UTF-16").encode("utf-16")


@mutation("not_utf8")
def saved_as_windows_1250(data: bytes) -> bytes:
    return _declared(data, "windows-1250").encode("cp1250")


@mutation("not_utf8")
def saved_as_utf32_without_a_mark(data: bytes) -> bytes:
    return f'<?xml version="1.0"?>{_DECLARATION.sub("", data.decode())}'.encode("utf-32-le")


@mutation("too_complex", own_rule=True)
def saved_as_utf7(data: bytes) -> bytes:
    """Markup in UTF-7 shows none of the letters that the reader counts before parsing."""
    text = base64.b64encode(_DECLARATION.sub("", data.decode()).encode("utf-16-be"))
    return b'<?xml version="1.0" encoding="UTF-7"?>+' + text.rstrip(b"=") + b"-"


@mutation("wrong_encoding")
def saved_as_windows_1250_but_declared_as_utf8(data: bytes) -> bytes | None:
    return None if data.isascii() else _declared(data, "UTF-8").encode("cp1250")


@mutation()
def line_ends_are_made_windows_ones(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@mutation()
def xml_declaration_is_removed(data: bytes) -> bytes:
    return _DECLARATION.sub("", data.decode()).encode()


@mutation("dtd")
def document_type_with_an_entity_is_added(data: bytes) -> bytes:
    bomb = '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/hostname">]>'
    return f'<?xml version="1.0"?>{bomb}{_DECLARATION.sub("", data.decode())}'.encode()


@mutation("zip")
def put_into_a_zip_archive(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("AuthTokenRequest.xml", data)
    return stream.getvalue()


@mutation("asic")
def put_into_an_asic_container(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AuthTokenRequest.xml", data)
        archive.writestr("META-INF/signatures001.xml", data)
    return stream.getvalue()


@mutation("p7s")
def put_into_a_cms_signature_in_base64(data: bytes) -> bytes:
    return base64.encodebytes(put_into_a_cms_signature(data))


@mutation("cut")
def second_half_is_zeros(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:half] + bytes(len(data) - half)


@mutation("p7s")
def put_into_a_cms_signature(data: bytes) -> bytes:
    return bytes.fromhex("308006092a864886f70d010702a080") + data


@mutation("pdf")
def put_into_a_pdf(data: bytes) -> bytes:
    return b"%PDF-1.7\n" + base64.b64encode(data)


@mutation("html")
def saved_as_a_web_page(data: bytes) -> bytes:
    return (
        b"<!DOCTYPE html><html><body><pre>" + data.replace(b"<", b"&lt;") + b"</pre></body></html>"
    )
