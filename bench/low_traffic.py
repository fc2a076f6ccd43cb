"""What the standard pages do where little happens: `python -m bench.low_traffic`

A healthy service of 60 requests an hour, 0.05 % of which fail by chance, with a promise of 99.9 % over 30 days: Poisson
traffic by the minute through the evaluator's own arrays (`alerting.kinds.burn_rate.Burning`), asked once a minute, with a
fixed seed. Told are false pages per 30 days and the minutes until a total outage is noticed, beside the closed form that forms
show; and what other guards would do. No database.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

import bench.ready  # noqa: F401 - before what has models
from alerting.kinds.burn_rate import Burning
from bench.ingest import Line
from monitoring.models import SLO
from monitoring.selectors.counts import Window
from monitoring.slo.windows import Sums
from monitoring.stats.burn import DAY, GUARD, HOUR, MINUTE, Guard, Pair, spans, standard_pairs
from monitoring.stats.false_alarms import false_alarms

SEED: Final = 20_260_310
PER_HOUR, TARGET, FAILING = 60, 0.999, 0.0005
MONTHS, DAYS_AT_ONCE = 120, 300
OUTAGES, WARM, LASTS = 4_000, 360, 30  # how many, minutes of health before each, minutes of each
MOST_FALSE, MOST_MINUTES = 0.2, 5.0
PROMISE: Final = SLO(target=TARGET)
PAGES: Final = [pair for pair in standard_pairs(30 * DAY, TARGET) if pair.severity == "page"]
OTHERS: Final = [Guard(0, 0), Guard(3, 0), Guard(4, 0), GUARD]


def fires(pairs: Sequence[Pair], guard: Guard, good: NDArray[np.int64], bad: NDArray[np.int64]) -> NDArray[np.bool_]:
    """At each minute that all windows reach back from; the last axis is minutes."""
    longest = max(pair.long_s for pair in pairs) // MINUTE
    whole = [
        np.concatenate([np.zeros((*one.shape[:-1], 1), dtype=np.int64), one.cumsum(axis=-1)], axis=-1)
        for one in (good, good + bad)
    ]
    sums: Sums = {}
    for span in spans(pairs):
        ago = longest - span // MINUTE
        fine, valid = (one[..., longest:] - one[..., ago : one.shape[-1] - span // MINUTE] for one in whole)
        sums[span] = Window(fine, valid, valid - fine, valid)
    burning = Burning(PROMISE, sums)
    return np.asarray(np.logical_or.reduce([burning.by(pair) & burning.enough(pair, guard) for pair in pairs]))


def false_pages() -> dict[Guard, int]:
    """How often each guard lets a page begin, over all the months."""
    dice, found = np.random.default_rng(SEED), dict.fromkeys(OTHERS, 0)
    for _part in range(MONTHS * 30 // DAYS_AT_ONCE):
        minutes = DAYS_AT_ONCE * 1_440
        bad = dice.poisson(PER_HOUR * FAILING / 60, minutes)
        good = dice.poisson(PER_HOUR * (1 - FAILING) / 60, minutes)
        for guard in OTHERS:
            found[guard] += int((np.diff(fires(PAGES, guard, good, bad).astype(np.int8)) == 1).sum())
    return found


def minutes_to_notice() -> NDArray[np.float64]:
    """Of each outage, from its beginning (somewhere within a minute) to the evaluation that fires."""
    dice = np.random.default_rng(SEED + 1)
    shape = (OUTAGES, WARM + LASTS)
    bad = dice.poisson(PER_HOUR * FAILING / 60, shape)
    good = dice.poisson(PER_HOUR * (1 - FAILING) / 60, shape)
    begins = dice.random(OUTAGES)  # so much of its first minute was still healthy
    good[:, WARM:] = 0
    bad[:, WARM] = dice.poisson(PER_HOUR / 60 * (1 - begins))
    bad[:, WARM + 1 :] = dice.poisson(PER_HOUR / 60, (OUTAGES, LASTS - 1))
    seen = fires(PAGES, GUARD, good, bad)[:, 1:]
    return np.where(seen.any(axis=1), seen.argmax(axis=1) + 1 - begins, np.inf)


def lines() -> Iterator[Line]:
    """The two that are judged."""
    volumes = {span: np.array([PER_HOUR * span / HOUR]) for span in spans(PAGES)}
    for guard, count in false_pages().items():
        closed = false_alarms(PAGES, TARGET, FAILING, volumes, [guard] * len(PAGES))
        low, high = (max(0.0, count + sign * 1.96 * count**0.5) / MONTHS for sign in (-1, 1))
        told = f"at least {guard.long} bad in the long window, {guard.short} in the short one"
        figure = f"{count / MONTHS:.3f} (95 % {low:.3f} to {high:.3f}; closed form {closed:.3f})"
        yield Line(
            f"false pages per 30 days, {told}",
            figure,
            f"{MOST_FALSE}" if guard == GUARD else "",
            guard != GUARD or count / MONTHS <= MOST_FALSE,
        )
    took = minutes_to_notice()
    middle, most = float(np.median(took)), float(np.quantile(took, 0.9))
    yield Line(
        f"minutes to notice a total outage, median of {OUTAGES}",
        f"{middle:.1f} (mean {took.mean():.1f}, nine in ten {most:.1f})",
        f"{MOST_MINUTES:g}",
        middle <= MOST_MINUTES,
    )


if __name__ == "__main__":
    failed = 0
    for line in lines():
        print(line, flush=True)
        failed += not line.passed
    sys.exit(1 if failed else 0)
