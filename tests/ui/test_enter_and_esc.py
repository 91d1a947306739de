"""enter opens, esc goes back and never quits, digits switch modes, ctrl+c ends nothing, ctrl+q quits."""

from __future__ import annotations

import pytest

from console.ui.screens.container import ContainerScreen
from tests.ui import worlds
from tests.ui.console import console


async def test_enter_opens_the_selected_container_and_esc_goes_back_to_it():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "down")
        chosen = c.screen.pane.table.selected
        await c.press("enter")
        assert isinstance(c.screen, ContainerScreen)
        await c.sees(f"Fleet › {chosen.host} › {chosen.name}")  # noqa: RUF001  # the sign between crumbs
        await c.press("escape")
        assert c.screen.pane.table.selected == chosen


async def test_esc_never_quits():
    async with console(worlds.afternoon()) as c:
        await c.press("escape", "escape", "escape")
        assert c.app.is_running
        assert c.app.current_mode == "overview"


async def test_ctrl_c_says_how_to_quit_and_ends_nothing():
    async with console(worlds.afternoon()) as c:
        await c.press("ctrl+c")
        await c.sees("Nothing was ended", "ctrl+q")
        assert c.app.is_running


async def test_ctrl_q_quits():
    async with console(worlds.afternoon()) as c:
        await c.press("ctrl+q")
        await c.until(lambda: not c.app.is_running, "the end")


@pytest.mark.parametrize(
    ("digit", "mode"), [("2", "pipelines"), ("3", "fleet"), ("4", "metrics"), ("5", "alerts"), ("1", "overview")]
)
async def test_a_digit_switches_the_mode_from_a_detail_too(digit, mode):
    async with console(worlds.afternoon()) as c:
        c.app.open_record("alerts", "main/f1")
        await c.sees("Silences that match it")
        await c.press(digit)
        assert c.app.current_mode == mode


async def test_the_digit_of_the_mode_one_is_in_goes_to_its_first_screen():
    async with console(worlds.afternoon()) as c:
        await c.press("5", "enter")
        assert len(c.app.screen_stack) == 2
        await c.press("5")
        assert len(c.app.screen_stack) == 1


@pytest.mark.parametrize(
    ("topic", "record_id", "seen"),
    [
        ("alerts", "main/f1", "4.1 % of requests fail"),
        ("containers", worlds.CANARY, "unhealthy"),
        ("runs", worlds.FAILED_RUN, "CI #5120"),
        ("panels", "p95", "sum(rate(p95_total[5m]))"),
        ("sources", "alertmanager/main", "Is the Alertmanager up"),
        ("notices", "settings", "The last good settings stay in use"),
        ("hosts", "eu1", "ssh://deploy@eu1.acme.example"),
        ("images", "eu1/aaaa00000001", "acme/checkout:1.8.4"),
        ("networks", "eu1/n1", "shop_default"),
        ("volumes", "eu1/shop_data", "/var/lib/docker/volumes/shop_data"),
        ("rules", "main/node.yml/node/DiskFull/0", "predict_liner"),
        ("targets", "main/node/http://us1:9100/metrics", "connection refused"),
        ("silences", "main/s1", "renewal is booked for Thursday"),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=["80x24", "200x60"])
async def test_every_detail_opens_at_every_size(topic, record_id, seen, size):
    async with console(worlds.afternoon(), size=size) as c:
        c.app.open_record(topic, record_id)
        await c.pilot.pause()
        if topic == "containers" and size == (80, 24):
            await c.press("tab")
        await c.sees(seen)


async def test_the_overview_opens_what_needs_you():
    async with console(worlds.afternoon()) as c:
        await c.press("enter")
        await c.sees("What fails", "gave no answer within 5 s", "next try")


async def test_help_lists_the_keys_that_work_here_and_what_the_agent_leaves_alone():
    async with console(worlds.afternoon(), size=(120, 80)) as c:
        await c.press("3", "question_mark")
        await c.sees("Here", "Show only what matches", "Signs", "leaves alone", "escalation ladder")


async def test_the_palette_runs_a_command():
    async with console(worlds.afternoon()) as c:
        await c.press("ctrl+p")
        await c.sees("Go: Fleet")
        await c.press(*"go fleet")
        await c.sees("Containers of all hosts")
        await c.press("enter")
        await c.until(lambda: c.app.current_mode == "fleet")


async def test_y_sends_the_name_to_the_terminal_and_shows_it():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "y")
        assert c.app.clipboard == "checkout-canary"
        await c.sees("Sent to the terminal's clipboard")


async def test_o_shows_the_link_of_a_run():
    async with console(worlds.afternoon()) as c:
        await c.press("2", "o")
        await c.sees("https://github.com/acme/infra/actions/runs/9006")
