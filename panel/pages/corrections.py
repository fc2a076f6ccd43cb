"""What an objective does not count as it was: the stretches, what each really leaves out, and a form for another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import shorten
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alerting.models import Incident, Maintenance
from alerting.mutes.planned import windows_beside
from monitoring.models import SLO, Correction
from monitoring.slo.corrections import Corrected, corrected
from panel import format as write
from panel.pages.planned import quiet_form
from panel.pages.plot import Band

MINUTE = timedelta(minutes=1)
ONE, MODEL = "slo", "model"
MOST_REASON = 2_000
LABEL = 60
UTC = "UTC"
DAYS = WEEKDAYS_ABBR | {
    5: gettext_lazy("Sat")
}  # named here, so that the catalogue gives it the accent that Django's lacks
AGAIN = ("start", "end", "time_zone")


class CorrectionForm(forms.Form):
    """A stretch of time as a person writes it, or one that comes again."""

    starts_at = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ends_at = forms.DateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("Empty only where it comes again: until somebody ends it."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    effect = forms.ChoiceField(label=gettext_lazy("Its events count"), choices=Correction.Effect.choices)
    of = forms.ChoiceField(
        label=gettext_lazy("Holds for"),
        choices=[(ONE, gettext_lazy("this SLO")), (MODEL, gettext_lazy("every SLO of this model"))],
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=MOST_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )
    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Comes again on"),
        required=False,
        coerce=int,
        choices=list(DAYS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    start = forms.TimeField(
        label=gettext_lazy("from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    end = forms.TimeField(
        label=gettext_lazy("until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("At or before the beginning: on the next day."),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("time zone"),
        required=False,
        max_length=64,
        initial=timezone.get_current_timezone_name,
        help_text=gettext_lazy("Such as America/Sao_Paulo, Europe/Berlin, UTC."),
    )

    @property
    def once(self) -> list[forms.BoundField]:
        """What every correction has."""
        return [self[name] for name in ("starts_at", "ends_at", "effect", "of", "reason")]

    @property
    def again(self) -> list[forms.BoundField]:
        """When it comes again, beside the days."""
        return [self[name] for name in AGAIN]

    @property
    def is_open_again(self) -> bool:
        """Whether somebody wrote something there."""
        return self.is_bound and any(self[name].data or self[name].errors for name in ("days", "start", "end"))

    def clean(self) -> dict[str, Any]:
        """What comes once is in no zone."""
        cleaned = super().clean() or {}
        if not any(cleaned.get(name) for name in ("days", "start", "end")):
            cleaned["time_zone"] = UTC
        return cleaned


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One line of the list: when it is or comes, within what where it comes again, for whom, what it really covers."""

    when: str
    within: str
    of: str
    covers: str
    corrected: Corrected
    # Whether it goes on, and can be ended.
    goes_on: bool
    # What keeps alerts quiet at the same times, and the form for that where nothing does and it is not over.
    windows: list[Maintenance]
    quiet: str

    @property
    def correction(self) -> Correction:
        """As it was written."""
        return self.corrected.correction

    @property
    def holds(self) -> bool:
        """Whether nobody has taken it back."""
        return self.correction.withdrawn_at is None


def correction_rows(slo: SLO, *, now: datetime) -> list[CorrectionRow]:
    """Those that go on first, then the newest, withdrawn ones too."""
    found = corrected(slo, now=now)
    beside = windows_beside(one.correction for one in found)
    return [_row(slo, one, beside.get(one.correction.pk, []), now=now) for one in found]


def _row(slo: SLO, one: Corrected, windows: list[Maintenance], *, now: datetime) -> CorrectionRow:
    row = one.correction
    again, limits = when_of(row), _limits(row)
    goes_on = row.weekly is not None and row.starts_at < now < row.until
    when, within = (again, limits) if again else (limits, "")
    return CorrectionRow(when, within, _of(row), _covers(slo, one), one, goes_on, windows, quiet_form(row, now=now))


def when_of(row: Correction | Maintenance) -> str:
    """On which days it comes again, from when until when on which wall's clock; empty where it comes once."""
    weekly = row.weekly
    if weekly is None:
        return ""
    every = len(weekly.days) == len(DAYS)
    days = _("every day") if every else ", ".join(str(DAYS[day]) for day in sorted(weekly.days))
    named = {"days": days, "start": f"{weekly.start:%H:%M}", "end": f"{weekly.end:%H:%M}", "zone": row.time_zone}
    return _("%(days)s, %(start)s–%(end)s %(zone)s") % named


def _limits(row: Correction) -> str:
    start = write.moment(row.starts_at)
    return f"{start} – {write.moment(row.ends_at)}" if row.ends_at else _("from %(start)s on") % {"start": start}


def correction_bands(rows: Sequence[CorrectionRow], *, start: datetime, end: datetime) -> list[Band]:
    """Those that hold, each time that they reach into the range, oldest first."""
    found = []
    for row in rows:
        spans = row.corrected.covers(start=start, end=end) if row.holds else []
        clipped = [(max(low, start), min(high, end)) for low, high in spans]
        label = _label(row.correction)
        found += [Band(low, high, label, "#corrections", "corrected") for low, high in clipped if low < high]
    return sorted(found, key=lambda band: band.start)


def _label(row: Correction) -> str:
    good = row.effect == Correction.Effect.GOOD
    text = _("counted as good: %(reason)s") if good else _("left out: %(reason)s")
    return text % {"reason": shorten(row.reason, LABEL, placeholder="…")}


def _of(row: Correction) -> str:
    if row.slo_id:
        return _("this SLO")
    return _("every SLO of %(model)s") % {"model": row.model} if row.model else _("every SLO of the project")


def _covers(slo: SLO, one: Corrected) -> str:
    """What it really does to the window of the budget."""
    if one.correction.withdrawn_at is not None:
        return ""
    numbers = {"bad": write.number(round(one.bad)), "valid": write.number(round(one.valid))}
    if slo.sliced:
        told = _("%(bad)s bad of %(valid)s slices of the window") % numbers
    else:
        told = _("%(bad)s bad of %(valid)s events of the window") % numbers
    if one.correction.weekly is not None:
        return _covers_again(slo, one, told)
    if not one.widened:
        return told
    [(start, end)] = one.spans
    span = {"start": write.moment(start), "end": write.moment(end), "told": told}
    if slo.sliced:
        return _("%(told)s; whole slices, so from %(start)s to %(end)s") % span
    return _("%(told)s; minutes are no longer kept, so whole hours from %(start)s to %(end)s") % span


def _covers_again(slo: SLO, one: Corrected, told: str) -> str:
    """The same of one that comes again: how often it came, in place of when."""
    count = len(one.spans)
    often = ngettext("%(count)d time in the window", "%(count)d times in the window", count) % {"count": count}
    told = f"{often}: {told}" if count else _("not once in the window")
    if not one.widened:
        return told
    if slo.sliced:
        return _("%(told)s; whole slices") % {"told": told}
    return _("%(told)s; whole hours where minutes are no longer kept") % {"told": told}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What leaving an incident out of budgets would mean: which objectives can be named, and the stretch."""

    slos: list[SLO]
    start: datetime
    end: datetime


def exclusion_of(incident: Incident, *, now: datetime) -> Exclusion | None:
    """Whole minutes from the onset to the end, or until now; None where no objective is concerned."""
    slos = list(SLO.objects.filter(_concerned(incident), project=incident.project_id).distinct())
    start = incident.impact_started_at.replace(second=0, microsecond=0)
    end = (incident.resolved_at or now).replace(second=0, microsecond=0) + MINUTE
    return Exclusion(slos, start, max(end, start + MINUTE)) if slos else None


def _concerned(incident: Incident) -> Q:
    """Objectives that its rules watch, and those of its model."""
    found = Q(rules__alerts__incident=incident)
    return found | Q(model=incident.model_id) if incident.model_id else found


def correction_of(
    incident: Incident, *, slo: SLO | None, effect: str, reason: str, author: str, now: datetime
) -> Correction:
    """The incident as a stretch to be left out, of one objective or of all of its model."""
    found = exclusion_of(incident, now=now)
    return Correction(
        project=incident.project,
        slug=f"incident-{incident.number}",
        slo=slo,
        model=incident.model if slo is None else None,
        starts_at=found.start if found else incident.impact_started_at,
        ends_at=found.end if found else now,
        effect=effect,
        reason=reason,
        author=author,
    )
