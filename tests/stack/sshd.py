"""An SSH server of our own on loopback, with throw-away keys, for hosts given as ssh://."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path

from tests.stack.part import find, free_port, listens, programs_missing, spawn, wait_ready


class Sshd:
    packages = ("openssh-server", "openssh-client")

    def missing(self) -> str:
        return programs_missing("sshd", "ssh", "ssh-keygen")

    def start(self, folder: Path) -> dict[str, str]:
        """Facts: host, port, user, key, known_hosts, config (of a client: `ssh -F`), and path.

        `path` is a folder with a program `ssh` that uses this config: first in PATH, it stands for a user who has the
        keys and known hosts in place, since OpenSSH takes the home folder from the password file and not from HOME.
        """
        port = free_port()
        for key in ("host_key", "user_key"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
        host_public = (folder / "host_key.pub").read_text(encoding="ascii")
        (folder / "authorized_keys").write_bytes((folder / "user_key.pub").read_bytes())
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_public}", encoding="ascii")
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host_key\nPidFile {folder}/sshd.pid\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nAllowStreamLocalForwarding yes\n"
            "AllowTcpForwarding yes\nMaxStartups 100\n",
            encoding="ascii",
        )
        (folder / "ssh_config").write_text(
            f"IdentityFile {folder}/user_key\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known_hosts\n"
            "GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n",
            encoding="ascii",
        )
        programs = folder / "bin"
        programs.mkdir()
        wrapper = programs / "ssh"
        wrapper.write_text(f'#!/bin/sh\nexec {find("ssh")} -F {folder}/ssh_config "$@"\n', encoding="ascii")
        wrapper.chmod(0o755)
        if os.geteuid() == 0:
            # Debian's sshd separates privileges there; the folder comes with the service, which is not started.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = folder / "sshd.log"
        pid = spawn(log, [str(find("sshd")), "-D", "-e", "-f", f"{folder}/sshd_config"])
        wait_ready(lambda: listens(port), pid, log)
        return {
            "host": "127.0.0.1",
            "port": str(port),
            "user": getpass.getuser(),
            "key": f"{folder}/user_key",
            "known_hosts": f"{folder}/known_hosts",
            "config": f"{folder}/ssh_config",
            "path": str(programs),
            "pid": str(pid),
        }


PART = Sshd()


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)
