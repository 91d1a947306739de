"""What stands where there is nothing: why, and what to do next. Nothing known is never the same as nothing there."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.replica import Link
from console.world.model import Source

NAMES = {
    "docker": "No Docker host",
    "github": "No GitHub repository",
    "prometheus": "No Prometheus",
    "alertmanager": "No Alertmanager",
}


def unknown(link: Link) -> str:
    """Why nothing is known of now; empty where something may be."""
    if link.state == "connecting":
        return "Connecting to the agent."
    return "No agent: nothing is known of now. quarterdeck doctor says why." if link.state == "lost" else ""


def waiting(sources: Sequence[Source]) -> str:
    """Whose first facts are still to come; empty where none are."""
    names = sorted(source.id for source in sources if source.state == "starting")
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Waiting for the first facts of {', '.join(names[:3])}{more}."


def nothing(link: Link, sources: Sequence[Source], kind: str, fine: str) -> str:
    """What a list says that is fed by sources of a kind (of any where it is empty); `fine` where they answer and there is just nothing."""
    if text := unknown(link):
        return text
    its = [source for source in sources if not kind or source.kind == kind]
    if not its:
        return f"{NAMES.get(kind, 'No source')} is named in the settings: quarterdeck init finds what there is."
    if text := waiting(its):
        return text
    if all(source.state in ("failed", "off") for source in its):
        first = min(its, key=lambda source: source.id)
        return f"No facts from {first.id}: {first.error or first.state}. Press i for what to do."
    return fine
