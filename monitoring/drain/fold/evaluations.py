"""What evaluators said of answers when they were drained: of each how many passed and their scores, and of all whether any failed."""

from collections import defaultdict

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.llm.evaluators.verdicts import Verdict, evaluations_of
from monitoring.stats import layouts
from monitoring.stats.evaluated import ALL, metric_of
from monitoring.stats.layouts import FAILED, MILLIONTHS, PASSED

EVERY = Slot(ALL, "", layouts.EVALUATION)


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """n counts the answers that were judged. Calls that nobody judged cost a look."""
    texts = columns["evaluations"]
    if not any(texts):
        return
    rows = [row for row, text in enumerate(texts) if text]
    said = [evaluations_of(texts[row]) for row in rows]
    sums.count(EVERY, places[rows], [_bin(all(one.passed for one in mine.values())) for mine in said], sign)
    by_evaluator: defaultdict[str, list[tuple[int, Verdict]]] = defaultdict(list)
    for row, mine in zip(rows, said, strict=True):
        for slug, verdict in mine.items():
            by_evaluator[slug].append((row, verdict))
    for slug, told in by_evaluator.items():
        slot = Slot(metric_of(slug), "", layouts.EVALUATION)
        where = places[np.array([row for row, _ in told])]
        sums.count(slot, where, [_bin(one.passed) for _, one in told], sign)
        sums.total(slot, where, [round(one.score * MILLIONTHS) for _, one in told], sign)


def _bin(passed: bool) -> int:
    return PASSED if passed else FAILED
