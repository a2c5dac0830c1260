"""One request on its way through the simulator, as the handlers see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from .answers import Answer, Plain, Refused
from .limits import NONE, Limit
from .shapes import VALIDATION, Shape
from .state import Operation, State, Token
from .versions import NEW

if TYPE_CHECKING:
    from .simulator import Simulator

UNREADABLE = 21001  # of every call that takes JSON, not of signed documents only (docs/ksef.md E4)


@dataclass
class Call:
    """A request, who sends it, and the simulator that it is for."""

    sim: Simulator
    request: Request
    now: datetime
    params: dict[str, str] = field(default_factory=dict)
    token: Token | None = None

    @property
    def state(self) -> State:
        """The simulator's memory."""
        return self.sim.state

    @property
    def session(self) -> Operation:
        """The login behind the bearer token."""
        if self.token is None:
            raise LookupError("this endpoint takes no bearer")
        return self.token.operation

    @property
    def is_new(self) -> bool:
        """Return True if today's KSeF is played, not the older one."""
        return self.sim.settings.version == NEW

    def json(self, shape: Shape | Mapping[str, Shape]) -> dict[str, Any]:
        """The JSON body, which must be an object of this shape.

        :param shape: a shape, or one for each version
        :raises Plain: 415 when the Content-Type is not JSON
        :raises Refused: 21001 when the body is no JSON (21405 in the older KSeF), 21405 when it is
            no object or has another shape
        """
        if self.request.mimetype != "application/json":
            raise unsupported_media_type()
        try:
            body = json.loads(self.request.get_data())
        except (ValueError, RecursionError):
            unreadable = UNREADABLE if self.is_new else VALIDATION
            raise Refused(unreadable, "Nieprawidłowy format JSON.") from None
        if not isinstance(body, dict):
            raise Refused(VALIDATION, "Oczekiwano obiektu JSON.")
        check = shape[self.sim.settings.version] if isinstance(shape, Mapping) else shape
        check(body, "")
        return body

    def optional_json(self, shape: Shape | Mapping[str, Shape]) -> dict[str, Any]:
        """The JSON body, or an empty one where there is none."""
        return self.json(shape) if self.request.get_data() else {}

    def number(self, name: str, default: int, least: int, most: int | None = None) -> int:
        """A number from the query string.

        :raises Refused: 21405 when it is not a number or out of range
        """
        text = self.request.args.get(name)
        if text is None:
            return default
        value = int(text) if re.fullmatch("-?[0-9]{1,10}", text) else least - 1
        if value < least or (most is not None and value > most):
            raise Refused(VALIDATION, f"Parametr '{name}' ma nieprawidłową wartość.")
        return value


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """One operation of the API.

    :param bearer: the kinds of token that it takes; empty: it takes none
    :param scopes: permissions of which the caller needs any one
    """

    operation: str
    method: str
    path: str
    handler: Handler
    bearer: tuple[str, ...] = ()
    limit: Limit = NONE
    scopes: tuple[str, ...] = ()


def unsupported_media_type() -> Plain:
    """HTTP 415 (docs/ksef.md A2-12): about the Content-Type, not about permissions."""
    return Plain(415, "Unsupported Media Type", "Nieobsługiwany typ treści żądania.")
