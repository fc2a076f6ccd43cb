"""The draft of a review: computed from what was recorded, in the reader's language, until somebody edits it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import gettext, ngettext, pgettext

from alerting.models import Alert, AlertTransition, Incident, IncidentEvent
from alerting.selectors.incidents import TimelineEntry, incident_timeline, suspect_changes
from alerting.wording import describe_value
from runbooks.impact import impact_lines
from runbooks.models import Review, Run, RunStep
from runbooks.words import moment, one_line, span


@dataclass(frozen=True, slots=True)
class IncidentTimes:
    """Impact to opened, opened to first acknowledged, impact to mitigated and to resolved; None for what has not happened."""

    detect: timedelta | None
    acknowledge: timedelta | None
    mitigate: timedelta | None
    resolve: timedelta | None


def times(incident: Incident) -> IncidentTimes:
    """The durations of an incident, in story time. One that was reopened was answered when it first was, and is over when it last was."""
    began, opened = incident.impact_started_at, incident.opened_at
    return IncidentTimes(
        detect=opened - began,
        acknowledge=incident.answered_at - opened if incident.answered_at else None,
        mitigate=incident.mitigated_at - began if incident.mitigated_at else None,
        resolve=incident.resolved_at - began if incident.resolved_at else None,
    )


def draft_body(review: Review) -> str:
    """Markdown in the active language. What only people know stays an empty section under its heading."""
    incident = review.incident
    sections = [
        (gettext("Impact"), _bullets(_impact(incident))),
        (gettext("Detection"), _bullets(_detection(incident))),
        (pgettext("how long it took", "Times"), _bullets(_times(incident))),
        (gettext("Timeline"), _bullets(_timeline_line(entry) for entry in incident_timeline(incident))),
        (gettext("Changes shortly before"), _bullets(_changes(incident))),
        (gettext("What the runbook showed"), _runs(incident)),
        (gettext("What went well"), ""),
        (gettext("What went poorly"), ""),
        (gettext("Where we were lucky"), ""),
    ]
    return "\n\n".join(f"## {title}\n\n{text}".strip() for title, text in sections) + "\n"


def _impact(incident: Incident) -> list[str]:
    end = moment(incident.resolved_at) if incident.resolved_at else gettext("not over yet")
    lines = [
        gettext("From %(start)s to %(end)s (%(zone)s).")
        % {"start": moment(incident.impact_started_at), "end": end, "zone": settings.TIME_ZONE}
    ]
    if incident.model:
        lines.append(gettext("Model: %(model)s.") % {"model": incident.model})
    merged = ", ".join(str(one) for one in incident.merged.order_by("number"))
    if merged:
        lines.append(gettext("Merged into it: %(incidents)s.") % {"incidents": merged})
    again = incident.events.filter(kind=IncidentEvent.Kind.REOPENED).count()
    if again:
        told = ngettext("Reopened %(n)d time.", "Reopened %(n)d times.", again)
        lines.append(told % {"n": again})
    return [*lines, *impact_lines(incident)]


def _detection(incident: Incident) -> list[str]:
    """Which rules fired, when and why; who was told."""
    family = [incident.pk, *incident.merged.values_list("pk", flat=True)]
    fired = AlertTransition.objects.filter(incident__in=family, to_state=Alert.State.FIRING)
    lines = [
        gettext("%(at)s: the rule “%(rule)s” fired (%(saw)s).")
        % {
            "at": moment(row.at),
            "rule": one_line(row.alert.rule.name),
            "saw": describe_value(row.alert.rule, row.value) or row.reason,
        }
        for row in fired.select_related("alert__rule__slo", "alert__rule__model")
    ]
    messages = IncidentEvent.objects.filter(incident__in=family, kind=IncidentEvent.Kind.NOTIFIED)
    told = dict.fromkeys(messages.values_list("text", flat=True))
    if told:
        lines.append(gettext("Told: %(channels)s.") % {"channels": ", ".join(told)})
    else:
        lines.append(gettext("No message was sent."))
    return lines


def _times(incident: Incident) -> list[str]:
    took = times(incident)
    lines = [
        gettext("To detect: %(span)s (from the first bad event to the incident)") % {"span": span(took.detect)},
        gettext("To acknowledge: %(span)s (from the incident to the first person)") % {"span": span(took.acknowledge)},
        gettext("To resolve: %(span)s (from the first bad event to the end)") % {"span": span(took.resolve)},
    ]
    if took.mitigate is not None:
        told = gettext("To mitigate: %(span)s (from the first bad event until the damage stopped)")
        lines.insert(2, told % {"span": span(took.mitigate)})
    return lines


def _timeline_line(entry: TimelineEntry) -> str:
    who = f" ({entry.actor})" if entry.actor else ""
    what = one_line(str(entry.text))
    who = f"{who} [{entry.of}]" if entry.of else who
    return f"{moment(entry.at)} **{entry.title}**{who}" + (f": {what}" if what else "")


def _changes(incident: Incident) -> list[str]:
    found = [
        f"{moment(change.at)} {change}" + (f": {one_line(change.remark)}" if change.remark else "")
        for change in suspect_changes(incident)
    ]
    return found or [gettext("None was recorded.")]


def _runs(incident: Incident) -> str:
    steps = Prefetch("steps", RunStep.objects.select_related("done_by"))
    rows = Run.objects.filter(incident=incident).select_related("runbook").prefetch_related(steps)
    runs = rows.order_by("started_at", "id")
    parts = [
        f"### {one_line(run.runbook.title)}\n\n" + _bullets(_step(step) for step in run.steps.all()) for run in runs
    ]
    return "\n\n".join(parts) or gettext("No runbook was followed.")


def _step(step: RunStep) -> str:
    if step.done_at is None:
        return f"☐ {one_line(step.title)}"
    line = f"☑ {one_line(step.title)} ({step.done_by or '—'}, {moment(step.done_at)})"
    return f"{line}: {one_line(step.note)}" if step.note else line


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
