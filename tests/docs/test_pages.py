"""The pages say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.reference import PAGE, page

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_page_of_verbs_is_current():
    assert PAGE.read_text() == page(), "run: python -m tests.reference"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_every_command_named_is_one(path):
    from console.cli.main import VERBS

    for verb in re.findall(r"`quarterdeck (?:--[^\s`]+ [^\s`]+ )?([a-z]+)", path.read_text()):
        assert verb in VERBS, f"{path.name} names quarterdeck {verb}"
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z]+)", path.read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{path.name} names make {target}"
