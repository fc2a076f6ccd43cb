"""Changes of prices that an incident of an LLM application may have to do with."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.utils.translation import gettext as _

from models_registry.models import Job, Project
from monitoring.models import OwnPrice
from monitoring.reprice import KIND


@dataclass(frozen=True, slots=True)
class PriceChange:
    """From when, and what in the active language."""

    at: datetime
    title: str
    text: str


def price_changes(project: Project, *, start: datetime, end: datetime | None) -> list[PriceChange]:
    """Own prices whose first day lies between them, and past calls that were priced again; `end` None: no bound."""
    prices = OwnPrice.objects.filter(project=project, valid_from__gte=start.astimezone(UTC).date())
    found = [_began(price) for price in prices.order_by("valid_from", "name")]
    jobs = Job.objects.filter(project=project, kind=KIND, state=Job.State.DONE, finished_at__gte=start)
    found += [_again(job) for job in jobs.order_by("finished_at") if not job.arguments.get("dry_run")]
    return [one for one in found if start <= one.at and (end is None or one.at <= end)]


def _began(price: OwnPrice) -> PriceChange:
    at = datetime.combine(price.valid_from or date.min, time(), UTC)
    return PriceChange(at, _("Price change: %(model)s") % {"model": price.model}, price.name)


def _again(job: Job) -> PriceChange:
    at = job.finished_at or job.created_at
    text = _("%(changed)s of %(seen)s calls have another price now.")
    facts = {name: job.report.get(name, 0) for name in ("changed", "seen")}
    return PriceChange(at, _("Past calls were priced again"), text % facts)
