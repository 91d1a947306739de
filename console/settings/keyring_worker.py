"""One keyring operation in a process of its own: it may hang, print or ask, and is killed when it does.

Reads one JSON request from standard input and writes one JSON answer; values travel in these two pipes only.
A headless keyring raises (no backend), discards (the null backend) or hangs (a locked collection waits for a prompt
that nobody sees), so `probe` trusts a backend only after a round trip.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from typing import Any

SERVICE = "quarterdeck"


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    answer_to = os.dup(1)
    # What a backend prints or asks for goes nowhere: neither into the answer nor to a terminal.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    try:
        answer = _work(request)
    except Exception as exc:  # noqa: BLE001  # a backend may raise anything; its text may hold the value
        answer = {"error": _reason(exc)}
    os.write(answer_to, json.dumps(answer).encode())


def _work(request: dict[str, Any]) -> dict[str, Any]:
    import keyring
    import keyring.core

    backend = keyring.core.load_keyring(request["backend"]) if request.get("backend") else keyring.get_keyring()
    name = request.get("name", "")
    match request["op"]:
        case "get":
            return {"value": backend.get_password(SERVICE, name)}
        case "set":
            backend.set_password(SERVICE, name, request["value"])
            if backend.get_password(SERVICE, name) != request["value"]:
                return {"error": "it did not keep the value"}
            return {}
        case "delete":
            if backend.get_password(SERVICE, name) is None:
                return {"deleted": False}
            backend.delete_password(SERVICE, name)
            return {"deleted": True}
    return _probe(backend)


def _probe(backend: Any) -> dict[str, Any]:
    kind = type(backend)
    called = f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__ == "keyring.backends.fail":
        return {"error": "no keyring is installed or running here"}
    if float(backend.priority) < 1:
        return {"error": f"{called} is not a safe place (its own priority is below 1)"}
    name, value = f"probe-{secrets.token_hex(8)}", secrets.token_hex(16)
    backend.set_password(SERVICE, name, value)
    kept = backend.get_password(SERVICE, name)
    if kept is None:
        return {"error": f"{called} discards what it is given"}
    backend.delete_password(SERVICE, name)
    if kept != value or backend.get_password(SERVICE, name) is not None:
        return {"error": f"{called} gives back something else than it was given"}
    return {"backend": called}


def _reason(exc: Exception) -> str:
    kind = type(exc)
    known = {
        "NoKeyringError": "no keyring is installed or running here",
        "KeyringLocked": "the keyring is locked",
        "InitError": "the keyring did not start",
    }
    return known.get(kind.__name__, f"it failed with {kind.__module__}.{kind.__qualname__}")


if __name__ == "__main__":
    main()
