"""What fails is said of the repository that fails; the others go on, and what was known stays."""

from __future__ import annotations

import json

import httpx
import pytest

from console.errors import ConsoleError, SourceError
from console.pipelines.model import Budget, Repository, Run
from tests.pipelines.github import stamp


def failing(status: int, message: str = "x", **headers: str) -> httpx.Response:
    return httpx.Response(
        status,
        headers={"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()},
        content=json.dumps({"message": message}).encode(),
    )


SSO = "required; url=https://github.com/orgs/acme/sso?authorization_request=A1"

CASES = [
    (failing(404, "Not Found"), "Not found (404): the runs", "it has repo, workflow"),
    (
        failing(403, "Resource protected", x_github_sso=SSO),
        "No access (403) to the runs",
        "https://github.com/orgs/acme/sso",
    ),
    (
        failing(403, "no", x_accepted_oauth_scopes="repo"),
        "No access (403) to the runs",
        "needs one of the scopes repo",
    ),
    (
        failing(403, "no", x_accepted_github_permissions="actions=read"),
        "No access (403) to the runs",
        "permission actions=read",
    ),
    (failing(410, "Gone"), "Gone for good (410)", "Nothing brings it back"),
    (failing(451, "Blocked"), "Blocked for legal reasons (451)", "Take it out of the settings"),
    (failing(502, "Server Error"), "GitHub failed (50", "githubstatus.com"),
    (httpx.Response(503, content=b"<html>unicorn"), "GitHub failed (50", "githubstatus.com"),
]


@pytest.mark.parametrize(("answer", "problem", "hint"), CASES, ids=lambda v: str(getattr(v, "status_code", ""))[:20])
async def test_a_repository_that_fails_is_noted_and_the_others_go_on(bench, answer, problem, hint):
    broken, fine = bench.github.repo("acme/broken"), bench.github.repo("acme/fine")
    kept = bench.github.run(broken)
    async with bench.running(bench.feed()):
        assert bench.source().state == "ok"
        if answer.status_code < 500:
            answer.headers["x-oauth-scopes"] = "repo, workflow"
        broken.broken = answer
        await bench.clock.advance(15)
        record = bench.world.get(Repository, "acme/broken")
        assert problem in record.problem
        assert bench.source().state == "degraded"
        assert "acme/broken" not in record.problem
        assert hint in bench.source().notes[0]
        assert bench.source().notes[0].startswith("acme/broken: ")
        assert bench.source().notes[0].count("acme/broken") == 1
        assert bench.world.get(Run, f"acme/broken/{kept['id']}").status == "in_progress"
        run = bench.github.run(fine)
        await bench.clock.advance(130)
        assert bench.world.get(Run, f"acme/fine/{run['id']}").status == "in_progress"
        assert bench.world.get(Repository, "acme/fine").problem == ""


async def test_a_repository_that_comes_back_is_fine_again(bench):
    web = bench.github.repo("acme/web")
    bench.github.repo("acme/other")
    bench.github.run(web)
    async with bench.running(bench.feed()):
        web.broken = failing(404, "Not Found")
        await bench.clock.advance(15)
        assert bench.world.get(Repository, "acme/web").problem
        web.broken = None
        asked = len(bench.github.asked)
        await bench.clock.advance(700)
        assert bench.world.get(Repository, "acme/web").problem == ""
        assert bench.source().state == "ok"
        assert len(bench.github.asked) > asked


async def test_a_repository_that_is_gone_is_asked_for_every_ten_minutes_only(bench):
    bench.github.repo("acme/other")
    async with bench.running(bench.feed("acme/gone", "acme/other"), 20):
        asked = len(bench.github.asked)
        await bench.clock.advance(600)
        assert sum("acme/gone" in a.url for a in bench.github.asked[asked:]) <= 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"<html>sign in to the hotel</html>",
        b'{"workflow_runs": 7}',
        b'{"workflow_runs": [{"id": "seven"}]}',
        b'{"workflow_runs": [{"id": 1e400}]}',
        b'{"workflow_runs": [{"id": ' + b"9" * 400 + b"}]}",
        b'{"workflow_runs": [{"id": -1}]}',
        b'{"workflow_runs": [{"id": 1, "name": "\xff\xfe"}]}',
        b'{"x": ' + b"[" * 100_000,
        b'{"workflow_runs": [',
        b"\x00" * 1000,
    ],
)
async def test_a_malformed_body_is_a_problem_of_that_repository(bench, body, monkeypatch):
    web, _ = bench.github.repo("acme/web"), bench.github.repo("acme/other")
    run = bench.github.run(web)
    async with bench.running(bench.feed()):
        # The contract has no word for this.
        monkeypatch.setattr("tests.pipelines.github.CONTRACT.check_response", lambda *_: None)
        web.broken = body
        await bench.clock.advance(15)
        assert "cannot be read" in bench.world.get(Repository, "acme/web").problem
        assert bench.world.get(Run, f"acme/web/{run['id']}")
        assert bench.source().state == "degraded"
        web.broken = None
        await bench.clock.advance(60)
        assert bench.world.get(Repository, "acme/web").problem == ""


async def test_a_renamed_repository_keeps_its_id_and_says_its_new_name(bench):
    old = bench.github.repo("acme/web", id=7)
    bench.github.run(old)
    async with bench.running(bench.feed()):
        new = bench.github.repo("acme/shop", id=7)
        new.runs, new.version = old.runs, old.version + 1
        old.moved_to, old.facts = "acme/shop", {"id": 8}
        await bench.clock.advance(25)
        record = bench.world.get(Repository, "acme/web")
        assert (record.full_name, record.problem) == ("acme/shop", "")
        assert bench.source().notes == ("acme/web is now called acme/shop: write that in the settings.",)
        asked = len(bench.github.asked)
        await bench.clock.advance(30)
        urls = [a.url for a in bench.github.asked[asked:]]
        assert urls
        assert all(url.startswith("/repos/acme/shop/") for url in urls)


async def test_a_redirect_to_another_host_does_not_get_the_token(bench):
    seen = []

    async def answer(request):
        seen.append(request.url.host)
        if request.url.path == "/user":
            return httpx.Response(200, stream=httpx.ByteStream(b'{"login":"ana"}'))
        headers = {"location": "https://evil.example/repos/acme/web/actions/runs"}
        return httpx.Response(301, headers=headers, stream=httpx.ByteStream(b""))

    async with bench.running(bench.feed("acme/web", transport=httpx.MockTransport(answer))):
        assert set(seen) == {"api.github.com"}
        assert "sends us to evil.example" in bench.world.get(Repository, "acme/web").problem


async def test_an_endless_redirect_ends(bench):
    asked = []

    async def answer(request):
        asked.append(request.url.path)
        if request.url.path == "/user":
            return httpx.Response(200, stream=httpx.ByteStream(b'{"login":"ana"}'))
        return httpx.Response(301, headers={"location": str(request.url)}, stream=httpx.ByteStream(b""))

    async with bench.running(bench.feed("acme/web", transport=httpx.MockTransport(answer)), 0.1):
        assert 1 < len(asked) <= 5


async def test_an_archived_repository_is_noted(bench):
    bench.github.repo("acme/old", archived=True)
    async with bench.running(bench.feed()):
        assert bench.world.get(Repository, "acme/old").archived
        assert "is archived" in bench.source().notes[0]


async def test_many_problems_are_a_number(bench):
    for number in range(30):
        bench.github.repo(f"acme/r{number}", archived=True)
    async with bench.running(bench.feed(), 30):
        assert len(bench.source().notes) == 21
        assert bench.source().notes[-1] == "and 10 repositories more."


async def test_a_token_that_is_refused_ends_the_session_with_the_fix(bench):
    bench.github.repo("acme/web")
    bench.token = "ghp_wrong"
    with pytest.raises(SourceError) as caught:
        async with bench.running(bench.feed()) as task:
            await task
    assert caught.value.kind == "refused"
    assert "`quarterdeck secret set github/github`" in caught.value.hint
    assert "`gh auth login`" in caught.value.hint


async def test_a_token_that_expires_under_way_ends_the_session(bench):
    bench.github.run(bench.github.repo("acme/web"))
    async with bench.running(bench.feed(), fails=True) as task:
        bench.github.tokens = {}
        await bench.clock.advance(15)
        with pytest.raises(SourceError, match="does not accept the token") as caught:
            await task
    assert caught.value.kind == "refused"


@pytest.mark.parametrize("value", ["", "  ", "ghp one", "ghp_\x1b[31m", "ghp_\u2028x"])
async def test_a_value_that_is_no_token_is_never_sent(bench, value):
    bench.github.repo("acme/web")
    bench.token = value
    with pytest.raises(SourceError, match="empty or not a token") as caught:
        async with bench.running(bench.feed()) as task:
            await task
    assert caught.value.kind == "refused"
    assert bench.github.asked == []


async def test_a_secret_that_is_not_there_says_how_to_give_it(bench):
    from console.pipelines.source import GitHubFeed
    from console.settings.model import GitHub, SecretRef
    from console.world.report import Report

    async def secret(_):
        raise ConsoleError("github/acme is in no store")

    context = bench.context
    object.__setattr__(context, "secret", secret)
    github = GitHub(name="acme", token=SecretRef("github/acme"), repositories=("a/b",))
    feed = GitHubFeed(github, context, transport=bench.github)
    with pytest.raises(SourceError, match="is in no store") as caught:
        await feed.run(Report(bench.world, bench.clock, feed.name))
    assert caught.value.kind == "refused"
    assert "quarterdeck secret set github/acme" in caught.value.hint


async def test_without_a_setting_the_token_of_the_environment_is_taken(bench, monkeypatch):
    from console.pipelines.source import GitHubFeed
    from console.settings.model import GitHub

    monkeypatch.setattr("console.settings.github_token.os.environ", {"GH_TOKEN": "ghp_one"})
    bench.github.repo("acme/web")
    feed = GitHubFeed(GitHub(repositories=("acme/web",)), bench.context, transport=bench.github)
    monkeypatch.setattr(
        "console.pipelines.source.github_token",
        lambda _: type("Found", (), {"value": "ghp_one", "where": "$GH_TOKEN"})(),
    )
    import asyncio

    from console.world.report import Report

    task = asyncio.create_task(feed.run(Report(bench.world, bench.clock, feed.name)))
    for _ in range(200):
        await asyncio.sleep(0.005)
        if bench.github.asked:
            break
    await bench.clock.advance(1)
    assert bench.world.get(Budget, "github").token_from == "$GH_TOKEN"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_installation_token_has_no_login_and_works(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    fact = bench.github._fact
    bench.github._fact = lambda token, path, url: (
        (403, {"content-type": "application/json"}, b'{"message":"Resource not accessible by integration"}')
        if path == "/user"
        else fact(token, path, url)
    )
    async with bench.running(bench.feed()):
        assert bench.world.get(Budget, "github").login == ""
        assert bench.world.get(Run, f"acme/web/{run['id']}")


async def test_an_outage_ends_the_session_and_the_facts_stay(bench):
    for number in range(5):
        bench.github.run(bench.github.repo(f"acme/r{number}"))
    async with bench.running(bench.feed(), fails=True) as task:
        for repo in bench.github.repos.values():
            repo.broken = failing(502)
        await bench.clock.advance(15)
        with pytest.raises(SourceError, match="GitHub failed"):
            await task
    assert len(bench.all("runs")) == 5


async def test_hostile_text_in_every_string_reaches_no_record(bench):
    evil = "\x1b]0;owned\x07\x1b[2J[red]b[/red]\u202egnp.exe\r\n\x00\ud83d\ude00" + "x" * 5000
    web = bench.github.repo("acme/web", default_branch=evil, html_url="javascript:alert(1)")
    run = bench.github.run(
        web, name=evil, display_title=evil, head_branch=evil, html_url="\x1b[31mhttps://x", event=evil
    )
    bench.github.job(
        web, run, name=evil, runner_name=evil, labels=[evil],
        steps=[{"name": evil, "number": 1, "status": "in_progress", "conclusion": None}],
    )  # fmt: skip
    async with bench.running(bench.feed(), 40):
        for topic in ("repositories", "runs", "jobs"):
            assert bench.all(topic)
            for record in bench.all(topic).values():
                text = repr(record)
                assert "\\x" not in text
                assert "\\u202e" not in text
                assert len(text) < 8000
        record = bench.world.get(Run, f"acme/web/{run['id']}")
        # Markup is text like any other; the screen shows it as it is.
        assert record.title.startswith("[red]b[/red]gnp.exe")
        assert bench.world.get(Repository, "acme/web").url == ""


async def test_unknown_words_are_kept_as_they_are(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web, status="completed", conclusion="success")
    monkey = run | {
        "status": "meditating",
        "conclusion": "enlightened",
        "created_at": "yesterday",
        "updated_at": "0001-01-01T00:00:00Z",
    }
    web.broken = json.dumps({"total_count": 1, "workflow_runs": [monkey]}).encode()
    from tests.pipelines import github

    keep, github.CONTRACT.check_response = github.CONTRACT.check_response, lambda *_: "x"
    try:
        async with bench.running(bench.feed()):
            record = bench.world.get(Run, f"acme/web/{run['id']}")
            assert (record.status, record.conclusion) == ("meditating", "enlightened")
            assert (record.created_at, record.updated_at) == (None, None)
    finally:
        github.CONTRACT.check_response = keep


@pytest.mark.parametrize("skew", [-7200.0, -30.0, 30.0, 7200.0])
async def test_a_reset_is_counted_by_githubs_clock(bench, skew):
    bench.github.skew_s, bench.github.window = skew, bench.clock.now() + skew
    bench.github.run(bench.github.repo("acme/web"))
    bench.github.limit = 30
    async with bench.running(bench.feed(), 400):
        budget = bench.world.get(Budget, "github")
        assert abs(budget.reset_at - 1_790_003_600.0) <= 2
        assert bench.clock.now() < budget.reset_at
        assert stamp(budget.reset_at)


async def test_a_pause_outlives_a_session_that_failed(bench):
    """429 at the first call: the next try does not ask again before the pause is over."""
    bench.github.repo("acme/web")
    headers = {"retry-after": "300", "content-type": "application/json"}
    bench.github.pause = httpx.Response(429, headers=headers, content=b'{"message":"slow down"}')
    feed = bench.feed()
    feed._given = None
    for _ in range(3):
        async with bench.running(feed, fails=True) as task:
            with pytest.raises(SourceError) as caught:
                await task
        assert caught.value.kind == "limited"
        assert len(bench.github.asked) == 1
    assert caught.value.retry_after_s > 250
    bench.github.pause = None
    await bench.clock.advance(300)
    async with bench.running(feed):
        assert bench.source().state == "ok"


async def test_a_fault_of_our_own_in_a_poll_ends_the_session_and_is_not_swallowed(bench, monkeypatch):
    bench.github.repo("acme/web")

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("console.pipelines.records.repository_of", broken)
    with pytest.raises(ZeroDivisionError):
        async with bench.running(bench.feed()) as task:
            await task


@pytest.mark.parametrize(
    "where",
    ["", "http://[", "https://xn--\u00e9.example/", "//", "\x00", "https://api.github.com:99999/x", "x" * 70_000],
)
async def test_a_location_that_is_none(bench, where):
    async def answer(request):
        if request.url.path == "/user":
            return httpx.Response(200, stream=httpx.ByteStream(b'{"login":"ana"}'))
        return httpx.Response(301, headers=[(b"location", where.encode())], stream=httpx.ByteStream(b""))

    async with bench.running(bench.feed("acme/web", transport=httpx.MockTransport(answer)), 0.1) as task:
        assert bench.world.get(Repository, "acme/web").problem
        assert not task.done()


async def test_jobs_of_a_repository_in_trouble_are_left_alone(bench):
    broken, _ = bench.github.repo("acme/broken"), bench.github.repo("acme/other")
    bench.github.run(broken)
    async with bench.running(bench.feed()):
        broken.broken = failing(404, "Not Found")
        await bench.clock.advance(60)
        asked = len(bench.github.asked)
        await bench.clock.advance(500)
        assert sum("acme/broken" in a.url for a in bench.github.asked[asked:]) <= 2


async def test_a_run_leaves_the_world_a_day_after_its_end_though_nothing_changes(bench):
    web = bench.github.repo("acme/web")
    old = bench.github.run(web, status="completed", conclusion="success")
    new = bench.github.run(web, status="completed", conclusion="success")
    async with bench.running(bench.feed()):
        assert len(bench.all("runs")) == 2
        for _ in range(30):
            await bench.clock.advance(3000)
        assert set(bench.all("runs")) == {f"acme/web/{new['id']}"}, old
