"""What can be exported of this room: alerts and incidents, newest first, and the fatigue report; see `models_registry.exports`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import QuerySet

from alerting.answers.alerts import AlertSerializer
from alerting.answers.incidents import RELATED, IncidentSerializer
from alerting.fatigue.count import Fatigue
from alerting.fatigue.read import LONGEST, USUAL, fatigue_report
from alerting.models import Alert, Incident
from lib.pages import keyset_page
from models_registry.exports import ExportError, Rows
from models_registry.models import Project
from monitoring.selectors.event_filters import FilterError, read_moment

PAGE_ROWS: Final = 200
COUNTS: Final = ("n", "pages", "at_night", "acted", "by_itself", "flapping", "unacknowledged")


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows that the API lists page by page: by `state` and, where they have such a time, by when they began."""

    rows: Callable[[Project], QuerySet[Any]]
    serializer: Callable[..., Any]
    states: Sequence[str]
    key: str
    began: str
    columns: Sequence[str]
    exact: Mapping[str, str] = field(default_factory=dict)

    def check(self, project: Project, filters: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """Those that are given, with times in full."""
        known = ("state", "from", "to", *self.exact)
        for name in filters:
            if name not in known:
                raise ExportError(name, f"Unknown filter; there are {', '.join(known)}.")
        given = {name: value.strip() for name, value in filters.items() if value.strip()}
        if set(given.get("state", self.states[0]).split(",")) - set(self.states):
            raise ExportError("state", f"Some of {', '.join(self.states)}, separated by commas.")
        times = {name: _moment(name, given) for name in ("from", "to") if name in given}
        if len(times) == 2 and times["from"] >= times["to"]:
            raise ExportError("to", "`to` must be later than `from`.")
        return given | {name: at.astimezone(UTC).isoformat() for name, at in times.items()}

    def read(self, project: Project, filters: Mapping[str, str], place: str | None, *, now: datetime) -> Rows:
        """A page of them."""
        rows = self.rows(project)
        if "state" in filters:
            rows = rows.filter(state__in=filters["state"].split(","))
        for name, lookup in (("from", "gte"), ("to", "lt")):
            if name in filters:
                rows = rows.filter(**{f"{self.began}__{lookup}": datetime.fromisoformat(filters[name])})
        rows = rows.filter(**{column: filters[name] for name, column in self.exact.items() if name in filters})
        page = keyset_page(rows, time=self.key, limit=PAGE_ROWS, cursor=place)
        return Rows(list(self.serializer(page.items, many=True).data), page.next, 0.0 if page.next else 1.0)


class FatigueReport:
    """The report as one table: a row for every rule that fired and one for everybody who was called."""

    columns = (
        *("of", "name", *COUNTS, "precision", "precision_n", "precision_low", "precision_high"),
        *("held_back", "zone", "start", "end"),
    )

    def check(self, project: Project, filters: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """`from` and `to`: the last 30 days unless given."""
        for name in filters:
            if name not in ("from", "to"):
                raise ExportError(name, "Unknown filter; there are from, to.")
        end = _moment("to", filters) if filters.get("to") else now
        start = _moment("from", filters) if filters.get("from") else end - USUAL
        if not start < end <= start + LONGEST:
            raise ExportError("from", "The range must end after it starts, and hold at most 366 days.")
        return {"from": start.astimezone(UTC).isoformat(), "to": end.astimezone(UTC).isoformat()}

    def read(self, project: Project, filters: Mapping[str, str], place: str | None, *, now: datetime) -> Rows:
        """All of it."""
        start, end = (datetime.fromisoformat(filters[name]) for name in ("from", "to"))
        report = fatigue_report(project, start=start, end=end)
        range_ = {"start": filters["from"], "end": filters["to"]}
        rules = [{"of": "rule", "name": line.rule.slug, **_told(line.told), **range_} for line in report.rules]
        readers = [
            {"of": "person" if line.is_person else "channel", "name": line.name}
            | {**_told(line.told), "zone": line.zone, **range_}
            for line in report.readers
        ]
        return Rows([*rules, *readers], None, 1.0)


def _told(told: Fatigue) -> dict[str, Any]:
    precision = told.precision
    return {
        **{name: getattr(told, name) for name in COUNTS},
        "precision": precision.value,
        "precision_n": precision.n,
        "precision_low": precision.low,
        "precision_high": precision.high,
        "held_back": dict(told.held_back),
    }


def _moment(name: str, filters: Mapping[str, str]) -> datetime:
    try:
        found = read_moment(name, filters[name], local=True)
    except FilterError as error:
        raise ExportError(error.field, str(error)) from error
    if found is None:
        raise ExportError(name, "Give a time, or leave it out.")
    return found


def _incidents(project: Project) -> QuerySet[Incident]:
    return Incident.objects.filter(project=project).select_related(*RELATED)


def _alerts(project: Project) -> QuerySet[Alert]:
    return Alert.objects.filter(rule__project=project).select_related("rule", "incident")


INCIDENTS = Listed(
    rows=_incidents,
    serializer=IncidentSerializer,
    states=Incident.State.values,
    key="number",
    began="opened_at",
    columns=IncidentSerializer.Meta.fields,
    exact={"assignee": "assignee__username", "model": "model__slug"},
)
ALERTS = Listed(
    rows=_alerts,
    serializer=AlertSerializer,
    states=Alert.State.values,
    key="id",
    began="fired_at",
    columns=AlertSerializer.Meta.fields,
    exact={"rule": "rule__slug"},
)
FATIGUE = FatigueReport()
