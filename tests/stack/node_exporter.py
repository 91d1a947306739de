"""A node exporter: real metrics of this machine for Prometheus to scrape."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from tests.stack.part import free_port, programs_missing, spawn, wait_ready


class NodeExporter:
    packages = ("prometheus-node-exporter",)

    def missing(self) -> str:
        return programs_missing("prometheus-node-exporter")

    def start(self, folder: Path) -> dict[str, str]:
        port, log = free_port(), folder / "node_exporter.log"
        pid = spawn(log, ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"])
        url = f"http://127.0.0.1:{port}"
        wait_ready(lambda: answers(f"{url}/metrics"), pid, log)
        return {"url": url, "pid": str(pid)}


PART = NodeExporter()


def answers(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
