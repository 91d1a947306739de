"""The settings under which an agent watches the demo company. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from console.demo.forge import Forge
from console.demo.names import ORGANISATION, host_environment
from console.demo.panels import panels
from console.settings.document import written
from console.settings.model import Alertmanager, DockerHost, GitHub, Prometheus, SecretRef, Settings
from console.settings.plain import plain

TOKEN = SecretRef("demo/github")
"""The secret's name; its value is any word at all. Named, so that a person's own token never goes to the demo."""
ENVIRONMENT = {"QUARTERDECK_SECRET_DEMO_GITHUB": "demo"}
"""What an agent needs in its environment to find that secret."""


def settings(
    forge: Forge, docker: Mapping[str, str], *, github: str, prometheus: str, alertmanager: str, panel_count: int
) -> Settings:
    repositories = tuple(f"{ORGANISATION}/{r.old_name or r.name}" for r in forge.repositories.values())
    return Settings(
        organisation=ORGANISATION,
        demo=True,
        docker=tuple(DockerHost(name=n, url=url, environment=host_environment(n)) for n, url in docker.items()),
        github=(GitHub(api_url=github, token=TOKEN, repositories=repositories),),
        prometheus=(Prometheus(url=prometheus),),
        alertmanager=(Alertmanager(members=(alertmanager,)),),
        panels=panels(panel_count),
    )


def settings_yaml(given: Settings) -> str:
    """The same as a settings file, but for `demo`: that is the verb's word alone."""
    head = "# The demo company: everything in it is invented. Written anew at each start.\n"
    return head + written(plain(replace(given, demo=False), defaults=False))
