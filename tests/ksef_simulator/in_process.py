"""A transport for requests that calls the simulator without a socket, for long simulations."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app


class InProcessAdapter(BaseAdapter):
    """Mount it on a session: ``session.mount(sim.url, sim.adapter())``."""

    def __init__(self, app: Any, address: str) -> None:
        super().__init__()
        self._app = app
        self._address = address

    def send(
        self, request: requests.PreparedRequest, *_arguments: Any, **_options: Any
    ) -> requests.Response:
        """Answer a prepared request; a cut connection is requests' ConnectionError.

        Timeouts are not simulated: a "delay" fault takes its full time.
        """
        try:
            body, status, headers = run_wsgi_app(self._app, self._environ(request), buffered=True)
        except ConnectionResetError:
            raise requests.ConnectionError("connection reset", request=request) from None
        data = b"".join(body)
        declared = int(headers.get("Content-Length", len(data)))
        if declared > len(data):
            raise requests.exceptions.ChunkedEncodingError("connection broken", request=request)
        return self._response(request, int(status.split()[0]), headers, data)

    def close(self) -> None:
        """Nothing to close."""

    def _environ(self, request: requests.PreparedRequest) -> dict[str, Any]:
        parts = urlsplit(request.url or "")
        body = request.body or b""
        builder = EnvironBuilder(
            path=parts.path,
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method=request.method or "GET",
            headers=list(request.headers.items()),
            data=body.encode() if isinstance(body, str) else body,
        )
        environ = builder.get_environ()
        environ["REMOTE_ADDR"] = self._address
        return environ

    @staticmethod
    def _response(
        request: requests.PreparedRequest, status: int, headers: Any, data: bytes
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.headers = CaseInsensitiveDict(headers.items())
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        response.raw = HTTPResponse(
            body=io.BytesIO(data),
            status=status,
            headers=list(headers.items()),
            preload_content=False,
        )
        return response
