"""One table of keys: nothing clashes, every binding comes from it, and docs/keys.md says what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding

from console.ui import keys
from console.ui.app import QuarterdeckApp
from console.ui.keys import Key
from console.ui.logpane import ConsoleLog
from console.ui.panes import FilterInput, ListTable
from console.ui.screens.lists import ListsScreen
from console.ui.screens.metrics import PanelGrid
from console.ui.screens.panel import PanelScreen
from console.ui.widgets.log import LogView
from console.ui.widgets.table import VirtualTable

OURS = (QuarterdeckApp, ListTable, VirtualTable, FilterInput, ConsoleLog, LogView, ListsScreen, PanelGrid, PanelScreen)


def test_no_key_means_two_things_at_the_same_time():
    assert keys.clashes() == []


@pytest.mark.parametrize("where", ["list", "everywhere"])
def test_a_clash_is_found(where):
    second = Key("second", "s", "List", "Second", "", where, "second")
    assert any("second" in clash for clash in keys.clashes((*keys.KEYS, second)))


def test_ids_are_unique():
    ids = [key.id for key in keys.KEYS]
    assert len(ids) == len(set(ids))


def test_every_scope_exists():
    assert {key.where for key in keys.KEYS} <= keys.SCOPES.keys()


@pytest.mark.parametrize("owner", OURS, ids=lambda owner: owner.__name__)
def test_every_binding_stands_in_the_table_with_the_same_keys(owner):
    for binding in owner.__dict__.get("BINDINGS", ()):
        assert isinstance(binding, Binding)
        key = keys.by_id(binding.id or "")
        assert key is not None, f"{binding} is not in the table"
        assert set(binding.key.split(",")) == set(key.key.split(","))
        assert binding.action == key.action
        assert (
            hasattr(owner, f"action_{binding.action.removeprefix('app.').partition('(')[0]}")
            or "app." in binding.action
        )


@pytest.mark.parametrize("key", [k for k in keys.KEYS if k.action.startswith("app.")], ids=lambda k: k.id)
def test_every_key_of_the_app_has_its_action(key):
    assert hasattr(QuarterdeckApp, f"action_{key.action.removeprefix('app.').partition('(')[0]}")


def test_every_key_is_bound_somewhere():
    bound = {binding.id for owner in OURS for binding in owner.__dict__.get("BINDINGS", ())}
    assert {key.id for key in keys.KEYS} == bound


def test_commands_are_named_area_verb():
    for key in keys.KEYS:
        assert key.name == f"{key.area}: {key.verb}"
        assert key.area[0].isupper()
        assert key.verb[0].isupper()


def test_the_page_of_keys_is_current():
    page = Path(__file__).parents[2] / "docs/keys.md"
    assert page.read_text() == keys.document(), "Run: python -m console.ui.keys > docs/keys.md"
