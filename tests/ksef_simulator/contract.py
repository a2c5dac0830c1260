"""Checks exchanges against KSeF's official contract, where the file of its version is at hand."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .versions import NEW, OLD

# The offset may be missing: the contract's own example of an exception has none
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
#: The file of each version, beside the project.
CONTRACTS = {OLD: "open-api.json", NEW: "open-api-2.9.0.json"}
FOLDER = Path(__file__).resolve().parents[3] / "shared" / "ksef"
MISSING = "KSeF's contract is not there: {} belongs into shared/ksef beside the project"
OUTSIDE = frozenset({404, 405, 415, 500, 503})  # statuses that the contract does not describe


class Contract:
    """KSeF's OpenAPI description as a set of validators.

    :param path: the file of one version
    :param closed: whether members that are not described are errors
    """

    def __init__(self, path: Path = FOLDER / CONTRACTS[NEW], closed: bool = True) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        schemas = document["components"]["schemas"]
        self._closed = closed
        self._validators: dict[int, Any] = {}
        # Filled one by one: they refer to each other.
        self._components: dict[str, dict[str, Any]] = {name: {} for name in schemas}
        for name, schema in schemas.items():
            self._components[name].update(self._strict(schema))
        described = [item for methods in document["paths"].values() for item in methods.values()]
        self._headers = {
            name.lower()
            for operation in described
            for name in [*_request_headers(operation), *_answer_headers(operation)]
        }
        self._operations = {
            (method.upper(), _shape(route)): operation
            for route, methods in document["paths"].items()
            for method, operation in methods.items()
        }

    def operations(self) -> set[tuple[str, str]]:
        """Return method and route of every operation, parameters as {}."""
        return set(self._operations)

    @staticmethod
    def at_hand(version: str = NEW) -> bool:
        """Return True if the file of a version is where it is expected, beside the project."""
        return (FOLDER / CONTRACTS[version]).is_file()

    @staticmethod
    @cache
    def of(version: str = NEW) -> Contract:
        """Return the contract of a version, read once."""
        return Contract(FOLDER / CONTRACTS[version])

    def knows(self, method: str, route: str) -> bool:
        """Return True if the contract has an operation; ``route`` names parameters {x} or <x>."""
        return (method, _shape(route)) in self._operations

    def check_answer(
        self, method: str, route: str, status: int, content_type: str | None, body: Any
    ) -> None:
        """Compare an answer with the contract.

        :param body: the JSON, or None for an empty body
        :raises AssertionError: with what differs
        """
        responses = self._operations[method, _shape(route)]["responses"]
        if status == 403 and body is None:
            return  # docs/ksef.md A2-15: seen, not described
        assert str(status) in responses, f"{method} {route}: {status} is not in the contract"
        content = responses[str(status)].get("content")
        if content is None:
            assert body is None, f"{method} {route}: {status} must be empty"
            return
        assert content_type in content, f"{method} {route}: {content_type} for {status}"
        self._check(content[content_type]["schema"], body, f"{method} {route} {status}")

    def check_request(self, method: str, route: str, content_type: str, body: Any) -> None:
        """Compare a request's JSON with the contract; unknown members are errors too.

        :raises AssertionError: with what differs
        """
        described = self._operations[method, _shape(route)].get("requestBody")
        assert described, f"{method} {route} takes no body"
        assert content_type in described["content"], f"{method} {route}: {content_type}"
        schema = described["content"][content_type]["schema"]
        if content_type == "application/json":
            self._check(schema, body, f"{method} {route}")

    def check_parameters(
        self, method: str, route: str, query: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> None:
        """Compare a request's query, and the headers that the contract names, with it.

        :raises AssertionError: with what differs; parameters that are not described do, too
        """
        operation, where = self._operations[method, _shape(route)], f"{method} {route}"
        known = {item["name"]: item for item in _parameters(operation, "query")}
        for name, item in known.items():
            assert name in query or not item.get("required"), f"{where}: ?{name}= is missing"
        for name, values in query.items():
            assert name in known, f"{where}: ?{name}= is not in the contract"
            self._check_text(known[name]["schema"], values, f"{where} ?{name}=")
        self._check_headers(_request_headers(operation), headers, where)

    def check_answer_headers(
        self, method: str, route: str, status: int, headers: Mapping[str, str]
    ) -> None:
        """Compare those headers of an answer with the contract that the contract names.

        :raises AssertionError: with what differs
        """
        operation = self._operations[method, _shape(route)]
        self._check_headers(
            _answer_headers(operation, str(status)), headers, f"{method} {route} {status}"
        )

    def _check_headers(self, known: dict[str, Any], headers: Mapping[str, str], where: str) -> None:
        schemas = {name.lower(): schema for name, schema in known.items()}
        for name, value in headers.items():
            if name.lower() in self._headers:
                assert name.lower() in schemas, f"{where}: {name} is not in the contract"
                self._check_text(schemas[name.lower()], [value], f"{where} {name}")

    def _check_text(self, schema: dict[str, Any], values: list[str], where: str) -> None:
        """Check what came as text, in a query or in a header."""
        whole = schema
        while "$ref" in whole:
            whole = self._components[_referred(whole)]
        typed = [_typed(whole.get("type"), value) for value in values]
        one = whole.get("type") != "array" and len(typed) == 1
        self._check(schema, typed[0] if one else typed, where)

    def _check(self, schema: dict[str, Any], value: Any, where: str) -> None:
        errors = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in self._validator(schema).iter_errors(value)
        ]
        assert not errors, f"{where}: " + "; ".join(errors)

    def _validator(self, schema: dict[str, Any]) -> Any:
        """Return what validates by a schema of the document, which lives as long as we do."""
        from jsonschema import Draft202012Validator

        if id(schema) not in self._validators:
            self._validators[id(schema)] = Draft202012Validator(
                self._strict(schema), format_checker=_formats()
            )
        return self._validators[id(schema)]

    def _strict(self, schema: Any) -> Any:
        """OpenAPI 3.0 as JSON schema: null where it is allowed, perhaps only described members.

        In the place of a reference stands what it refers to: to follow one at each look is slow.
        """
        if isinstance(schema, list):
            return [self._strict(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return self._components[_referred(schema)]
        plain = {
            name: self._strict(item)
            for name, item in schema.items()
            if name not in ("nullable", "example", "description", "discriminator")
            or isinstance(item, dict)
        }
        if self._closed and "properties" in schema and "additionalProperties" not in schema:
            plain["additionalProperties"] = False
        if schema.get("nullable") is True:
            return {"anyOf": [plain, {"type": "null"}]}
        return plain


def _referred(schema: dict[str, Any]) -> str:
    """The name of the schema that one refers to."""
    return str(schema["$ref"]).rpartition("/")[2]


def _parameters(operation: dict[str, Any], place: str) -> list[dict[str, Any]]:
    return [item for item in operation.get("parameters", ()) if item["in"] == place]


def _request_headers(operation: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item["schema"] for item in _parameters(operation, "header")}


def _answer_headers(operation: dict[str, Any], status: str | None = None) -> dict[str, Any]:
    """The schemas of the headers of one answer, or of all."""
    return {
        name: header["schema"]
        for code, response in operation["responses"].items()
        if status in (None, code)
        for name, header in response.get("headers", {}).items()
    }


def _typed(kind: str | None, text: str) -> Any:
    if kind == "integer" and re.fullmatch("-?[0-9]+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def _shape(route: str) -> str:
    return re.sub(r"[<{][^>}]*[>}]", "{}", route)


@cache
def _formats() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("date-time")(
        lambda value: not isinstance(value, str) or bool(DATE_TIME.fullmatch(value))
    )
    checker.checks("byte", raises=(binascii.Error, ValueError))(
        lambda value: (
            not isinstance(value, str) or base64.b64decode(value, validate=True) is not None
        )
    )
    checker.checks("int32")(lambda value: not isinstance(value, int) or abs(value) < 2**31)
    return checker


def watch(
    sim: Any, contract: Contract | None = None, broken: list[str] | None = None
) -> list[tuple[str, str, int]]:
    """Check every exchange of a simulator in this process; returns the list of those checked.

    :param contract: that of the version which the simulator plays at the time, unless told
    :param broken: collects what differs, in accepted requests too, instead of failing at once
    """
    checked: list[tuple[str, str, int]] = []

    def check(endpoint: Any, request: Any, answer: Any) -> None:
        described = contract or Contract.of(sim.settings.version)
        if (
            answer.outside
            or answer.status in OUTSIDE
            or not described.knows(endpoint.method, endpoint.path)
        ):
            return
        try:
            _check_answer(described, endpoint, answer)
            if broken is not None and answer.status < 400:
                _check_request(described, endpoint, request)
        except AssertionError as difference:
            if broken is None:
                raise
            broken.append(str(difference))
        checked.append((endpoint.method, endpoint.path, answer.status))

    sim.on_exchange = check
    return checked


def _check_answer(contract: Contract, endpoint: Any, answer: Any) -> None:
    body = answer.data().decode() if answer.body is not None else None
    if body is not None and answer.content_type.endswith("json"):
        body = json.loads(body)
    contract.check_answer(endpoint.method, endpoint.path, answer.status, answer.content_type, body)
    contract.check_answer_headers(endpoint.method, endpoint.path, answer.status, answer.headers)


def _check_request(contract: Contract, endpoint: Any, request: Any) -> None:
    contract.check_parameters(
        endpoint.method, endpoint.path, request.args.to_dict(flat=False), request.headers
    )
    if request.get_data():
        body = request.get_json() if request.is_json else None
        contract.check_request(endpoint.method, endpoint.path, request.mimetype, body)
