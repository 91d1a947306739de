"""Who and what the invented company is made of. Pure."""

from __future__ import annotations

from msgspec import Struct

ORGANISATION = "acme"


class Service(Struct, frozen=True):
    """Something the company runs: a repository, a release workflow, containers, metrics and alerts."""

    name: str
    team: str
    language: str
    port: int
    requests: float
    """A second, over the whole company, at the busiest hour."""
    p50_s: float
    memory_mb: int
    version: tuple[int, int, int]


SERVICES = (
    Service("checkout", "payments", "Python", 8080, 240.0, 0.085, 384, (1, 9, 0)),
    Service("search", "discovery", "Go", 8081, 520.0, 0.042, 768, (4, 2, 1)),
    Service("web", "storefront", "TypeScript", 3000, 900.0, 0.031, 512, (88, 1, 0)),
    Service("billing", "payments", "Python", 8082, 45.0, 0.120, 320, (2, 0, 7)),
    Service("auth", "platform", "Go", 8083, 310.0, 0.012, 192, (3, 14, 2)),
    Service("catalog", "discovery", "Kotlin", 8084, 410.0, 0.056, 1024, (7, 3, 0)),
    Service("cart", "storefront", "Python", 8085, 280.0, 0.038, 256, (5, 1, 4)),
    Service("payments", "payments", "Rust", 8086, 60.0, 0.210, 128, (1, 22, 3)),
    Service("shipping", "logistics", "Kotlin", 8087, 35.0, 0.095, 896, (2, 8, 1)),
    Service("mailer", "growth", "Ruby", 8088, 22.0, 0.160, 288, (6, 0, 2)),
    Service("recommend", "discovery", "Python", 8089, 150.0, 0.140, 1536, (0, 31, 0)),
    Service("gateway", "platform", "Go", 8000, 1400.0, 0.008, 160, (9, 5, 0)),
)
LIBRARIES = (
    "design-system", "infra", "data-pipeline", "mobile-app", "handbook", "ml-ranking", "sdk-python", "sdk-js",
    "warehouse", "edge-config", "load-tests", "status-page", "fraud-rules", "backoffice", "image-proxy", "experiments",
)  # fmt: skip
PEOPLE = ("ana", "li", "bo", "mira", "tomas", "noor", "edgar", "yuki", "sofia", "kwame", "ines", "raj")
HOSTS = ("eu1", "eu2", "us1")
SUBJECTS = (
    "retry on 409 from the ledger", "cache the price list for 30 s", "drop the unused column", "bound the request body",
    "log the trace id", "split the handler", "upgrade the base image", "fix the time zone of invoices",
    "measure queue depth", "make the timeout configurable", "remove the feature flag", "speed up the cold start",
    "return 422 for a bad postcode", "add a readiness probe", "close the idle connections", "correct the rounding",
    "paginate the export", "tidy the error messages", "test the refund path", "escape the search term — <b>«ß»</b>",
)  # fmt: skip
PREFIXES = ("feat", "fix", "chore", "perf", "refactor", "test")


def version_text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def host_names(count: int) -> tuple[str, ...]:
    return (*HOSTS, *(f"eu{n}" for n in range(3, count + 1)))[:count]


def host_environment(host: str) -> str:
    return "staging" if host == "us1" else "production"
