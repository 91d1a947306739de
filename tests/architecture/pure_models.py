"""A contract for import-linter: a room's model.py imports model.py files, msgspec and the pure part of the library."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PureModels(Contract):
    """Every `console.*.model` imports only what is named pure."""

    type_name = "pure_models"

    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # import-linter's own
        bad: list[tuple[str, str]] = []
        models = {m for m in graph.modules if m.startswith("console.") and m.endswith(".model")}
        # The modules that models may lean on are held to the same rule.
        pure = models | {m for m in graph.modules if m in self.allowed and m.startswith("console.")}  # type: ignore[operator]
        for module in sorted(pure):
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                top = imported.partition(".")[0]
                if imported not in pure and imported not in self.allowed and top not in self.allowed:  # type: ignore[operator]
                    bad.append((module, imported))
        return ContractCheck(kept=not bad, metadata={"bad": bad})

    def render_broken_contract(self, check: Any) -> None:
        for module, imported in check.metadata["bad"]:
            output.print_error(f"{module} imports {imported}, which is not on the list of what is pure")
