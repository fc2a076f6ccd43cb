"""What an objective does not count as it was: the stretches, what each really leaves out, and a form for another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import shorten

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerting.models import Incident
from monitoring.corrections import Corrected, corrected
from monitoring.models import SLO, Correction
from panel import format as write
from panel.pages.plot import Band

MINUTE = timedelta(minutes=1)
ONE, MODEL = "slo", "model"
MOST_REASON = 2_000
LABEL = 60


class CorrectionForm(forms.Form):
    """A stretch of time as a person writes it."""

    starts_at = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ends_at = forms.DateTimeField(
        label=gettext_lazy("Until"),
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


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One line of the list."""

    correction: Correction
    start: datetime
    end: datetime
    of: str
    covers: str
    # What it really covers.
    within: tuple[datetime, datetime]

    @property
    def holds(self) -> bool:
        """Whether nobody has taken it back."""
        return self.correction.withdrawn_at is None


def correction_rows(slo: SLO, *, now: datetime) -> list[CorrectionRow]:
    """The newest first, withdrawn ones too."""
    return [
        CorrectionRow(
            one.correction,
            one.correction.starts_at,
            one.correction.ends_at,
            _of(one.correction),
            _covers(slo, one),
            (one.start, one.end),
        )
        for one in corrected(slo, now=now)
    ]


def correction_bands(rows: Sequence[CorrectionRow], *, start: datetime, end: datetime) -> list[Band]:
    """Those that hold, as far as they reach into the range, oldest first."""
    found = []
    for row in reversed(rows):
        low, high = max(row.within[0], start), min(row.within[1], end)
        if row.holds and low < high:
            found.append(Band(low, high, _label(row.correction), "#corrections", "corrected"))
    return found


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
    if not one.widened:
        return told
    span = {"start": write.moment(one.start), "end": write.moment(one.end), "told": told}
    if slo.sliced:
        return _("%(told)s; whole slices, so from %(start)s to %(end)s") % span
    return _("%(told)s; minutes are no longer kept, so whole hours from %(start)s to %(end)s") % span


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
