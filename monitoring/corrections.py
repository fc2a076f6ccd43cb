"""Write down what objectives shall not count as it was, take it back, and say what of it is really left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from django.core.exceptions import ValidationError

from models_registry.models import Project
from monitoring.books import BookAsk, budget_start, read_books_as_it_was, seconds
from monitoring.composites import subjects_for
from monitoring.models import SLO, Correction
from monitoring.selectors.corrections import corrections_of, stretch_of
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo import last_edge
from monitoring.stats.corrected import edges_for_any, widen
from monitoring.stats.tiers import MINUTE
from monitoring.validate import correction_problems

NEWEST: Final = 50


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction, and what it really covers of an objective: [start, end), with the good and valid events, or slices, in
    it that belong to the window of the budget. `widened` where it covers more than what was written.
    """

    correction: Correction
    start: datetime
    end: datetime
    good: float
    valid: float
    widened: bool

    @property
    def bad(self) -> float:
        """What it spares the budget."""
        return self.valid - self.good


def record_correction(correction: Correction, *, now: datetime) -> Correction:
    """Keep one that was not kept before; without a slug it gets one. `ValidationError` with the mend."""
    correction.slug = _free(
        correction.project, correction.slug or f"{correction.starts_at.astimezone(UTC):%Y-%m-%d-%H%M}"
    )
    correction.created_at = now
    if problems := correction_problems(correction):
        raise ValidationError(problems)
    correction.full_clean()
    correction.save(force_insert=True)
    return correction


def withdraw_correction(correction: Correction, *, by: str, now: datetime) -> None:
    """From now on everything counts as it was; that it was corrected stays to be read."""
    if correction.withdrawn_at is None:
        correction.withdrawn_at, correction.withdrawn_by = now, by
        correction.save(update_fields=["withdrawn_at", "withdrawn_by"])


def _free(project: Project, slug: str) -> str:
    """The slug, or with the first number that is not taken."""
    base = slug[:58]
    taken = set(Correction.objects.filter(project=project, slug__startswith=base).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{base}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)


def corrected(slo: SLO, *, now: datetime) -> list[Corrected]:
    """The newest fifty of an objective, withdrawn ones too."""
    rows = list(corrections_of(slo)[:NEWEST])
    return _measured(slo, rows, now=now) if rows else []


def _measured(slo: SLO, rows: Iterable[Correction], *, now: datetime) -> list[Corrected]:
    [subject] = subjects_for([slo])
    end = last_edge(slo, subject, now=now, watermark=ingest_watermark(now=now))
    start = budget_start(slo, end)
    stretches = {row: stretch_of(row) for row in rows}
    more = [at for at in edges_for_any(stretches.values()) if start < at < end]
    [book] = read_books_as_it_was([BookAsk(slo, subject, np.unique([start, *more, end]))])
    width = seconds(slo.sliced) if slo.sliced else MINUTE
    found = []
    for row, stretch in stretches.items():
        wide = widen(stretch, book.floors, width)
        low, high = (np.clip(side, start, end) for side in wide[:2])
        good, valid = book.between(low, high)
        found.append(
            Corrected(
                row,
                _moment(wide.start),
                _moment(wide.end),
                float(good),
                float(valid),
                widened=wide[:2] != stretch[:2],
            )
        )
    return found


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)
