"""The demo company's servers: Docker engines on Unix sockets, GitHub, Prometheus and Alertmanager on loopback ports."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import Self

from console.clock import Clock, SystemClock
from console.demo.alertmanager_api import AlertmanagerApi
from console.demo.company import Company
from console.demo.configuration import ENVIRONMENT, settings, settings_yaml
from console.demo.docker_api import DockerApi
from console.demo.github_api import GitHubApi
from console.demo.prometheus_api import PrometheusApi
from console.demo.pulse import Pulse
from console.demo.wire import Handler, Listener
from console.errors import ConsoleError
from console.paths import checked_socket
from console.settings.model import Settings

STOP_S = 5.0
"""How long the servers may take to end."""
STEP_S = 5.0
"""How often the company moves on while nobody asks, so that a late question has little to catch up."""


class Demo:
    """Running servers. `stop()` ends them; leaving a `with` block does too."""

    def __init__(self, company: Company, clock: Clock, folder: Path | None, panels: int) -> None:
        self.company = company
        """Only to be read on the servers' own thread, or after `stop()`."""
        self._clock = clock
        self._own_folder = folder is None
        self._folder = Path(tempfile.mkdtemp(prefix="qd-demo-")) if folder is None else folder
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._listeners: list[Listener] = []
        self._sockets: list[socket.socket] = []
        self._pulse = Pulse()
        self._stepper: asyncio.Task[None] | None = None
        self._ready = threading.Event()
        self._failure: list[OSError] = []
        self.docker: dict[str, str] = {}
        """Host name to the unix:// URL of its engine."""
        plan: list[tuple[Handler, socket.socket, str]] = []
        try:
            for host in company.fleet.hosts.values():
                path = checked_socket(self._folder / f"{host.name}.sock")
                self.docker[host.name] = f"unix://{path}"
                name = f"Docker/{host.engine} (linux)"
                plan.append((DockerApi(company, clock, host, self._pulse).handle, self._bind_unix(path), name))
            ports = [self._bind_tcp() for _ in range(4)]
            self.github, blobs, self.prometheus, self.alertmanager = (
                f"http://127.0.0.1:{p.getsockname()[1]}" for p in ports
            )
            github = GitHubApi(company, clock, self.github, blobs)
            plan += [
                (github.handle, ports[0], "github.com"),
                (github.handle_blob, ports[1], "Windows-Azure-Blob/1.0"),
                (PrometheusApi(company, clock, self.prometheus).handle, ports[2], "prometheus"),
                (AlertmanagerApi(company, clock, self.prometheus).handle, ports[3], "alertmanager"),
            ]
        except (OSError, ConsoleError):
            self._clean_up()
            raise
        self.settings: Settings = settings(
            company.forge,
            self.docker,
            github=self.github,
            prometheus=self.prometheus,
            alertmanager=self.alertmanager,
            panel_count=panels,
        )
        self.environment: dict[str, str] = dict(ENVIRONMENT)
        """What an agent needs in its environment to read the demo's GitHub."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(plan,), name="demo", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure:
            self._clean_up()
            raise self._failure[0]

    def settings_yaml(self) -> str:
        return settings_yaml(self.settings)

    def stop(self) -> None:
        """End the servers and remove their sockets; a second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
        self._clean_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _bind_unix(self, path: Path) -> socket.socket:
        path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX)
        self._sockets.append(sock)
        sock.bind(str(path))
        path.chmod(0o600)
        return sock

    def _bind_tcp(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET)
        self._sockets.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        return sock

    def _run(self, plan: list[tuple[Handler, socket.socket, str]]) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._start(plan))
        except OSError as error:
            self._failure.append(error)
        finally:
            self._ready.set()
        try:
            if not self._failure:
                self._loop.run_forever()
            self._loop.run_until_complete(self._end())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    async def _start(self, plan: list[tuple[Handler, socket.socket, str]]) -> None:
        for handler, sock, name in plan:
            listener = Listener(handler, name)
            await listener.start(sock)
            self._listeners.append(listener)
        self._stepper = asyncio.create_task(self._step())

    async def _step(self) -> None:
        while True:
            self.company.advance(self._clock.now())
            # Real time: an injected clock that stands still leaves the company standing still.
            await asyncio.sleep(STEP_S)

    async def _end(self) -> None:
        if self._stepper:
            self._stepper.cancel()
            await asyncio.gather(self._stepper, return_exceptions=True)
        for listener in self._listeners:
            await listener.stop()
        await self._pulse.stop()

    def _clean_up(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.close()
        for url in self.docker.values():
            Path(url.removeprefix("unix://")).unlink(missing_ok=True)
        if self._own_folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def start(
    *,
    seed: int = 7,
    repos: int = 24,
    hosts: int = 3,
    containers: int = 40,
    panels: int = 60,
    alerts: int | None = None,
    folder: Path | None = None,
    clock: Clock | None = None,
) -> Demo:
    """Start the company and its servers; they answer when this returns.

    `alerts` is how many fire at least; None leaves it to what goes wrong. `folder` is where the engines' sockets lie; it
    is made private (0700). Raises OSError where a socket cannot be bound, ConsoleError where its path is too long.
    """
    own_clock = clock or SystemClock()
    company = Company(seed=seed, start=own_clock.now(), repos=repos, hosts=hosts, containers=containers, alerts=alerts)
    return Demo(company, own_clock, folder, panels)
