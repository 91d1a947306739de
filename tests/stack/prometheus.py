"""A Prometheus that scrapes itself, the node exporter and a target that is down, with rules in every state, and sends
its alerts to the two Alertmanagers."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.stack import state
from tests.stack.node_exporter import answers
from tests.stack.part import StartError, free_port, programs_missing, spawn, wait_ready

INTERVAL_S = 1

RULES = """\
groups:
  - name: always
    interval: 1s
    rules:
      - alert: AlwaysFiring
        expr: vector(1)
        labels: {severity: critical, team: ops}
        annotations:
          summary: "\\e[31mred\\e[0m [bold]not markup[/bold] \\u202egnitrats"
      - alert: Inhibited
        expr: vector(1)
        labels: {severity: warning}
      - alert: PendingForEver
        expr: up{job="prometheus"} == 1
        for: 10h
        labels: {severity: warning}
      - alert: TargetDown
        expr: up == 0
        labels: {severity: high}
      - record: job:up:sum
        expr: sum by (job) (up)
  - name: broken
    interval: 1s
    rules:
      - record: broken:rule
        expr: up * on (job) group_left () (up or label_replace(up, "instance", "other", "", ""))
"""


class Prometheus:
    packages = ("prometheus",)

    def missing(self) -> str:
        return programs_missing("prometheus")

    def start(self, folder: Path) -> dict[str, str]:
        try:
            node = state.ensure("node_exporter")["url"]
            managers = state.ensure("alertmanager")["urls"].split()
        except state.MissingError as error:
            raise StartError(str(error)) from error
        url, pid = launch(folder, managers, node=node)
        return {"url": url, "pid": str(pid), "down": "127.0.0.1:1"}


PART = Prometheus()


def launch(
    folder: Path, managers: Sequence[str] = (), *, node: str = "", rules: str = RULES, port: int = 0
) -> tuple[str, int]:
    """Start one on `folder`; its URL and pid once it has scraped. A test with rules of its own calls this itself."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "prometheus.log"
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    jobs: dict[str, str] = {"prometheus": url, "dead": "http://127.0.0.1:1"} | ({"node": node} if node else {})
    config = {
        "global": {
            "scrape_interval": f"{INTERVAL_S}s",
            "scrape_timeout": f"{INTERVAL_S}s",
            "evaluation_interval": "1s",
            "external_labels": {"region": "test"},
        },
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [urllib.parse.urlsplit(at).netloc]}]}
            for job, at in jobs.items()
        ],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [urllib.parse.urlsplit(m).netloc for m in managers]}]}]
        },
    }
    # JSON is YAML.
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    pid = spawn(
        log,
        [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
            "--rules.alert.resend-delay=1s",
            "--log.level=warn",
        ],
    )
    wait_ready(lambda: answers(f"{url}/-/ready") and _scraped(url), pid, log)
    return url, pid


def ask(url: str, query: str) -> list[dict]:
    """The vector of an instant query, by the tests' own hands."""
    with urllib.request.urlopen(
        f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=5
    ) as response:
        return json.load(response)["data"]["result"]


def _scraped(url: str) -> bool:
    return bool(ask(url, 'up{job="prometheus"} == 1'))
