"""A Docker engine of our own: its own data, its own containerd, a Unix socket, and one image built from busybox."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from tests.stack.part import StartError, alive, end, find, programs_missing, spawn, wait_ready

IMAGE = "quarterdeck-test:1"


class Docker:
    packages = ("docker.io", "iptables", "busybox-static")

    def missing(self) -> str:
        if os.geteuid() != 0:
            return "dockerd needs root"
        if reason := programs_missing("dockerd", "containerd", "runc", "iptables", "busybox"):
            return reason
        if b"ld-linux" in Path(str(find("busybox"))).read_bytes()[:4096]:
            return "busybox is not static: install busybox-static"
        return ""

    def start(self, folder: Path, *, alone: bool = False) -> dict[str, str]:
        """`alone` gives it a network namespace of its own: two engines in one would fight over docker0."""
        pid = launch(folder, alone=alone)
        try:
            client = connect(folder)
            try:
                if not client.images(IMAGE):
                    client.import_image_from_data(busybox_tar(), repository="quarterdeck-test", tag="1")
                version = client.version()["Version"]
            finally:
                client.close()
        except (DockerException, RequestException) as error:
            end(pid)
            raise StartError(f"the test image cannot be made: {error}") from error
        return {"url": f"unix://{folder}/d.sock", "pid": str(pid), "image": IMAGE, "version": version}

    def stop(self, folder: Path, facts: dict[str, str]) -> None:
        """Kill what runs first: dockerd would ask each container to stop and wait ten seconds for it."""
        if not answers(folder / "d.sock"):
            print(f"no engine answers in {folder}: what it left is removed")
            _sweep(folder)
            clear_mounts(folder)
            return
        try:
            client = connect(folder)
            try:
                for container in client.containers(all=True):
                    client.remove_container(container["Id"], force=True)
            finally:
                client.close()
        except (DockerException, RequestException, OSError) as error:
            print(f"containers of {folder} were left to dockerd: {error}")
        for pid in facts["pid"].split():
            end(int(pid))
        clear_mounts(folder)


PART = Docker()


def launch(folder: Path, *, alone: bool = False) -> int:
    """Start dockerd on `folder`, on what an earlier one left there if it did; return its pid once it answers."""
    sock, log = folder / "d.sock", folder / "dockerd.log"
    for stale in (folder / "d.pid", folder / "exec/containerd/containerd.pid"):
        # Where nobody collects the dead, a killed engine's zombie would pass for a running one.
        if stale.exists() and not alive(int(stale.read_text(encoding="ascii"))):
            stale.unlink()
    argv = [
        *(("unshare", "--net") if alone else ()),
        "dockerd",
        f"--host=unix://{sock}",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/d.pid",
        f"--config-file={folder}/daemon.json",
        f"--storage-driver={_storage_driver(folder)}",
        "--shutdown-timeout=2",
    ]
    (folder / "daemon.json").write_text("{}", encoding="ascii")
    pid = spawn(log, argv)

    try:
        wait_ready(lambda: answers(sock), pid, log, within_s=60)
    except StartError:
        end(pid)
        clear_mounts(folder)
        raise
    return pid


def answers(sock: Path) -> bool:
    """Whether an engine answers there. docker-py would leave a socket open where none does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(sock))
            probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in probe.recv(64)
        except OSError:
            return False


def connect(folder: Path) -> docker.APIClient:
    """A plain client for the tests' own hands; close it."""
    return docker.APIClient(base_url=f"unix://{folder}/d.sock", timeout=30, version="auto")


def clear_mounts(folder: Path) -> None:
    """Unmount what a killed engine left mounted below `folder`, so that the folder can be removed."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True)


def _sweep(folder: Path) -> None:
    """Kill the containers that a killed engine left running, and the shims that hold them."""
    parents: dict[int, int] = {}
    shims = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"containerd-shim" in words and f"{folder}/".encode() in words:
                shims.add(int(entry.name))
    for pid in [p for p, parent in parents.items() if parent in shims] + sorted(shims):
        end(pid, within_s=0)


def busybox_tar() -> bytes:
    """The root of an image: busybox under all its names and a passwd file. No registry is asked."""
    busybox = str(find("busybox"))
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for folder in ("bin", "etc", "tmp"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(info)
        program = Path(busybox).read_bytes()
        info = tarfile.TarInfo("bin/busybox")
        info.size, info.mode = len(program), 0o755
        tar.addfile(info, io.BytesIO(program))
        for applet in applets:
            if applet != "busybox" and re.fullmatch(r"[\w\[.-]+", applet):
                info = tarfile.TarInfo(f"bin/{applet}")
                info.type, info.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(info)
        for name, text in (("passwd", "root:x:0:0::/:/bin/sh\n"), ("group", "root:x:0:\n")):
            info = tarfile.TarInfo(f"etc/{name}")
            info.size, info.mode = len(text), 0o644
            tar.addfile(info, io.BytesIO(text.encode()))
    return raw.getvalue()


def _storage_driver(folder: Path) -> str:
    # overlay2 does not stand on overlayfs, which is what a container's own /tmp is.
    stat = shutil.which("stat") or "/usr/bin/stat"
    kind = subprocess.run([stat, "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=True).stdout
    return "vfs" if kind.strip() == "overlayfs" else "overlay2"
