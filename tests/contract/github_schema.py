"""Holds requests to GitHub, and answers that claim to be GitHub's, against GitHub's own OpenAPI document.

    contract = Contract()
    operation = contract.check_request("GET", "https://api.github.com/repos/o/r/actions/runs?per_page=50", None)
    contract.check_response("GET", "/repos/o/r/actions/runs", 200, headers, body)

Both raise ContractError, which says what differs and where. What GitHub does and its document does not say is the list
in DEVIATIONS; nothing else passes.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs

SUBSET = Path(__file__).parent / "github-openapi-subset.json"

DEVIATIONS: dict[str, str] = {
    "errors": (
        "401, 403, 404, 410, 422, 429 and 451 may answer anything, with a JSON object that has a `message`. The document "
        "lists them for a part of the operations; GitHub sends them for all (docs: Troubleshooting the REST API)."
    ),
    "outages": "500, 502, 503 and 504 may answer anything with any body: they come from load balancers, often as HTML.",
    "not modified": (
        "304 with an empty body may answer every GET that carried If-None-Match. The document lists it for a quarter of "
        "them; GitHub answers so for run and job lists too (docs: Best practices, conditional requests)."
    ),
    "renamed": (
        "301, 307 and 308 with a Location may answer every request for a repository (docs: Best practices, redirects). "
        "The Location is /repositories/ID/..., which no path of the document matches: it stands for /repos/OWNER/NAME/..."
    ),
    "prefix": "An Enterprise Server puts /api/v3 before every path, which its own document says in `servers`.",
}
"""What may differ from the document, and why."""

_ERRORS = {401, 403, 404, 410, 422, 429, 451}
_OUTAGES = {500, 502, 503, 504}
_RENAMED = {301, 307, 308}
_BY_ID = re.compile(r"^/repositories/\d+")
_SPANS = {"path"}
"""Path parameters that may hold a slash: a file's path in contents."""


class ContractError(AssertionError):
    """What is not as GitHub's document has it."""


class Contract:
    def __init__(self, prefix: str = "", subset: Path = SUBSET) -> None:
        self.document: dict[str, Any] = json.loads(subset.read_bytes())
        self.seen: dict[str, int] = {}
        """How often each operation has been checked, as a request or as a response."""
        self._prefix = prefix.rstrip("/")
        self._components = {"schemas": _converted(copy.deepcopy(self.document["components"]["schemas"]))}
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._routes: list[tuple[int, re.Pattern[str], str, dict[str, Any]]] = []
        for template, methods in self.document["paths"].items():
            # The route with the fewest parameters wins: releases/latest before releases/{release_id}.
            self._routes.append((template.count("{"), _pattern(template), template, methods))
        self._routes.sort(key=lambda route: route[0])

    # -- what is asked -----------------------------------------------------------------------------------------

    def check_request(self, method: str, url: str, body: bytes | None = None) -> str:
        """The operationId of the request, which is as the document has it. Raises ContractError."""
        parts = urlsplit(url)
        operation, template, found = self._find(method, parts.path)
        name = operation["operationId"]
        parameters = [self._resolved(p) for p in operation.get("parameters", [])]
        for parameter in parameters:
            if parameter["in"] == "path":
                text = unquote(found[parameter["name"]])
                self._check(
                    f"{name} {template} path {parameter['name']}",
                    parameter["schema"],
                    _typed(parameter["schema"], text),
                )
        queries = {p["name"]: p for p in parameters if p["in"] == "query"}
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        for key, text in given:
            if key not in queries:
                raise ContractError(
                    f"{name}: no query parameter {key!r}; there are {', '.join(sorted(queries)) or 'none'}"
                )
            schema = queries[key]["schema"]
            self._check(f"{name} query {key}", schema, _typed(self._schema(schema), text))
        missing = {k for k, p in queries.items() if p.get("required")} - {k for k, _ in given}
        if missing:
            raise ContractError(f"{name}: required query parameters are missing: {', '.join(sorted(missing))}")
        self._check_body(name, operation, body)
        self.seen[name] = self.seen.get(name, 0) + 1
        return str(name)

    def _check_body(self, name: str, operation: dict[str, Any], body: bytes | None) -> None:
        wanted = operation.get("requestBody")
        if not body:
            if wanted and wanted.get("required"):
                raise ContractError(f"{name}: a body is required")
            return
        if not wanted:
            raise ContractError(f"{name}: takes no body")
        self._check(f"{name} body", wanted["content"]["application/json"]["schema"], _json(name, body))

    # -- what is answered --------------------------------------------------------------------------------------

    def check_response(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | None
    ) -> str:
        """The operationId of the answer, which is as the document or DEVIATIONS have it. Raises ContractError."""
        operation, _, _ = self._find(method, urlsplit(path).path)
        name = str(operation["operationId"])
        told = {key.lower(): value for key, value in headers.items()}
        self.seen[name] = self.seen.get(name, 0) + 1
        declared = operation["responses"].get(str(status))
        if declared is not None:
            self._check_declared(f"{name} {status}", self._resolved(declared), told, body or b"")
        elif status in _OUTAGES:
            pass
        elif status in _ERRORS:
            error = _json(f"{name} {status}", body or b"")
            if not isinstance(error, dict) or not isinstance(error.get("message"), str):
                raise ContractError(f"{name} {status}: an error is a JSON object with a message")
        elif status == 304 and method == "GET":
            if body:
                raise ContractError(f"{name} 304: has a body")
        elif status in _RENAMED:
            if "location" not in told:
                raise ContractError(f"{name} {status}: no Location")
        else:
            known = ", ".join(sorted(operation["responses"]))
            raise ContractError(f"{name}: status {status} is neither declared ({known}) nor a known deviation")
        return name

    def _check_declared(self, where: str, declared: dict[str, Any], headers: dict[str, str], body: bytes) -> None:
        # Other declared headers come and go: Link only where there is another page, Location of what was created.
        if where.endswith(" 302") and "location" not in headers:
            raise ContractError(f"{where}: no Location")
        content = declared.get("content", {}).get("application/json")
        if content is None or "schema" not in content:
            if body and not declared.get("content"):
                raise ContractError(f"{where}: has a body of {len(body)} bytes and is declared without")
            return
        kind = headers.get("content-type", "")
        if not re.match(r"application/([\w.-]+\+)?json\b", kind):
            raise ContractError(f"{where}: content-type is {kind!r} and not JSON")
        self._check(where, content["schema"], _json(where, body))

    # -- inside ------------------------------------------------------------------------------------------------

    def _find(self, method: str, path: str) -> tuple[dict[str, Any], str, dict[str, str]]:
        if self._prefix:
            if not path.startswith(self._prefix):
                raise ContractError(f"{method} {path}: not below {self._prefix}")
            path = path[len(self._prefix) :]
        path = _BY_ID.sub("/repos/owner/repo", path) or "/"
        other: list[str] = []
        for _, pattern, template, methods in self._routes:
            found = pattern.fullmatch(path)
            if not found:
                continue
            if method.lower() in methods:
                return methods[method.lower()], template, found.groupdict()
            other += [verb.upper() for verb in methods]
        if other:
            raise ContractError(f"{method} {path}: only {', '.join(other)} is in the document")
        raise ContractError(f"{method} {path}: no operation of the document matches")

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            at: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = at
        return node

    def _schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return self._resolved(schema)

    def _check(self, where: str, schema: dict[str, Any], value: object) -> None:
        key = json.dumps(schema, sort_keys=True)
        validator = self._validators.get(key)
        if validator is None:
            whole = {**_converted(copy.deepcopy(schema)), "components": self._components}
            validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            self._validators[key] = validator
        error = next(validator.iter_errors(value), None)
        if error is not None:
            at = "/".join(str(part) for part in error.instance_path)
            raise ContractError(f"{where}: $/{at}: {error.message[:400]}")


def _pattern(template: str) -> re.Pattern[str]:
    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] in _SPANS else '[^/]+'})"

    return re.compile(re.sub(r"\\{(\w+)\\}", group, re.escape(template)))


def _typed(schema: dict[str, Any], text: str) -> object:
    """A query or path parameter as the type that its schema wants."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "array":
        return text.split(",")
    for choice in schema.get("oneOf", []) + schema.get("anyOf", []):
        typed = _typed(choice, text)
        if not isinstance(typed, str):
            return typed
    return text


def _json(where: str, body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise ContractError(f"{where}: not JSON: {error}") from error


def _converted(node: Any) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema 2020-12: `nullable` becomes a type, formats that are none are dropped."""
    if isinstance(node, list):
        return [_converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    for name in ("example", "examples", "discriminator", "xml", "externalDocs", "x-github-breaking-changes"):
        if not isinstance(node.get(name), dict) or "type" not in node[name]:
            node.pop(name, None)
    # Addresses in GitHub's bodies are often templates ({/sha}), which `uri` refuses.
    if isinstance(node.get("format"), str) and node["format"] != "date-time":
        node.pop("format")
    out = {key: _converted(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        if isinstance(out.get("type"), str):
            out["type"] = [out["type"], "null"]
            if "enum" in out and None not in out["enum"]:
                out["enum"] = [*out["enum"], None]
        else:
            out = {"anyOf": [out, {"type": "null"}]}
    return out
