"""Who speaks: the service that the resource of OpenTelemetry names, as a model of the registry."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

UNNAMED: Final = "unknown-service"
VERSION = ("service.version", "langfuse.release")
ENVIRONMENT = ("deployment.environment.name", "deployment.environment", "langfuse.environment")
NAME_LENGTH, CODE_LENGTH = 200, 64


class Application(NamedTuple):
    """Slug, version and environment."""

    model: str
    version: str
    environment: str


def application_of(resource: Mapping[str, Any]) -> Application:
    """`service.name`, in the letters of a slug; `service.version` and `deployment.environment.name`, or Langfuse's words."""
    environment = next(filter(None, map(resource.get, ENVIRONMENT)), None)
    version = next(filter(None, map(resource.get, VERSION)), "")
    return Application(
        slug_of(str(resource.get("service.name", ""))) or UNNAMED,
        str(version)[:NAME_LENGTH],
        str(environment or "production")[:CODE_LENGTH],
    )


@lru_cache(maxsize=512)
def slug_of(name: str) -> str:
    """The name of a service in the letters of a slug; empty where it has none of them."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-")[:NAME_LENGTH]
