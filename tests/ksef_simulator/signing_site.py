"""A stand-in for the government's signing site, at /podpis; its pages say that it is one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from . import signing_pages

if TYPE_CHECKING:
    from .simulator import Simulator

MAX_BODY = 2 * 1024 * 1024
KEPT = 100
NOT_XML = (
    "Tego pliku nie można podpisać w symulatorze: to nie jest dokument XML. "
    "Wybierz plik AuthTokenRequest.xml."
)
TOO_LARGE = "Tego pliku nie można podpisać w symulatorze: jest za duży."
# Who is offered on the page, in this order; the other signers only by name, for tests
OFFERED = {
    "owner": "ma wszystkie uprawnienia do firmy",
    "stranger": "nie ma żadnych uprawnień do firmy",
    "reader": "może tylko przeglądać faktury",
    "edowod": "może wystawiać i przeglądać faktury",
    "qualified": "ma wszystkie uprawnienia do firmy",
    "seal": "pieczęć samej firmy",
    "office-seal": "pieczęć biura rachunkowego, które prowadzi dwunastu klientów",
    "foreign": "podpis bez numeru PESEL i NIP",
}


@dataclass
class Upload:
    """One document on its way through the site."""

    name: str
    content: bytes = field(repr=False)
    label: str = ""
    signed: bytes | None = field(default=None, repr=False)

    @property
    def signed_name(self) -> str:
        """The name under which the browser saves it, when the first one is there already."""
        return f"{PurePath(self.name).stem or 'AuthTokenRequest'} (1).xml"


class SigningSite:
    """Choose a document, choose who signs, download the signed document."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self._uploads: dict[str, Upload] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        request = Request(environ)
        request.max_content_length = MAX_BODY
        try:
            response = self._answer(request)
        except RequestEntityTooLarge:
            response = _html(signing_pages.upload(TOO_LARGE), 413)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        ref, _slash, action = request.path.strip("/").partition("/")
        if not ref:
            return (
                self._upload(request) if request.method == "POST" else _html(signing_pages.upload())
            )
        upload = self._uploads.get(ref)
        if upload is None:
            return _html(signing_pages.upload("Tego dokumentu już tu nie ma."), 404)
        if action == "pobierz" and upload.signed is not None:
            return _download(upload)
        return self._sign(ref, upload, request.form.get("signer", ""))

    def _upload(self, request: Request) -> Response:
        """The file of the first page; a form that names the signer too is signed at once."""
        file = request.files.get("document")
        if file is None or not file.filename:
            return _html(signing_pages.upload("Wybierz dokument z dysku."), 400)
        while len(self._uploads) >= KEPT:
            self._uploads.pop(next(iter(self._uploads)))
        ref = secrets.token_urlsafe(12)
        self._uploads[ref] = Upload(PurePath(file.filename).name, file.read())
        return self._sign(ref, self._uploads[ref], request.form.get("signer", ""))

    def _sign(self, ref: str, upload: Upload, signer: str) -> Response:
        from . import signers

        if signer not in signers.SIGNERS:
            offered = [(key, signers.SIGNERS[key].label, text) for key, text in OFFERED.items()]
            return _html(signing_pages.choice(ref, upload.name, offered))
        try:
            upload.signed = signers.sign(upload.content, signer, at=self.sim.clock.now())
        except (SyntaxError, ValueError):
            return _html(signing_pages.upload(NOT_XML), 400)
        upload.label = signers.SIGNERS[signer].label
        return _html(signing_pages.done(ref, upload.label, upload.signed_name))


def _download(upload: Upload) -> Response:
    response = Response(upload.signed, content_type="application/xml")
    name = quote(upload.signed_name)
    plain = upload.signed_name.encode("ascii", "replace").decode().replace('"', "")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}"
    response.headers["Content-Disposition"] = disposition
    return response


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="text/html; charset=utf-8")
