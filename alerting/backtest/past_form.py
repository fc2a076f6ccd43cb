"""Which past the preview of a rule asks, as a person types it beside the rule's form."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext_lazy as _

DAYS: Final = 7
MOST_DAYS: Final = 3_650
EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)  # nothing is counted before 1970, and the longest range ends here


class Moment(forms.DateTimeField):
    """A time on the wall of whoever types it, by the browser's own field."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": _("Write a date and a time: 2026-11-23T18:00.")}


class PastForm(forms.Form):
    """The last days, or from one moment until another; what is left empty is as it was said for it."""

    prefix = "past"
    days = forms.IntegerField(
        label=_("Days"),
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=_("How many days back, where no start is given; 7 if empty."),
    )
    start = Moment(label=_("From"), required=False, help_text=_("Any past, as far back as summaries reach."))
    end = Moment(label=_("Until"), required=False, help_text=_("Empty: now."))

    def __init__(self, data: Any = None, *, now: datetime) -> None:
        super().__init__(data, initial={"days": DAYS})
        self.now = now

    def clean(self) -> dict[str, Any]:
        """A past that there was."""
        given: dict[str, Any] = super().clean() or {}
        start, end = given.get("start"), given.get("end")
        for name, moment in (("start", start), ("end", end)):
            if moment and moment < EARLIEST:
                self.add_error(name, _("Nothing is known from so long ago: say a later time."))
        if start and start >= self.now:
            self.add_error("start", _("This is not over yet: say a time before now."))
        elif start and end and end <= start:
            self.add_error("end", _("It must end after it starts."))
        return given

    def refuse(self, problem: str) -> None:
        """What else is wrong with the range, beside the field that makes it so."""
        self.add_error("start" if self.is_bound and self.cleaned_data.get("start") else "days", problem)

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """[start, end) as it is asked for; None where that makes no sense."""
        if not self.is_bound:
            return self.now - timedelta(days=DAYS), self.now
        if not self.is_valid():
            return None
        end = min(self.cleaned_data["end"] or self.now, self.now)
        return self.cleaned_data["start"] or end - timedelta(days=self.cleaned_data["days"] or DAYS), end
