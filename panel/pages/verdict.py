"""The one sentence on top of home: what is wrong, since when, and how much time is left."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.models import Incident, Severity
from lib import clock
from models_registry.models import Project
from models_registry.shipped import shipped
from monitoring.measures.series import Wanted
from monitoring.models import SLO
from monitoring.slo.status import SLOStatus
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject
from panel import format as write
from panel.pages.fleet import Judged, ModelRow
from panel.pages.indicators import recent, shown
from runbooks.selectors import runbooks_for

SEVERITY_ORDER = {Severity.PAGE: 0, Severity.TICKET: 1}
NOW_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Link:
    """A button: the first one is the main one."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tone` is ok, warn or bad; `subject` is set in bold before the sentence."""

    tone: str
    headline: str
    subject: str = ""
    sentence: str = ""
    outlook: str = ""
    links: list[Link] = field(default_factory=list)
    cause: Judged | None = None


def worst_first(incidents: Iterable[Incident]) -> list[Incident]:
    """Pages before tickets, then the oldest first."""
    return sorted(incidents, key=lambda one: (SEVERITY_ORDER[Severity(one.severity)], one.opened_at))


def cause_of(rows: list[ModelRow], incidents: list[Incident], slos: Mapping[int, Collection[int]]) -> Judged | None:
    """The SLO that the verdict will speak of, if there is one."""
    if incidents:
        return _cause(_row_of(incidents[0], rows), slos.get(incidents[0].pk, ()))
    burning = _burning(rows)
    return _spending(burning[0]) if burning else None


def figure_wanted(cause: Judged, subject: Subject, *, now: datetime) -> Wanted | None:
    """What the sentence about the cause must read; nothing of a composite, which no single measure tells."""
    seen = shown(cause.slo)
    return None if seen is None else recent(seen.measure, cause.slo.model, subject, now=now, width=NOW_WINDOW)


def verdict(
    project: Project,
    rows: list[ModelRow],
    incidents: list[Incident],
    *,
    cause: Judged | None,
    reading: Reading | None,
    now: datetime,
) -> Verdict:
    """The worst thing that is true, or that all is well; `incidents` worst first, `reading` of the `figure_wanted`."""
    if incidents:
        return _of_incident(incidents, rows, cause, reading, now=now)
    burning = _burning(rows)
    if burning and cause:
        return _of_burning(burning, cause)
    quiet = [row for row in rows if row.state in ("no_data", "stale")]
    if quiet and clock.face() is not None:
        return _of_catching_up()
    if quiet:
        return _of_quiet(quiet)
    healthy = [row for row in rows if row.state == "ok"]
    return _of_peace(project, len(healthy), now=now) if healthy else _of_unpromised(project, len(rows))


def _burning(rows: list[ModelRow]) -> list[ModelRow]:
    return [row for row in rows if row.state in ("exhausted", "burning")]


def _spending(row: ModelRow) -> Judged:
    return next(one for one in row.slos if one.status.state in ("exhausted", "burning"))


def _row_of(incident: Incident, rows: list[ModelRow]) -> ModelRow | None:
    return next((one for one in rows if one.model.pk == incident.model_id), None)


def _of_incident(
    incidents: list[Incident],
    rows: list[ModelRow],
    cause: Judged | None,
    reading: Reading | None,
    *,
    now: datetime,
) -> Verdict:
    worst = incidents[0]
    row = _row_of(worst, rows)
    links = [Link(reverse("panel:incident", args=[worst.number]), _("Open incident %(name)s") % {"name": worst})]
    links += [
        Link(reverse("panel:runbook", args=[book.project.slug, book.slug]), _("Runbook: %(title)s") % {"title": book})
        for book in runbooks_for(worst)[:1]
    ]
    subject = f"{row.model} {row.version}".strip() if row else shipped(worst.title)
    since = write.moment(worst.impact_started_at, now=now)
    return Verdict(
        tone="bad" if worst.severity == Severity.PAGE else "warn",
        headline=_headline(incidents, rows),
        subject=subject,
        sentence=describe(cause, reading, since)
        if cause and reading
        else _("%(title)s since %(since)s.") % {"title": shipped(worst.title), "since": since},
        outlook=outlook(cause.slo, cause.status) if cause else "",
        links=links,
        cause=cause,
    )


def _headline(incidents: list[Incident], rows: list[ModelRow]) -> str:
    burning = len(_burning(rows))
    if burning:
        text = ngettext(
            "%(count)d model is burning its error budget", "%(count)d models are burning their error budget", burning
        )
        return text % {"count": burning}
    count = len(incidents)
    return ngettext("%(count)d incident is open", "%(count)d incidents are open", count) % {"count": count}


def _cause(row: ModelRow | None, causes: Collection[int]) -> Judged | None:
    """The SLO whose rule fired in the incident; none for plain thresholds."""
    if row is None:
        return None
    return next((one for one in row.slos if one.slo.pk in causes), None)


def describe(judged: Judged, reading: Reading, since: str) -> str:
    """p95 latency 412 ms, objective at most 300 ms, since 21:40."""
    seen = shown(judged.slo)
    if seen is None:
        return _("%(slo)s, since %(since)s.") % {"slo": judged.slo, "since": since}
    return _("%(label)s %(value)s, objective %(objective)s, since %(since)s.") % {
        "label": seen.label,
        "value": write.figure(reading.value, seen.unit),
        "objective": seen.objective,
        "since": since,
    }


def outlook(slo: SLO, status: SLOStatus) -> str:
    """How long the budget lasts at this rate, in words."""
    length = write.span(slo.window)
    if status.budget_left is not None and status.budget_left <= 0:
        return _("The budget of %(window)s is spent: %(left)s left.") % {
            "window": length,
            "left": write.percent_floor(status.budget_left, 0),
        }
    if status.exhausts_in_s is None:
        return _("The budget is not shrinking at the moment.")
    return _("At the current rate the budget of %(window)s ends in %(left)s.") % {
        "window": length,
        "left": write.span(status.exhausts_in_s),
    }


def _of_burning(rows: list[ModelRow], judged: Judged) -> Verdict:
    row, count = rows[0], len(rows)
    return Verdict(
        tone="warn",
        headline=ngettext("%(count)d model has little budget left", "%(count)d models have little budget left", count)
        % {"count": count},
        subject=f"{row.model} {row.version}".strip(),
        sentence=_("no rule has fired, but the SLO “%(slo)s” is spending its budget.") % {"slo": judged.slo},
        outlook=outlook(judged.slo, judged.status),
        links=[Link(reverse("panel:slo", args=[judged.slo.project.slug, judged.slo.slug]), _("Open the SLO"))],
        cause=judged,
    )


def _of_catching_up() -> Verdict:
    """A story's clock goes in steps, and between two of them silence says nothing."""
    return Verdict("ok", _("The story is being told"), sentence=_("What you see is how things stood at its time."))


def _of_quiet(rows: list[ModelRow]) -> Verdict:
    row, count = rows[0], len(rows)
    text = ngettext("No news from %(count)d model", "No news from %(count)d models", count)
    stale = row.state == "stale"
    return Verdict(
        tone="warn",
        headline=text % {"count": count},
        subject=str(row.model),
        sentence=_("its events wait in the inbox; figures are old until they are drained.")
        if stale
        else _("nothing has arrived in the last 15 minutes. Silence is not health."),
        links=[Link(reverse("panel:collection", args=[row.model.project.slug]), _("Collection health"))],
    )


def _of_unpromised(project: Project, count: int) -> Verdict:
    arrive = ngettext("Events of %(count)d model arrive", "Events of %(count)d models arrive", count)
    return Verdict(
        "none",
        arrive % {"count": count},
        sentence=_("Nobody has said what healthy means yet: promise something, or make a rule, and it is judged here."),
        links=[Link(reverse("panel:suggested_slos", args=[project.slug]), _("Suggested objectives"))],
    )


def _of_peace(project: Project, count: int, *, now: datetime) -> Verdict:
    healthy = ngettext("%(count)d model is healthy", "%(count)d models are healthy", count) % {"count": count}
    last = (
        Incident.objects.filter(project=project, resolved_at__isnull=False)
        .exclude(state=Incident.State.MERGED)
        .order_by("-resolved_at")
        .first()
    )
    if last is None or last.resolved_at is None:
        return Verdict("ok", _("All is well"), healthy, _("There has been no incident yet."))
    return Verdict(
        "ok",
        _("All is well"),
        healthy,
        _("The last incident, %(name)s, ended %(ago)s ago.")
        % {"name": last, "ago": write.span(now - last.resolved_at)},
        links=[Link(reverse("panel:incident", args=[last.number]), _("Look at %(name)s") % {"name": last})],
    )
