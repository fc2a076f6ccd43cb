"""Late truth: which outcome and which feedback count for an event. Pure functions of everything that was said,
so any order of arrival, and any repetition, ends the same. A newer outcome that only tells a value keeps the label."""

from collections.abc import Iterable, Sequence

from monitoring.drain.rows import FeedbackRow, OutcomeRow, PredictionRow, ServedRow

UP = frozenset({"true", "up", "1", "+1", "👍", "thumbs_up", "like", "positive", "good", "yes"})
DOWN = frozenset({"false", "down", "0", "-1", "👎", "thumbs_down", "dislike", "negative", "bad", "no"})


def with_truth(row: ServedRow, outcomes: Sequence[OutcomeRow], feedback: Sequence[FeedbackRow]) -> ServedRow:
    """The row as everything said of it makes it; calls of language models have feedback but no label."""
    up, down, other = count_feedback(feedback)
    told = row._replace(feedback_up=up, feedback_down=down, feedback_other=other)
    if not outcomes or not isinstance(told, PredictionRow):
        return told
    labels = [said for said in outcomes if said.label is not None]
    values = [said for said in outcomes if said.value is not None]
    winner = max(labels or outcomes, key=_age)
    value = max(values, key=_age).value if values else None
    return told._replace(label=winner.label, label_value=value, label_us=winner.ts_us, outcome_ref=winner.id)


def count_feedback(feedback: Iterable[FeedbackRow]) -> tuple[int, int, int]:
    """(up, down, other) over the newest feedback per person and kind."""
    newest: dict[tuple[str, str], FeedbackRow] = {}
    for said in feedback:
        place = (said.user_id, said.kind)
        if place not in newest or _age(said) > _age(newest[place]):
            newest[place] = said
    directions = [direction(said.kind, said.value) for said in newest.values()]
    return directions.count("up"), directions.count("down"), directions.count("other")


def direction(kind: str, value: str) -> str:
    """Up, down or other. A thumb or category is read by its word; a score only by a sign, for its scale is unknown."""
    word = value.lower()
    if kind == "score":
        return "up" if word.startswith("+") else "down" if word.startswith("-") else "other"
    if kind == "comment":
        return "other"
    return "up" if word in UP else "down" if word in DOWN else "other"


def _age(said: OutcomeRow | FeedbackRow) -> tuple[int, str]:
    """Newest time wins; between equals the greater id."""
    return said.ts_us, said.event_id
