"""A cluster of two Alertmanagers that gossip on loopback; `start_pair` makes another one for a test that kills members."""

from __future__ import annotations

from pathlib import Path

from tests.stack.node_exporter import answers
from tests.stack.part import end, free_port, programs_missing, spawn, wait_ready

CONFIG = """\
route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 1s
  group_interval: 5s
  routes:
    - receiver: pager
      matchers: [severity="critical"]
receivers:
  - name: nobody
  - name: pager
inhibit_rules:
  - source_matchers: [alertname="AlwaysFiring"]
    target_matchers: [alertname="Inhibited"]
"""


class Alertmanager:
    packages = ("prometheus-alertmanager",)

    def missing(self) -> str:
        return programs_missing("prometheus-alertmanager")

    def start(self, folder: Path) -> dict[str, str]:
        pair = Pair(folder)
        pair.start(0)
        pair.start(1)
        return {
            "url": pair.urls[0],
            "urls": " ".join(pair.urls),
            "pid": " ".join(str(p) for p in pair.pids if p is not None),
        }


PART = Alertmanager()


class Pair:
    """Two members whose ports stay when they are killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = (free_port(), free_port())
        self._gossip = (free_port(), free_port())
        self.urls = tuple(f"http://127.0.0.1:{port}" for port in self._ports)
        self.pids: list[int | None] = [None, None]
        (folder / "alertmanager.yml").write_text(CONFIG, encoding="ascii")

    def start(self, member: int) -> None:
        """Start a member and wait until it answers."""
        log = self._folder / f"alertmanager-{member}.log"
        pid = spawn(
            log,
            [
                "prometheus-alertmanager",
                f"--config.file={self._folder}/alertmanager.yml",
                f"--storage.path={self._folder}/data-{member}",
                f"--web.listen-address=127.0.0.1:{self._ports[member]}",
                f"--cluster.listen-address=127.0.0.1:{self._gossip[member]}",
                f"--cluster.advertise-address=127.0.0.1:{self._gossip[member]}",
                f"--cluster.peer=127.0.0.1:{self._gossip[1 - member]}",
                "--cluster.settle-timeout=1s",
                "--cluster.reconnect-interval=1s",
            ],
        )
        self.pids[member] = pid
        wait_ready(lambda: answers(f"{self.urls[member]}/-/ready"), pid, log)

    def kill(self, member: int) -> None:
        pid = self.pids[member]
        if pid is not None:
            end(pid, within_s=0.0)
        self.pids[member] = None

    def close(self) -> None:
        self.kill(0)
        self.kill(1)
