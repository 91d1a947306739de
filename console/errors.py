"""The one exception a person may see.

ConsoleError            what failed and why, and what to do next
├── SettingsError       a settings file is wrong (settings/problems.py)
├── SecretError         a secret cannot be resolved or kept (settings/secrets.py)
├── SourceError         a peer outside failed: Docker, GitHub, Prometheus, Alertmanager
├── StoreError          the state folder cannot be read or written
├── AgentError          no agent, or it refused (client)
├── WhereError          a filter cannot be read (where.py), RegexError among them (regex.py)
└── ThemeFileError      a theme is broken (ui/themes.py)
"""

from __future__ import annotations


class ConsoleError(Exception):
    """What failed and why (`message`), and what to do next (`hint`)."""

    exit_code = 1
    """1 something is wrong out there, 2 usage or settings, 3 no agent and none could be started."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class SourceError(ConsoleError):
    """A peer outside failed. `kind` is one of the words below, so that a screen can tell them apart."""

    def __init__(
        self, message: str, hint: str = "", *, kind: str = "failed", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        """unreachable, timeout, tls, protocol, refused (401, 403), missing (404), limited (429), failed."""
        self.retry_after_s = retry_after_s
        """What the peer asked for, in seconds; None where it asked for nothing."""


class StoreError(ConsoleError):
    """The state folder cannot be read or written."""


class AgentError(ConsoleError):
    """No agent answers, or it refused."""

    exit_code = 3
