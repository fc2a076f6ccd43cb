"""What a job that prices past calls again has to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from models_registry.models import Job
from monitoring.prices.reprice import OTHER
from panel import format as write

SHOWN = 20
NANO_PLACES = -9


@dataclass(frozen=True, slots=True)
class PriceChange:
    """Calls of one language model that go from one price to another."""

    told: str
    prices: str


def told_of(job: Job) -> str:
    """How many calls change, and their money before and after."""
    report = job.report
    words = {
        "changed": write.number(report["changed"]),
        "seen": write.number(report["seen"]),
        "old": _money(report["old_nano"]),
        "new": _money(report["new_nano"]),
    }
    if job.arguments.get("dry_run"):
        return _("%(changed)s of %(seen)s calls would change: %(old)s → %(new)s. Nothing was changed.") % words
    return _("%(changed)s of %(seen)s calls changed: %(old)s → %(new)s.") % words


def changes_of(job: Job) -> Sequence[PriceChange]:
    """The largest differences first."""
    lines = sorted(job.report["lines"], key=lambda line: -abs(line["new_nano"] - line["old_nano"]))[:SHOWN]
    return [
        PriceChange(
            _("%(model)s, %(calls)s calls: %(old)s → %(new)s")
            % {
                "model": line["model"].lstrip("/") if line["model"] != OTHER else _("everything else"),
                "calls": write.number(line["calls"]),
                "old": _money(line["old_nano"]),
                "new": _money(line["new_nano"]),
            },
            f"{line['old_price'] or _('unpriced')} → {line['new_price']}",
        )
        for line in lines
    ]


def _money(nano: int) -> str:
    return write.money_exact(Decimal(nano).scaleb(NANO_PLACES))
