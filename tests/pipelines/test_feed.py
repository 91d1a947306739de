"""Facts of GitHub in the world: repositories, workflows, runs, jobs, and the budget."""

from __future__ import annotations

import asyncio

import httpx

from console.pipelines.feeds import wanted
from console.pipelines.model import Budget, Job, Repository, Run, Workflow
from console.settings.model import GitHub, Settings
from tests.contract.github_schema import Contract
from tests.pipelines.github import WORKFLOW, stamp


async def test_facts_of_a_repository(bench):
    web = bench.github.repo("acme/web")
    web.workflows = [WORKFLOW | {"id": 1}]
    run = bench.github.run(web, run_number=8812, run_attempt=2)
    async with bench.running(bench.feed()):
        repository = bench.world.get(Repository, "acme/web")
        assert (repository.full_name, repository.default_branch, repository.private) == ("acme/web", "main", True)
        assert (repository.source, repository.tier, repository.problem) == ("github", "hot", "")
        assert bench.world.get(Workflow, "acme/web/1").name == "CI"
        record = bench.world.get(Run, f"acme/web/{run['id']}")
        assert (record.number, record.attempt, record.status, record.conclusion) == (8812, 2, "in_progress", "")
        assert (record.title, record.branch, record.created_at) == ("cart: retry on 409", "main", 1_790_000_000.0)
        assert bench.source().state == "ok"
        assert bench.source().detail == "0% of budget used"


async def test_a_change_of_a_run_under_way_is_seen_within_eleven_seconds(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    async with bench.running(bench.feed()):
        bench.github.change(web, run, status="completed", conclusion="failure")
        await bench.clock.advance(11)
        assert bench.world.get(Run, f"acme/web/{run['id']}").conclusion == "failure"


async def test_what_does_not_change_costs_nothing_and_changes_nothing(bench):
    web = bench.github.repo("acme/web")
    bench.github.run(web)
    async with bench.running(bench.feed(), 60):
        charged, cursor = bench.github.charged, bench.world.cursor
        await bench.clock.advance(600)
        assert bench.github.charged == charged
        assert bench.world.cursor == cursor
        assert len(bench.github.asked) > 60


async def test_weak_etags_go_back_letter_by_letter(bench):
    web = bench.github.repo("acme/web")
    bench.github.run(web)
    async with bench.running(bench.feed(), 30):
        runs = [asked for asked in bench.github.asked if "/actions/runs?" in asked.url]
        assert [asked.status for asked in runs] == [200, 304, 304, 304]
        assert runs[1].headers["if-none-match"].startswith('W/"')
        assert {asked.headers["accept"] for asked in bench.github.asked} == {"application/vnd.github+json"}
        assert {asked.headers["x-github-api-version"] for asked in bench.github.asked} == {"2022-11-28"}


async def test_jobs_of_a_looked_at_run_are_read_every_five_seconds(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    job = bench.github.job(
        web, run, steps=[{"name": "Run pytest", "number": 4, "status": "in_progress", "conclusion": None}]
    )
    bench.interest.look("screen", [("jobs", f"acme/web/{run['id']}")])
    async with bench.running(bench.feed()):
        record = bench.world.get(Job, f"acme/web/{job['id']}")
        assert (record.run, record.status, record.runner) == (f"acme/web/{run['id']}", "in_progress", "gh-1")
        assert record.steps[0].name == "Run pytest"
        asked = len(bench.github.asked)
        await bench.clock.advance(60)
        jobs = [a for a in bench.github.asked[asked:] if "/jobs" in a.url]
        assert 11 <= len(jobs) <= 13


async def test_jobs_of_a_run_nobody_looks_at_are_read_every_thirty_seconds_and_once_more_at_its_end(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    job = bench.github.job(web, run)
    async with bench.running(bench.feed()):
        asked = len(bench.github.asked)
        await bench.clock.advance(120)
        assert 4 <= sum("/jobs" in a.url for a in bench.github.asked[asked:]) <= 5
        job.update(status="completed", conclusion="success", completed_at=stamp(bench.clock.now()))
        bench.github.touch_jobs(web, run)
        bench.github.change(web, run, status="completed", conclusion="success")
        await bench.clock.advance(15)
        assert bench.world.get(Job, f"acme/web/{job['id']}").conclusion == "success"
        asked = len(bench.github.asked)
        await bench.clock.advance(300)
        assert not [a for a in bench.github.asked[asked:] if "/jobs" in a.url]


async def test_looking_at_a_finished_run_reads_its_jobs_once_and_at_once(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web, status="completed", conclusion="success")
    job = bench.github.job(web, run, status="completed", conclusion="success")
    async with bench.running(bench.feed()):
        assert bench.world.get(Job, f"acme/web/{job['id']}") is None
        bench.interest.look("screen", [("jobs", f"acme/web/{run['id']}")])
        await bench.clock.advance(0.1)
        assert bench.world.get(Job, f"acme/web/{job['id']}").conclusion == "success"
        await bench.clock.advance(120)
        assert sum("/jobs" in a.url for a in bench.github.asked) == 1


async def test_jobs_of_an_earlier_attempt_are_read_on_demand(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web, run_attempt=2, status="completed", conclusion="success")
    first = bench.github.job(web, run, run_attempt=1, status="completed", conclusion="failure")
    bench.interest.look("screen", [("jobs", f"acme/web/{run['id']}@1")])
    async with bench.running(bench.feed()):
        assert bench.world.get(Job, f"acme/web/{first['id']}").attempt == 1
        assert any("/attempts/1/jobs" in a.url for a in bench.github.asked)


async def test_more_jobs_than_a_page_are_all_read_and_an_unchanged_page_costs_nothing(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    for _ in range(250):
        bench.github.job(web, run)
    bench.interest.look("screen", [("jobs", f"acme/web/{run['id']}")])
    async with bench.running(bench.feed(), 30):
        assert len(bench.all("jobs")) == 250
        pages = [a.url for a in bench.github.asked if "/jobs" in a.url]
        assert len([url for url in pages if "page=3" in url]) == len([url for url in pages if "&page" not in url])
        assert bench.github.charged == 4 + 3


async def test_runs_that_are_deleted_or_a_day_old_go(bench):
    web = bench.github.repo("acme/web")
    old = bench.github.run(
        web, at=bench.clock.now() - 3 * 86_400, status="completed", conclusion="success", workflow_id=1
    )
    rare = bench.github.run(
        web, at=bench.clock.now() - 9 * 86_400, status="completed", conclusion="success", workflow_id=2
    )
    new = bench.github.run(web, status="completed", conclusion="success", workflow_id=1)
    gone = bench.github.run(web, status="completed", conclusion="success", workflow_id=1)
    async with bench.running(bench.feed()):
        assert set(bench.all("runs")) == {f"acme/web/{r['id']}" for r in (rare, new, gone)}
        assert f"acme/web/{old['id']}" not in bench.all("runs")
        web.runs.remove(gone)
        web.version += 1
        await bench.clock.advance(35)
        assert set(bench.all("runs")) == {f"acme/web/{r['id']}" for r in (rare, new)}


async def test_the_budget_can_be_seen_and_moves_by_whole_per_cents(bench):
    for number in range(30):
        bench.github.repo(f"acme/r{number}")
    async with bench.running(bench.feed(), 30):
        budget = bench.world.get(Budget, "github")
        assert (budget.limit, budget.share, budget.used) == (5000, 0.02, 100)
        assert (budget.login, budget.token_from, budget.paused_until) == ("ana", "a test", None)
        assert abs(budget.reset_at - (bench.github.window + 3600)) <= 2


async def test_forget_takes_everything_out_of_the_world(bench):
    web = bench.github.repo("acme/web")
    web.workflows = [WORKFLOW | {"id": 1}]
    run = bench.github.run(web)
    bench.github.job(web, run)
    feed = bench.feed()
    async with bench.running(feed, 40):
        assert bench.all("jobs")
    feed.forget()
    assert [topic for topic, count in bench.world.counts().items() if count] == ["sources"]


async def test_a_restart_reads_everything_without_paying_again(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    async with bench.running(bench.feed()):
        pass
    charged = bench.github.charged
    bench.world.__init__(bench.clock)
    async with bench.running(bench.feed()):
        assert bench.world.get(Run, f"acme/web/{run['id']}").status == "in_progress"
    assert bench.github.charged == charged


async def test_an_enterprise_server_is_asked_below_its_own_address(bench):
    contract, urls = Contract("/api/v3"), []

    async def answer(request):
        urls.append(str(request.url))
        contract.check_request(request.method, str(request.url), None)
        return httpx.Response(
            404, headers={"content-type": "application/json"}, stream=httpx.ByteStream(b'{"message":"x"}')
        )

    feed = bench.feed("acme/web", transport=httpx.MockTransport(answer), api_url="https://ghe.acme.example/api/v3")
    async with bench.running(feed):
        assert urls[0] == "https://ghe.acme.example/api/v3/user"
        assert any(url.startswith("https://ghe.acme.example/api/v3/repos/acme/web/actions/runs?") for url in urls)


async def test_without_repositories_the_source_is_off(bench):
    bench.github.repos.clear()
    async with bench.running(bench.feed()) as task:
        assert bench.source().state == "off"
        assert not task.done()
        assert bench.github.asked == []


async def test_ending_leaves_no_task_behind(bench):
    bench.github.latency_s = 1.0
    for number in range(20):
        bench.github.repo(f"acme/r{number}")
    async with bench.running(bench.feed(), 2.5):
        assert bench.github.flying > 0
    assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []


def test_the_settings_ask_for_one_feed_a_github():
    one = Settings(github=(GitHub(name="acme", repositories=("a/b",)), GitHub(name="ghe", api_url="https://g/api/v3")))
    two = Settings(github=(GitHub(name="acme", repositories=("a/b",)), GitHub(name="ghe", api_url="https://h/api/v3")))
    assert [w.name for w in wanted(one)] == ["github/acme", "github/ghe"]
    assert wanted(one)[0].key == wanted(two)[0].key
    assert wanted(one)[1].key != wanted(two)[1].key


async def test_a_wanted_feed_is_made_from_the_context(bench):
    feed = wanted(Settings(github=(GitHub(name="acme"),)))[0].make(bench.context)
    assert feed.name == "github/acme"


async def test_when_the_budget_is_short_only_what_somebody_looks_at_is_read(bench):
    """72 % used: polling stops before the share does, and the jobs on a screen go on."""
    web, other = bench.github.repo("acme/web"), bench.github.repo("acme/other")
    run = bench.github.run(web)
    bench.github.job(web, run)
    bench.github.run(other)
    async with bench.running(bench.feed()):
        bench.github.used["ghp_one"] = 3600
        bench.github.change(web, run)
        await bench.clock.advance(15)
        bench.interest.look("screen", [("jobs", f"acme/web/{run['id']}")])
        await bench.clock.advance(10)
        asked = len(bench.github.asked)
        await bench.clock.advance(60)
        urls = {a.url.partition("?")[0] for a in bench.github.asked[asked:]}
        assert urls == {f"/repos/acme/web/actions/runs/{run['id']}/jobs"}
        assert "72 % of GitHub's hourly limit is used" in bench.source().notes[0]
        assert bench.world.get(Budget, "github").share == 0.72


async def test_a_repository_that_the_settings_no_longer_name_goes_with_its_runs(bench):
    for name in ("acme/web", "acme/billing"):
        bench.github.run(bench.github.repo(name))
    async with bench.running(bench.feed("acme/web", "acme/billing")):
        assert {r.repository for r in bench.world.all(Run)} == {"acme/web", "acme/billing"}
    async with bench.running(bench.feed("acme/web")):
        assert {r.id for r in bench.world.all(Repository)} == {"acme/web"}
        assert {r.repository for r in bench.world.all(Run)} == {"acme/web"}
