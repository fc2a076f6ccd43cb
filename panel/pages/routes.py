"""Who is told: the tree of routes, tried with the labels of an alert."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from alerting.labels.matchers import MatcherError, Op, parse_lines
from alerting.labels.validators import sentence
from alerting.models import Alert
from alerting.notify.preview import Preview, preview
from models_registry.models import Project

RECENT = 20


@dataclass(frozen=True, slots=True)
class RoutesPage:
    """`labels` as they were typed (or those of the alert that changed last), and what would happen."""

    labels: str
    error: str
    found: Preview
    alerts: list[tuple[Alert, str]]


def routes_page(project: Project, typed: str | None, *, now: datetime) -> RoutesPage:
    """Without labels: those of the newest alert, else of a page that nothing else is known of."""
    rows = Alert.objects.filter(rule__project=project).select_related("rule").order_by("-changed_at", "-id")[:RECENT]
    alerts = [(alert, _written(alert.wire_labels)) for alert in rows]
    first = alerts[0][1] if alerts else _written({"severity": "page"})
    labels, error = _read(first if typed is None else typed)
    return RoutesPage(first if typed is None else typed, error, preview(project, labels, now=now), alerts)


def _read(text: str) -> tuple[dict[str, str], str]:
    try:
        found = parse_lines(text)
    except MatcherError as error:
        return {}, sentence(error)
    if any(one.op != Op.EQUAL for one in found):
        return {}, _('Write labels, one a line: model="credit-risk".')
    return {one.name: one.value for one in found}, ""


def _written(labels: dict[str, str]) -> str:
    """In one line, so that it fits into an address."""
    escaped = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in labels.items()}
    return ", ".join(f'{name}="{value}"' for name, value in sorted(escaped.items()))
