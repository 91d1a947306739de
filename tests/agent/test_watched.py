"""The agent is watched like anything else: scraped by the real Prometheus, with alerts of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.agent.running import agent, hosts, settings_file, until
from tests.stack import have
from tests.stack.part import free_port

pytestmark = pytest.mark.stack
RULES = Path(__file__).parents[2] / "config/prometheus/quarterdeck.rules.yaml"


@pytest.fixture
def promtool():
    have("prometheus")
    return shutil.which("promtool")


def test_the_rule_file_is_one(promtool):
    done = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "7 rules found" in done.stdout


def test_the_real_prometheus_scrapes_it(promtool, tmp_path):
    port, ours = free_port(), free_port()
    settings = settings_file(tmp_path / "etc", hosts("eu1") + f"agent: {{metrics: '127.0.0.1:{ours}'}}\n")
    config = tmp_path / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{RULES}]\n"
        f"scrape_configs:\n  - job_name: quarterdeck\n    static_configs: [{{targets: ['127.0.0.1:{ours}']}}]\n"
    )
    with agent(settings, tmp_path / "state", tmp_path / "a.sock"):
        prometheus = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stderr=subprocess.DEVNULL,
        )
        try:

            def value(query: str) -> str:
                url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
                try:
                    with urllib.request.urlopen(url, timeout=5) as answer:
                        result = json.load(answer)["data"]["result"]
                except OSError:
                    return ""
                return result[0]["value"][1] if result else ""

            until(lambda: value('up{job="quarterdeck"}') == "1", 30)
            assert value('quarterdeck_source_up{source="docker/eu1"}') == "1"
            assert value('quarterdeck_source_age_seconds{source="docker/eu1"}') == "0"
            assert float(value("quarterdeck_world_records{topic='containers'}")) == 1
            assert float(value("quarterdeck_stream_clients")) == 0
            assert value('quarterdeck_agent_info{mode="personal"}') == "1"
            assert value("quarterdeck_loop_lag_seconds_count") != ""
            assert value("quarterdeck_queue_depth") != ""
        finally:
            prometheus.terminate()
            prometheus.wait(10)
