"""Keyring backends that behave as headless ones do; written into a folder and put on PYTHONPATH."""

GOOD = """
import json, os
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 5
    path = os.environ["TEST_KEYRING_FILE"]

    def _all(self):
        try:
            with open(self.path) as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def _write(self, kept):
        with open(self.path, "w") as file:
            json.dump(kept, file)

    def get_password(self, service, username):
        return self._all().get(username)

    def set_password(self, service, username, password):
        print("I print", password)
        self._write({**self._all(), username: password})

    def delete_password(self, service, username):
        kept = self._all()
        del kept[username]
        self._write(kept)
"""

HANGS = """
import subprocess, sys, time
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 5

    def get_password(self, *what):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open({pids!r}, "a") as file:
            file.write(str(child.pid) + "\\n")
        time.sleep(600)

    set_password = delete_password = get_password
"""

DISCARDS = """
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 5
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): return None
    def delete_password(self, service, username): return None
"""

RAISES = """
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 5
    def get_password(self, service, username): raise RuntimeError("no bus for " + username)
    def set_password(self, service, username, password): raise RuntimeError("cannot keep " + password)
    def delete_password(self, service, username): raise RuntimeError("no bus")
"""

FORGETS = GOOD.replace(
    "self._write({**self._all(), username: password})",
    'self._write({**self._all(), username: password if username.startswith("probe-") else "other"})',
)

ASKS = DISCARDS.replace("return None", "import getpass; return getpass.getpass() or input()")

DIES = DISCARDS.replace("return None", "import os; os._exit(7)")

WEAK = DISCARDS.replace("priority = 5", "priority = 0.5")
