"""Changes of prices that an incident of an LLM application may have to do with."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from django.utils.translation import gettext as _

from models_registry.models import Job, Project, User
from monitoring.models import OwnPrice, PriceEdit
from monitoring.prices.edits import FIELDS
from monitoring.prices.reprice import KIND

MOST_EDITS: Final = 200
NOTHING: Final = "—"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """From when, what in the active language, and who did it, if a person did."""

    at: datetime
    title: str
    text: str
    by: User | None = None


def price_changes(project: Project, *, start: datetime, end: datetime | None) -> list[PriceChange]:
    """Edits of own prices, own prices whose first day lies between them, and past calls that were priced again.

    `end` None: no bound.
    """
    prices = OwnPrice.objects.filter(project=project, valid_from__gte=start.astimezone(UTC).date())
    found = [_began(price) for price in prices.order_by("valid_from", "name")]
    found += [_edited(edit) for edit in _edits(project, start, end)]
    jobs = Job.objects.filter(project=project, kind=KIND, state=Job.State.DONE, finished_at__gte=start)
    found += [_again(job) for job in jobs.order_by("finished_at") if not job.arguments.get("dry_run")]
    return [one for one in found if start <= one.at and (end is None or one.at <= end)]


def _edits(project: Project, start: datetime, end: datetime | None) -> list[PriceEdit]:
    """Of very many the newest."""
    rows = PriceEdit.objects.filter(project=project, at__gte=start).select_related("by")
    rows = rows if end is None else rows.filter(at__lte=end)
    return list(rows.order_by("-at", "-id")[:MOST_EDITS])[::-1]


def _began(price: OwnPrice) -> PriceChange:
    at = datetime.combine(price.valid_from or date.min, time(), UTC)
    return PriceChange(at, _("Price change: %(model)s") % {"model": price.model}, price.name)


def _edited(edit: PriceEdit) -> PriceChange:
    """A new price has nothing before."""
    if edit.removed:
        return PriceChange(edit.at, _("Price removed: %(model)s") % {"model": edit.model}, edit.name, edit.by)
    fresh = all(was is None for was, _became in edit.changed.values())
    title = _("Price set: %(model)s") if fresh else _("Price edited: %(model)s")
    turns = ", ".join(_turn(name, *edit.changed[name]) for name in FIELDS if name in edit.changed)
    return PriceChange(edit.at, title % {"model": edit.model}, f"{edit.name}: {turns}", edit.by)


def _turn(name: str, was: object, became: object) -> str:
    words = next(one.verbose_name for one in OwnPrice._meta.concrete_fields if one.name == name)
    values = (NOTHING if value is None else str(value) for value in (was, became))
    return f"{words} {' → '.join(values)}"


def _again(job: Job) -> PriceChange:
    at = job.finished_at or job.created_at
    text = _("%(changed)s of %(seen)s calls have another price now.")
    facts = {name: job.report.get(name, 0) for name in ("changed", "seen")}
    return PriceChange(at, _("Past calls were priced again"), text % facts)
