"""Whose a log line is: of the model or service that it names, else of the one that stands for lines of nobody.

Decision 38. What OpenTelemetry calls an unknown service, spans that name none are of too.
"""

from monitoring.items import LogItem
from monitoring.llm.dialects.application import UNNAMED


def owner_of(item: LogItem) -> tuple[str, str]:
    """(slug, version): without a version the newest is meant."""
    return (item.model, item.version) if item.model else (UNNAMED, "")
