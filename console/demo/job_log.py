"""The log of a finished job as the Actions runner writes it: time stamps of 100 ns, ##[…] markers, colours. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from console.demo.runs import Job, Run, Step

_TESTS = (
    "cart/test_total.py",
    "ledger/test_retry.py",
    "api/test_limits.py",
    "search/test_terms.py",
    "auth/test_token.py",
)


def job_log(run: Run, job: Job) -> bytes:
    """UTF-8 with a byte order mark, as GitHub serves it."""
    lines: list[str] = []
    for step in job.steps:
        if step.conclusion == "skipped":
            continue
        rng = Random(f"{job.id}/{step.name}")
        texts = list(_step(run, job, step, rng))
        gap = max(0.0, step.end - step.start) / (len(texts) + 1)
        lines += [f"{_stamp(step.start + gap * i)} {text}" for i, text in enumerate(texts)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _stamp(t: float) -> str:
    whole = datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{int((t % 1) * 10_000_000):07d}Z"


def _step(run: Run, job: Job, step: Step, rng: Random) -> Iterator[str]:
    name = step.name
    if name == "Set up job":
        yield "Current runner version: '2.319.1'"
        yield "##[group]Operating System"
        yield from ("Ubuntu", "24.04.1", "LTS", "##[endgroup]")
        yield f"Runner name: '{job.runner}'"
        yield "Prepare all required actions"
        yield "Getting action download info"
        yield f"Complete job name: {job.name}"
        return
    if name == "Complete job":
        yield "Cleaning up orphan processes"
        return
    yield f"##[group]{name if name.startswith('Run ') else 'Run ' + name.lower().replace(' ', '-')}"
    yield f"\x1b[36;1m{name.lower()}\x1b[0m"
    yield "shell: /usr/bin/bash -e {0}"
    yield "##[endgroup]"
    if "checkout" in name:
        yield f"[command]/usr/bin/git checkout --progress --force {run.sha}"
        yield f"HEAD is now at {run.sha[:7]} {run.title}"
    elif name == "Install":
        for package in ("attrs", "certifi", "idna", "jinja2", "markupsafe", "pyyaml", "requests", "urllib3"):
            yield f"Collecting {package}"
        yield "\x1b[33mWARNING: the cache folder is not writable\x1b[0m"
        yield "##[warning]The cache was not restored: no entry for this key"
    elif name == "Run tests":
        yield from _tests(step, rng)
    else:
        for i in range(rng.randint(6, 18)):
            yield f"\x1b[2m[{i + 1:>2}]\x1b[0m {name.lower()}: part {i + 1} \x1b[32mdone\x1b[0m in {rng.uniform(0.1, 3):.2f} s"
    if step.conclusion == "failure":
        yield "##[error]Process completed with exit code 1."


def _tests(step: Step, rng: Random) -> Iterator[str]:
    total = rng.randint(640, 1_400)
    yield "\x1b[1m============================= test session starts ==============================\x1b[0m"
    yield f"collected {total} items"
    done = 0
    while done < total:
        part = min(total - done, rng.randint(40, 72))
        done += part
        yield f"tests/{rng.choice(_TESTS)} \x1b[32m{'.' * part}\x1b[0m [{done * 100 // total:>3}%]"
    taken = step.end - step.start
    if step.conclusion == "failure":
        test = rng.choice(_TESTS)
        yield "=================================== FAILURES ==================================="
        yield "    def test_total_with_discount():"
        yield '>       assert total == Decimal("12.30")'
        yield '\x1b[1m\x1b[31mE       AssertionError: assert Decimal("12.31") == Decimal("12.30")\x1b[0m'
        yield f"##[error]tests/{test}:88: AssertionError"
        yield f"\x1b[31mFAILED\x1b[0m tests/{test}::test_total_with_discount"
        yield f"\x1b[31m=================== 1 failed, {total - 1} passed in {taken:.2f}s ===================\x1b[0m"
    else:
        yield f"\x1b[32m======================= {total} passed in {taken:.2f}s =======================\x1b[0m"
