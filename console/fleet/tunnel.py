"""The way to an ssh:// host: one OpenSSH process that forwards the remote engine's socket to a private local one.

Keys, agent, ProxyJump and known_hosts are the user's own: it is their ssh with their configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from console.errors import SourceError
from console.fleet.address import Address
from console.guard import guarded
from console.text import clean

OPEN_S = 20.0
"""How long ssh may take to log in: two jumps around the world and a slow agent take some seconds."""
END_S = 2.0
WORDS = 2_000
"""Characters of ssh's own words that are kept: the reason is in the last lines."""


class Tunnel:
    """`socket` is the engine's socket on this machine once `open` has returned."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._words = ""

    @property
    def socket(self) -> str:
        return f"{self._folder}/d.sock"

    @property
    def words(self) -> str:
        """What ssh said last, one clean line."""
        return clean(self._words.strip()[-500:], 500)

    async def open(self) -> None:
        """Log in and forward. Raises SourceError with ssh's own reason."""
        if shutil.which("ssh") is None:
            raise SourceError(
                "There is no ssh on this machine.",
                "Install OpenSSH's client: apt install openssh-client.",
                kind="unreachable",
            )
        # mkdtemp makes it 0700: nobody else may connect to what is root on the other machine.
        self._folder = Path(tempfile.mkdtemp(prefix="qd-"))
        try:
            self._process = await asyncio.create_subprocess_exec(
                *guarded(self._command()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            await self.close()
            raise SourceError(
                f"ssh cannot be started: {error.strerror}", f"Try: {self.manual}", kind="unreachable"
            ) from error
        self._listener = asyncio.create_task(self._listen(), name=f"ssh {self._address.url}")
        try:
            async with asyncio.timeout(OPEN_S):
                while not os.path.exists(self.socket):  # noqa: ASYNC240, PTH110  # a local look, microseconds
                    if self._process.returncode is not None:
                        raise await self.failure()  # noqa: TRY301  # the reason is ssh's own words
                    # ssh has no other sign that the forward stands than the socket itself.
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            failure = SourceError(
                f"ssh to {self._address.url} was not through after {OPEN_S:g} s {self.words}".rstrip(),
                f"Try: {self.manual}",
                kind="timeout",
            )
            await self.close()
            raise failure from error
        except BaseException:
            await self.close()
            raise

    @property
    def manual(self) -> str:
        """The same by hand, for a hint."""
        user = f"{self._address.user}@" if self._address.user else ""
        port = f"-p {self._address.port} " if self._address.port else ""
        return f"ssh {port}{user}{self._address.host} docker version"

    async def ended(self) -> None:
        """Return when ssh has ended."""
        if self._process is not None:
            await self._process.wait()

    async def failure(self) -> SourceError:
        """Why ssh ended."""
        if self._listener is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._listener), 1.0)
        code = self._process.returncode if self._process is not None else None
        words = self.words
        refused = "Permission denied" in words or "verification failed" in words
        return SourceError(
            f"ssh to {self._address.url} ended ({code}): {words or 'it gave no reason'}",
            f"Try: {self.manual}",
            kind="refused" if refused else "unreachable",
        )

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if process is not None and process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), END_S)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _command(self) -> list[str]:
        address = self._address
        options = (
            "BatchMode=yes",
            "ExitOnForwardFailure=yes",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=2",
            "ConnectTimeout=10",
            "StreamLocalBindMask=0177",
            # A master of the user's own would take the forward over and outlive us.
            "ControlMaster=no",
            "ControlPath=none",
            "ForwardAgent=no",
            "ForwardX11=no",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            "RequestTTY=no",
        )
        command = ["ssh", "-N", "-T", *(word for option in options for word in ("-o", option))]
        command += ["-L", f"{self.socket}:{address.path}"]
        if address.port is not None:
            command += ["-p", str(address.port)]
        if address.user:
            command += ["-l", address.user]
        return [*command, "--", address.host]

    async def _listen(self) -> None:
        stderr = self._process.stderr if self._process is not None else None
        while stderr is not None and (words := await stderr.read(4096)):
            self._words = (self._words + words.decode("utf-8", "replace"))[-WORDS:]
