"""The pages of the signing site's stand-in, in Polish, as its users see them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="pl"><head><meta charset="utf-8"><title>Podpisz dokument (symulator)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><style>
body{{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f6f9;color:#1b1b1b}}
header{{background:#0052a5;color:#fff;padding:14px 24px;font-size:20px}}
.sim{{background:#fff3cd;border-bottom:2px solid #b58900;padding:10px 24px;font-weight:600}}
main{{max-width:680px;margin:24px auto;background:#fff;padding:24px 32px;border-radius:6px}}
h1{{font-size:24px;margin-top:0}} small{{color:#555;display:block}}
ol.steps{{color:#555;font-size:14px;padding-left:20px}} ol.steps .now{{color:#1b1b1b;
font-weight:600}}
input[type=file]{{display:block;padding:18px;border:2px dashed #0052a5;border-radius:6px;
width:100%;box-sizing:border-box;background:#f0f6ff}}
button,.button{{background:#0052a5;color:#fff;border:0;border-radius:4px;padding:12px 24px;
font-size:16px;cursor:pointer;text-decoration:none;display:inline-block;margin-top:16px}}
button.choice{{display:block;width:100%;text-align:left;background:#fff;color:#0052a5;
border:1px solid #0052a5;margin-top:8px}}
.error{{background:#fde8e8;border-left:4px solid #c00;padding:10px 14px}}
.done{{background:#e6f4ea;border-left:4px solid #137333;padding:10px 14px}}
</style></head><body>
<div class="sim" role="note">SYMULATOR. To nie jest strona rządowa: podpisy złożone tutaj działają
tylko w symulatorze KSeF.</div>
<header>Podpisz dokument elektronicznie</header>
<main>{steps}{content}</main></body></html>"""
_STEPS = ("WYBIERZ DOKUMENT Z DYSKU", "Podpisz", "Kto podpisuje", "POBIERZ")
_UPLOAD = """<h1>Wybierz dokument</h1>{error}
<form method="post" action="/podpis" enctype="multipart/form-data">
<label for="document"><b>WYBIERZ DOKUMENT Z DYSKU</b></label>
<input type="file" id="document" name="document" required>
<button type="submit" id="sign">Podpisz</button></form>"""
_CHOICE = """<h1>Kto podpisuje?</h1><p>Dokument: <b>{name}</b></p>
<form method="post" action="/podpis/{ref}">{signers}</form>"""
_SIGNER = """<button type="submit" class="choice" name="signer" value="{key}">{label}
<small>{explained}</small></button>"""
_DONE = """<h1>Dokument jest podpisany</h1><p class="done">{label}</p>
<p>Plik: <b>{file}</b></p>
<a class="button" id="download" href="/podpis/{ref}/pobierz">POBIERZ</a>
<p><a href="/podpis">Podpisz następny dokument</a></p>"""


def _page(step: int, content: str) -> str:
    items = [
        f'<li class="now">{text}</li>' if number == step else f"<li>{text}</li>"
        for number, text in enumerate(_STEPS)
    ]
    return _PAGE.format(steps=f'<ol class="steps">{"".join(items)}</ol>', content=content)


def upload(error: str = "") -> str:
    """The first page: choose a file. ``error`` is plain text."""
    shown = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return _page(0, _UPLOAD.format(error=shown))


def choice(ref: str, name: str, signers: Iterable[tuple[str, str, str]]) -> str:
    """The second page: who signs; ``signers`` are (key, label, explanation)."""
    buttons = [
        _SIGNER.format(key=escape(key), label=escape(label), explained=escape(explained))
        for key, label, explained in signers
    ]
    return _page(2, _CHOICE.format(ref=ref, name=escape(name), signers="".join(buttons)))


def done(ref: str, label: str, file: str) -> str:
    """The last page: download."""
    return _page(3, _DONE.format(ref=ref, label=escape(label), file=escape(file)))
