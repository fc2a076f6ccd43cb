"""What is kept quiet: silences with what they hide, maintenance windows with when they open, inhibitions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from alerting.form_fields import MatchersField, written
from alerting.labels.matchers import Matcher
from alerting.models import Alert, Inhibition, Maintenance, Notification, Silence
from alerting.mutes.planned import corrections_beside
from alerting.mutes.silences import MAX_COMMENT, MAX_HOURS
from alerting.selectors.hidden import active_alerts, hidden_counts, hidden_messages, matching
from models_registry.models import Project
from monitoring.models import Correction
from monitoring.stats.recurrence import opening, openings
from panel.pages.corrections import when_of
from panel.pages.planned import correction_form, named_things

ENDED_SHOWN: Final = 25
MESSAGES_SHOWN: Final = 100
ALERTS_SHOWN: Final = 50


class SilenceForm(forms.Form):
    """A silence as a person asks for it."""

    matchers = MatchersField(label=_("Alerts with"))
    starts = forms.DateTimeField(label=_("From"), required=False, help_text=_("Empty: now."))
    hours = forms.FloatField(label=_("For so many hours"), min_value=0.01, max_value=MAX_HOURS, initial=4)
    comment = forms.CharField(label=_("Why"), required=False, max_length=MAX_COMMENT)


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """One silence: its state, the alerts it hides now, the messages it held back."""

    silence: Silence
    state: str
    hides: int
    hid: int

    @property
    def asks(self) -> str:
        """Its matchers as people write them."""
        return written(self.silence.matchers)


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One maintenance window: open until when, or when next; what spares budgets at the same times, and the form for that."""

    window: Maintenance
    when: str
    asks: str
    open_until: datetime | None
    next: datetime | None
    corrections: list[Correction]
    form: str


@dataclass(frozen=True, slots=True)
class InhibitionRow:
    """One inhibition, its matchers as people write them."""

    inhibition: Inhibition
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The alerts that a silence would hide now."""

    alerts: list[Alert]
    count: int


@dataclass(frozen=True, slots=True)
class SilencesPage:
    """The list, with a form for another one."""

    rows: list[SilenceRow]
    ended: list[SilenceRow]
    windows: list[WindowRow]
    inhibitions: list[InhibitionRow]
    form: SilenceForm
    preview: Preview | None


@dataclass(frozen=True, slots=True)
class SilencePage:
    """One silence."""

    row: SilenceRow
    now: Preview
    messages: list[Notification]


def silences_page(
    project: Project, *, now: datetime, form: SilenceForm | None = None, matchers: Sequence[Matcher] | None = None
) -> SilencesPage:
    """The list; `form` as a person filled it in, `matchers` of the silence whose effect they want to see first."""
    silences = Silence.objects.filter(project=project).select_related("owner")
    alerts = active_alerts(project)
    return SilencesPage(
        rows=_rows(silences.filter(ends_at__gt=now).order_by("ends_at"), alerts, now),
        ended=_rows(silences.filter(ends_at__lte=now).order_by("-ends_at")[:ENDED_SHOWN], [], now),
        windows=_windows(project, now),
        inhibitions=[
            InhibitionRow(row, written(row.source), written(row.target))
            for row in Inhibition.objects.filter(project=project)
        ],
        form=SilenceForm() if form is None else form,
        preview=None if matchers is None else _preview(alerts, matchers),
    )


def silence_page(silence: Silence, *, now: datetime) -> SilencePage:
    """What it hides and hid."""
    alerts = active_alerts(silence.project)
    [row] = _rows([silence], alerts, now)
    return SilencePage(row, _preview(alerts, silence.asked), list(hidden_messages(silence)[:MESSAGES_SHOWN]))


def end_of(form: SilenceForm, *, now: datetime) -> tuple[datetime, datetime]:
    """Beginning and end that a valid form asks for."""
    starts = max(form.cleaned_data["starts"] or now, now)
    return starts, starts + timedelta(hours=form.cleaned_data["hours"])


def _preview(alerts: list[Alert], matchers: Sequence[Matcher]) -> Preview:
    found = matching(alerts, matchers)
    return Preview(found[:ALERTS_SHOWN], len(found))


def _rows(silences: Iterable[Silence], alerts: list[Alert], now: datetime) -> list[SilenceRow]:
    found = list(silences)
    hid = hidden_counts(found)
    return [SilenceRow(one, one.state_at(now), len(matching(alerts, one.asked)), hid.get(one.pk, 0)) for one in found]


def _windows(project: Project, now: datetime) -> list[WindowRow]:
    windows = list(Maintenance.objects.filter(project=project))
    beside, names = corrections_beside(windows, now=now), named_things(project) if windows else {}
    return [
        _window(one, beside.get(one.pk, []), correction_form(one, names, now=now) if one.enabled else "", now)
        for one in windows
    ]


def _window(window: Maintenance, corrections: list[Correction], form: str, now: datetime) -> WindowRow:
    opened = opening(window.weekly, at=now) if window.enabled else None
    later = openings(window.weekly, after=now, count=1) if window.enabled and not opened else []
    until, begins = opened[1] if opened else None, later[0][0] if later else None
    return WindowRow(window, when_of(window), written(window.matchers), until, begins, corrections, form)
