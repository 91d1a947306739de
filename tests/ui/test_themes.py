"""Themes: each readable, and a broken one never in the way."""

import pytest
from textual.color import Color

from console.paths import data_dir
from console.ui import themes
from console.words import GLYPHS
from tests.ui.widgets.bare import Bare, table, things

PACKAGED = sorted(data_dir("themes").glob("*.yaml"))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in Color.parse(colour).rgb]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.stem)
def test_every_text_can_be_read_on_every_ground(path):
    theme = themes.read(path)
    grounds = [theme.background, theme.surface, theme.variables["selection"], theme.variables["selection-blurred"]]
    texts = {f"state-{word}" for word in GLYPHS} | {"muted"}
    for ground in grounds:
        for name in texts:
            assert contrast(theme.variables[name], ground) >= 4.5, (name, theme.variables[name], ground)
        for text in (theme.foreground, theme.primary, theme.accent):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast(theme.variables["production"], theme.variables["production-ground"]) >= 7
    assert contrast(theme.foreground, theme.variables["match"]) >= 4.5
    assert contrast(theme.variables["selection"], theme.background) >= 1.15
    assert theme.name == path.stem


def test_four_are_packaged():
    assert [path.stem for path in PACKAGED] == ["colour-blind", "mono", "quarterdeck-light", "quarterdeck"]
    loaded, failed = themes.load()
    assert len(loaded) == 4
    assert failed == []
    assert {f"state-{word}" for word in GLYPHS} < set(themes.DEFAULTS)


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.stem)
def test_the_quick_reader_reads_what_yaml_reads(path):
    text = path.read_text()
    assert themes._plain(text) == themes._yaml(text)


GOOD = (data_dir("themes") / "quarterdeck.yaml").read_text().replace("name: quarterdeck", "name: mine")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace('"#84c792"', '"greenish"'), "states.ok: 'greenish' is not a colour"),
        (GOOD.replace('"#12161c"', '"auto"'), "is not a colour"),
        (GOOD.replace('"#12161c"', '"#12161c80"'), "is not a plain colour"),
        (GOOD.replace('"#12161c"', "ansi_red"), "is not a"),
        (GOOD.replace("  ok:", "  fine:"), "states: ok missing"),
        (GOOD.replace("  failed: bold", "  broken: bold"), "states: broken unknown"),
        (GOOD.replace("failed: bold", "failed: loud"), "emphasis.failed: loud"),
        (GOOD.replace("dark: true", "dark: perhaps"), "Expected `bool`"),
        (GOOD.replace("  muted:", "  mutter:"), "mutter"),
        (GOOD + "\nvariables:\n  border: nocolour\n", "variables.border"),
        ("- 1\n- 2\n", "Expected `object`"),
        ("a: [", "not YAML"),
        ("", "Expected `object`"),
        ("x" * 70_000, "larger than"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("&a [*a]", "Expected `object`"),
    ],
)
def test_a_broken_theme_says_why_and_the_others_load(tmp_path, text, says):
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(text)
    (tmp_path / "notes.txt").write_text("no theme")
    loaded, failed = themes.load(tmp_path)
    assert [theme.name for theme in loaded] == ["mine"]
    assert [one.path.name for one in failed] == ["bad.yaml"]
    assert says in failed[0].reason


def test_unreadable_folders_and_bytes(tmp_path):
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.yaml").mkdir()
    loaded, failed = themes.load(tmp_path, tmp_path / "absent", tmp_path / "bytes.yaml")
    assert loaded == []
    assert len(failed) == 3


async def test_a_user_theme_in_any_yaml_and_a_notice_for_the_broken(own_home):
    folder = themes.user_dir()
    folder.mkdir(parents=True)
    assert folder == own_home / ".config/quarterdeck/themes"
    (folder / "mine.yml").write_text(GOOD.replace('"#84c792"', "rgb(1, 200, 3)") + "variables: {border: 'red'}\n")
    (folder / "broken.yaml").write_text("name: x")
    app = Bare(table(), theme="mine")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        assert app.theme == "mine"
        assert app.theme_variables["state-ok"] == "#01C803"
        notices = [notice.message for notice in app._notifications]
        assert len(notices) == 1
        assert notices[0].startswith("broken.yaml: ")


async def test_a_theme_that_is_not_there():
    app = Bare(table(), theme="missing")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        assert app.theme == "quarterdeck"
        assert "There is no theme missing" in next(iter(app._notifications)).message


async def test_every_theme_can_be_put_on_while_it_runs():
    shown = table()
    app = Bare(shown)
    async with app.run_test(size=(80, 24)) as pilot:
        shown.set_rows(things(50))
        for name in ("quarterdeck-light", "mono", "colour-blind", "textual-light", "nord", "quarterdeck"):
            app.theme = name
            await pilot.pause()
        ground = shown._style("", "").bgcolor
        assert ground is not None
        assert ground.triplet.hex == "#12161c"
