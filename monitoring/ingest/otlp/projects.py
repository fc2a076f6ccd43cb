"""`GET /api/public/projects`: what an SDK of Langfuse asks to know whether its keys are good (`auth_check`)."""

import msgspec

from models_registry.models import ApiKey
from monitoring.ingest.door import Answer
from monitoring.ingest.otlp.answers import JSON, REASONS

_encode = msgspec.json.Encoder().encode


def tell_project(key: ApiKey) -> Answer:
    """The one project of the key, in its own organization: here there are none."""
    project = {"id": key.project.slug, "name": key.project.name}
    told = {"data": [{**project, "organization": project, "metadata": {}}]}
    return Answer(REASONS[200], [("Content-Type", JSON)], _encode(told))
