"""Late truth: which outcome and which feedback count for an event. Pure functions of everything that was said,
so any order of arrival, and any repetition, ends the same. A newer outcome that only tells a value keeps the label."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from monitoring.drain.opinions import Judge, direction, opinions_of
from monitoring.drain.rows import FeedbackRow, OutcomeRow, PredictionRow, ServedRow

DEFAULT_JUDGE = Judge()


def with_truth(
    row: ServedRow, outcomes: Sequence[OutcomeRow], feedback: Sequence[FeedbackRow], judge: Judge = DEFAULT_JUDGE
) -> ServedRow:
    """The row as everything said of it makes it; calls of language models have feedback but no label."""
    told = _with_feedback(row, winners(feedback), judge)
    if not outcomes or not isinstance(told, PredictionRow):
        return told
    labels = [said for said in outcomes if said.label is not None]
    values = [said for said in outcomes if said.value is not None]
    winner = max(labels or outcomes, key=_age)
    value = max(values, key=_age).value if values else None
    in_order = [said.label for said in sorted(labels, key=_age)]
    changes = sum(before != after for before, after in pairwise(in_order))
    return told._replace(
        label=winner.label,
        label_value=value,
        label_us=winner.ts_us,
        outcome_ref=winner.id,
        label_changes=changes,
    )


def winners(feedback: Iterable[FeedbackRow]) -> list[FeedbackRow]:
    """The newest per person and kind; an empty one takes back what was said before."""
    newest: dict[tuple[str, str], FeedbackRow] = {}
    for said in feedback:
        place = (said.user_id, said.kind)
        if place not in newest or _age(said) > _age(newest[place]):
            newest[place] = said
    return [said for said in newest.values() if said.value or said.comment]


def _with_feedback(row: ServedRow, winning: Sequence[FeedbackRow], judge: Judge) -> ServedRow:
    pointed = [direction(said.kind, said.value) for said in winning]
    return row._replace(
        feedback_up=pointed.count("up"),
        feedback_down=pointed.count("down"),
        feedback_other=pointed.count("other"),
        opinions=opinions_of(winning, judge),
    )


def _age(said: OutcomeRow | FeedbackRow) -> tuple[int, str]:
    """Newest time wins; between equals the greater id."""
    return said.ts_us, said.event_id
