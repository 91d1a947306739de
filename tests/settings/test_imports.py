"""What a start pays for: nothing heavy until a file is read or a secret is kept."""

import json
import subprocess
import sys

import pytest

HEAVY = {"yaml", "httpx", "keyring", "cryptography", "argon2", "docker", "textual", "asyncio", "ssl", "socket"}


@pytest.mark.parametrize(
    ("code", "without"),
    [
        ("import console.settings.model", HEAVY | {"subprocess", "urllib", "difflib"}),
        ("import console.settings.load as l; l.load(None, {})", HEAVY - {"socket"}),
        ("import console.cli.config, console.cli.secret, console.cli.init", HEAVY | {"console.settings.secrets"}),
        ("import console.settings.secrets", HEAVY - {"asyncio", "ssl", "socket"}),
        ("import console.settings.discover", HEAVY - {"asyncio", "ssl", "socket"}),
    ],
)
def test_importing_it_does_not_import(code, without):
    asked = f"{code}\nimport sys, json; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert without & set(json.loads(done.stdout)) == set()
