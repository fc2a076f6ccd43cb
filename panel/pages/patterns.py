"""Log lines by pattern: how many, since when, and whether they are new; the form is the URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lib import charts
from models_registry.models import Model, Project
from monitoring.measures.series import edges_between
from monitoring.models import LogRecord
from monitoring.selectors.patterns import Pattern, read_patterns, samples_of
from monitoring.stats.log_levels import ERRORS, LEVELS
from panel import format as write
from panel.pages.ranges import RANGES, chosen
from panel.pages.select import Field

SHOWN: Final = 100
STEPS: Final = {"24h": timedelta(hours=1), "7d": timedelta(hours=6), "30d": timedelta(days=1)}
NEW: Final = "new"


@dataclass(frozen=True, slots=True)
class Row:
    """A pattern, with what people see of it; `lines` is the query of its lines, empty for all past the cap."""

    told: Pattern
    share: str
    trend: SafeString
    sample: LogRecord | None
    lines: str


@dataclass(frozen=True, slots=True)
class PatternsPage:
    """All that the page shows; `problem` says what of the URL could not be followed."""

    fields: list[Field]
    rows: list[Row]
    start: datetime
    total: int
    new: int
    left_out: int
    problem: str
    narrowed: bool


def patterns_page(project: Project, asked: Mapping[str, str], *, now: datetime) -> PatternsPage:
    """The most frequent patterns of the range that the URL asks for, whole hours up to now."""
    span = chosen(asked.get("range"))
    start = (now - span.length).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    models = {model.slug: model for model in Model.objects.filter(project=project)}
    slug, level = asked.get("model", ""), asked.get("level", "")
    problem = _("There is no such model or service; all of them are shown.") if slug and slug not in models else ""
    found = read_patterns(
        project,
        edges_between(start, now, STEPS[span.key]),
        model=models.get(slug),
        level=level,
        only_new=asked.get("seen") == NEW,
    )
    shown = found.items[:SHOWN]
    samples = samples_of(shown)
    picked = {"range": span.key, "model": slug if slug in models else "", "level": level, "seen": asked.get("seen", "")}
    return PatternsPage(
        fields=_fields(models, picked),
        rows=[_row(one, found.total, samples.get(one.sample_ref), start) for one in shown],
        start=start,
        total=found.total,
        new=sum(one.is_new for one in found.items),
        left_out=len(found.items) - len(shown),
        problem=problem,
        narrowed=any(value for name, value in picked.items() if name != "range"),
    )


def _fields(models: Mapping[str, Model], picked: Mapping[str, str]) -> list[Field]:
    levels = [*LEVELS, *([picked["level"]] if picked["level"] not in ("", *LEVELS) else [])]
    named = [(slug, str(model)) for slug, model in models.items()]
    return [
        Field("range", _("Range"), picked["range"], [(key, span.label) for key, span in RANGES.items()]),
        Field("model", _("Model or service"), picked["model"], [("", _("any")), *named]),
        Field("level", _("Exact level"), picked["level"], [("", _("any")), *((one, one) for one in levels)]),
        Field("seen", _("Seen"), picked["seen"], [("", _("any")), (NEW, _("first in this range"))]),
    ]


def _row(one: Pattern, total: int, sample: LogRecord | None, start: datetime) -> Row:
    lines = {"pattern": one.id, "model": one.model.slug, "from": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return Row(
        one,
        write.percent(one.count / total) if total else "",
        charts.sparkline(
            one.trend, title=_("Lines of this pattern over the range"), tone="bad" if one.level in ERRORS else "accent"
        ),
        sample,
        urlencode(lines) if one.id else "",
    )
