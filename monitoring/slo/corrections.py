"""Write down what objectives shall not count as it was, take it back, and say what of it is really left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from models_registry.models import Project
from monitoring.models import SLO, Correction
from monitoring.selectors.corrections import corrections_of, moment, stretches_of
from monitoring.selectors.floors import NEVER
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import BookAsk, budget_start, read_books_as_it_was, seconds
from monitoring.slo.composites import subjects_for
from monitoring.slo.status import last_edge
from monitoring.slo.validate import correction_problems
from monitoring.stats.corrected import Floors, Stretch, edges_for_any, merged, widen
from monitoring.stats.tiers import MINUTE

NEWEST: Final = 50
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction, and what it really covers of an objective: [start, end) of each of its stretches, those of one that comes
    again as far as they touch the window of the budget; with the good and valid events, or slices, in them that belong to
    that window. `widened` where they cover more than what was written.
    """

    correction: Correction
    spans: list[tuple[datetime, datetime]]
    good: float
    valid: float
    widened: bool
    # How finely its edges are known: where minutes and hours are gone, and the width of slices in seconds.
    floors: Floors
    width: int

    @property
    def bad(self) -> float:
        """What it spares the budget."""
        return self.valid - self.good

    def covers(self, *, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The same of any other stretch of time."""
        found = _covered(self.correction, self.floors, self.width, start=start, end=end)
        return [(moment(one.start), moment(one.end)) for one in found]


def record_correction(correction: Correction, *, now: datetime) -> Correction:
    """Keep one that was not kept before; without a slug it gets one. `ValidationError` with the mend."""
    correction.slug = _free(
        correction.project, correction.slug or f"{correction.starts_at.astimezone(UTC):%Y-%m-%d-%H%M}"
    )
    correction.created_at = now
    correction.days = sorted(correction.days)
    if problems := correction_problems(correction, now=now):
        raise ValidationError(problems)
    correction.full_clean()
    correction.save(force_insert=True)
    return correction


def withdraw_correction(correction: Correction, *, by: str, now: datetime) -> None:
    """From now on everything counts as it was; that it was corrected stays to be read."""
    if correction.withdrawn_at is None:
        correction.withdrawn_at, correction.withdrawn_by = now, by
        correction.save(update_fields=["withdrawn_at", "withdrawn_by"])


def end_correction(correction: Correction, *, by: str, now: datetime) -> None:
    """It comes no more from now on; what it left out stays so. A second time changes nothing. `ValidationError` for one that
    comes once, or has not begun.
    """
    if correction.until <= now:
        return
    if correction.weekly is None or correction.starts_at >= now:
        raise ValidationError(_("Only one that comes again and has begun can be ended: withdraw this one."))
    correction.ends_at, correction.ended_by = now, by
    correction.save(update_fields=["ends_at", "ended_by"])


def _free(project: Project, slug: str) -> str:
    """The slug, or with the first number that is not taken."""
    base = slug[:58]
    taken = set(Correction.objects.filter(project=project, slug__startswith=base).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{base}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)


def corrected(slo: SLO, *, now: datetime) -> list[Corrected]:
    """Those of an objective that go on, and the newest, fifty at most; withdrawn ones too."""
    rows = list(corrections_of(slo)[:NEWEST])
    return _measured(slo, rows, now=now) if rows else []


def _measured(slo: SLO, rows: Sequence[Correction], *, now: datetime) -> list[Corrected]:
    [subject] = subjects_for([slo])
    end = last_edge(slo, subject, now=now, watermark=ingest_watermark(now=now))
    start = budget_start(slo, end)
    window = {"start": moment(start), "end": moment(end)}
    width = seconds(slo.sliced) if slo.sliced else MINUTE
    sliced = (widen(one, (NEVER, NEVER), width) for row in rows for one in _stretches(row, **window))
    more = [at for at in edges_for_any(sliced) if start < at < end]
    [book] = read_books_as_it_was([BookAsk(slo, subject, np.unique([start, *more, end]))])
    found = []
    for row in rows:
        wide = _covered(row, book.floors, width, **window)
        lows, highs = (np.clip(np.array([one[side] for one in wide], dtype=np.int64), start, end) for side in (0, 1))
        good, valid = book.between(lows, highs)
        found.append(
            Corrected(
                row,
                [(moment(one.start), moment(one.end)) for one in wide],
                float(good.sum()),
                float(valid.sum()),
                widened=not set(wide) <= set(merged(_stretches(row, **window))),
                floors=book.floors,
                width=width,
            )
        )
    return found


def _covered(row: Correction, floors: Floors, width: int, *, start: datetime, end: datetime) -> list[Stretch]:
    """What it really covers; of one that comes again what touches [start, end)."""
    wide = merged(widen(one, floors, width) for one in _stretches(row, start=start, end=end))
    return [one for one in wide if row.weekly is None or (one.start < end.timestamp() and start.timestamp() < one.end)]


def _stretches(row: Correction, *, start: datetime, end: datetime) -> list[Stretch]:
    """A day more on both sides, for as far may one reach that is known by the day alone."""
    return stretches_of(row, start=start - DAY, end=end + DAY)
