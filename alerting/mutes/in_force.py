"""What keeps alerts quiet at a moment: silences, maintenance windows, and other alerts. Read when messages are written and again when they leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from alerting.labels.inhibition import Rule, inhibitor
from alerting.labels.matchers import Matcher, all_match, from_json
from alerting.models import Alert, Incident, Inhibition, Maintenance, Silence
from monitoring.stats.recurrence import opening

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mute:
    """One reason to be quiet. `until` is unknown for an inhibition, which lasts as long as `by` fires."""

    why: Silence | Maintenance | Inhibition
    until: datetime | None = None
    by: Labels | None = None


class Quiet:
    """What is quiet in a project at `now`. Each list is read once, when it is first needed."""

    def __init__(self, project_id: int, *, now: datetime) -> None:
        self.project_id, self.now = project_id, now

    @cached_property
    def silences(self) -> list[tuple[list[Matcher], Mute]]:
        """Active ones, the longest first."""
        rows = Silence.objects.filter(project=self.project_id, starts_at__lte=self.now, ends_at__gt=self.now)
        ordered = rows.select_related("owner").order_by("-ends_at")
        return [(silence.asked, Mute(silence, silence.ends_at)) for silence in ordered]

    @cached_property
    def maintenances(self) -> list[tuple[list[Matcher], Mute]]:
        """Windows that are open."""
        rows = Maintenance.objects.filter(project=self.project_id, enabled=True)
        found = [(row, opening(row.weekly, at=self.now)) for row in rows]
        return [(row.asked, Mute(row, opened[1])) for row, opened in found if opened]

    @cached_property
    def inhibitions(self) -> list[tuple[Inhibition, Rule]]:
        """Enabled ones."""
        rows = Inhibition.objects.filter(project=self.project_id, enabled=True)
        return [
            (row, Rule(tuple(from_json(row.source)), tuple(from_json(row.target)), frozenset(row.equal)))
            for row in rows
        ]

    @cached_property
    def firing(self) -> list[Labels]:
        """Alerts that could inhibit others; silenced or not."""
        rows = Alert.objects.filter(rule__project=self.project_id, state=Alert.State.FIRING)
        return [alert.wire_labels for alert in rows.select_related("rule").order_by("id")]

    def mutes(self, labels: Labels) -> list[Mute]:
        """Every reason why an alert with these labels is quiet: silences, then windows, then inhibitions."""
        timed = [mute for matchers, mute in [*self.silences, *self.maintenances] if all_match(matchers, labels)]
        inhibited = [
            Mute(row, by=source)
            for row, rule in self.inhibitions
            if (source := inhibitor(rule, labels, self.firing)) is not None
        ]
        return timed + inhibited

    def mute_of(self, incident: Incident) -> Mute | None:
        """Why the incident is quiet: each of its alerts is."""
        return self.mute_of_all(alert_labels(incident))

    def mute_of_all(self, labelled: Sequence[Labels]) -> Mute | None:
        """Why all of these alerts are quiet. The reason that ends first, because then somebody must be told."""
        reasons = [next(iter(self.mutes(labels)), None) for labels in labelled]
        known = [reason for reason in reasons if reason is not None]
        if len(known) < len(reasons):
            return None
        return min(known, key=lambda mute: (mute.until is None, mute.until), default=None)


def alert_labels(incident: Incident) -> Sequence[Labels]:
    """Labels of the alerts that are its matter now: those firing, else all; without any, its group and model."""
    alerts = list(incident.alerts.select_related("rule").order_by("id"))
    firing = [alert.wire_labels for alert in alerts if alert.state == Alert.State.FIRING]
    return firing or [alert.wire_labels for alert in alerts] or [group_labels(incident)]


def group_labels(incident: Incident) -> dict[str, str]:
    """What alerts of the incident have in common, its model among it."""
    model = {"model": incident.model.slug} if incident.model else {}
    return {**model, **incident.group_labels}
