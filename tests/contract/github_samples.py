"""Bodies made from GitHub's own schemas, so that a test need not invent one: the smallest that is valid, or the fullest.

samples = Samples(Contract())
run = samples.of("workflow-run", everything=True) | {"id": 7}
"""

from __future__ import annotations

from typing import Any

from tests.contract.github_schema import Contract

DEPTH = 12
"""How deep optional properties are filled in; a repository's template repository would go on for ever."""


class Samples:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.document["components"]["schemas"]

    def of(self, schema: str, *, everything: bool = False) -> Any:
        """A value of the component `schema`: only what is required, or `everything` that is named."""
        return self._make(self._schemas[schema], everything, 0)

    def answer(self, operation: str, status: int = 200, *, everything: bool = False) -> Any:
        """The body of an operation's answer."""
        for methods in self._contract.document["paths"].values():
            for found in methods.values():
                if found["operationId"] == operation:
                    declared = self._contract._resolved(found["responses"][str(status)])
                    return self._make(declared["content"]["application/json"]["schema"], everything, 0)
        raise LookupError(operation)

    def _make(self, schema: dict[str, Any], everything: bool, depth: int) -> Any:
        schema = self._contract._resolved(schema)
        if schema.get("nullable") and (not everything or depth > DEPTH):
            return None
        if "enum" in schema:
            return schema["enum"][-1 if everything else 0]
        if "allOf" in schema:
            merged: dict[str, Any] = {}
            for part in schema["allOf"]:
                merged |= self._make(part, everything, depth)
            return merged
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                own = self._object(schema, everything, depth) if "properties" in schema else None
                made = self._make(schema[choice][0], everything, depth)
                return own | made if own is not None and isinstance(made, dict) else made
        kind = schema.get("type")
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema, everything, depth)
        if kind == "array":
            least = schema.get("minItems", 0)
            count = max(least, 1 if everything and depth < DEPTH else 0)
            return [self._make(schema["items"], everything, depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 1), 1)
        if kind == "boolean":
            return everything
        if schema.get("format") == "date-time":
            return "2026-09-21T14:03:07Z"
        if schema.get("format") == "uri":
            return "https://api.github.com/x"
        return "a" * max(1, schema.get("minLength", 1))

    def _object(self, schema: dict[str, Any], everything: bool, depth: int) -> dict[str, Any]:
        wanted = set(schema.get("required", ()))
        if everything and depth < 4:
            wanted |= set(schema.get("properties", {}))
        return {
            name: self._make(part, everything, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if name in wanted
        }
