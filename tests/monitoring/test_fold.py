"""Folding and histograms are addition: they split, combine and take back exactly."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.drain.fold import Cell, Folds
from monitoring.drain.opinions import Judge, direction, opinions_of
from monitoring.drain.rows import FeedbackRow, LLMCallRow, PredictionRow
from monitoring.drain.truth import winners
from monitoring.llm.evaluators.verdicts import Verdict, evaluations_text
from monitoring.stats.histogram import fraction_at_most, merge, pack, quantile, unpack
from monitoring.stats.layouts import ALPHA, CERTAIN, LOG, SIDES, log_bin, log_value, score_bins, score_cells

MICROS = st.none() | st.integers(0, 2**50)
TEXT = st.sampled_from(["", "yes", "no"])
COUNTS = st.integers(0, 3)
SAID = st.builds(
    lambda kind, value, comment, person: FeedbackRow(1, 1, person, 0, 0, "{}", b"", kind, value, comment, person),
    st.sampled_from(["thumb", "score", "category", "comment"]),
    st.sampled_from(["true", "false", "meh", "0.5", "1", "7", "wrong", ""]),
    st.sampled_from(["", "why"]),
    st.sampled_from(["ana", "bia"]),
)
JUDGE = Judge(bad_below=0.6, bad_words=frozenset({"wrong"}))
OPINIONS = st.builds(lambda said: opinions_of(winners(said), JUDGE), st.lists(SAID, max_size=5))
SERVED: dict[str, Any] = {
    "id": st.just(1),
    "project_id": st.just(1),
    "event_id": st.just("e"),
    "ts_us": st.integers(-(10**15), 10**16),
    "ingested_us": st.just(0),
    "payload": st.just("{}"),
    "version_id": st.integers(1, 2),
    "environment": st.sampled_from(["production", "staging"]),
    "status": st.integers(0, 1),
    "error_type": st.just(""),
    "latency_us": MICROS,
    "request_id": st.just(""),
    "trace_id": st.just(""),
    "span_id": st.just(""),
    "user_id": st.just(""),
    "session_id": st.just(""),
    "feedback_up": COUNTS,
    "feedback_down": COUNTS,
    "feedback_other": COUNTS,
    "opinions": OPINIONS,
}
PAYLOADS = [
    "{}",
    '{"scores":null}',
    '{"scores":{"yes":0.25,"no":0.75}}',
    '{"scores":{"yes":1}}',
    '{"prediction":["yes","no"]}',
]
MANY = ",".join(f'"c{place}":0.02' for place in range(40))
SCORED = {"payload": st.sampled_from([*PAYLOADS, f'{{"scores":{{{MANY}}}}}'])}
PREDICTIONS = st.builds(
    PredictionRow,
    **SERVED | SCORED,
    prediction=TEXT | st.just('["yes","no"]'),
    score=st.none() | st.floats(0, 1),
    label=st.none() | TEXT | st.sampled_from(["0.25", "1e61", "nan"]),
    label_value=st.none() | st.floats(-1e9, 1e9),
    label_us=st.none() | st.integers(-(10**15), 10**16),
    label_changes=st.integers(0, 2),
)
VERDICTS = st.builds(Verdict, st.booleans(), st.integers(0, 10**6).map(lambda part: part / 10**6))
CALLS = st.builds(
    LLMCallRow, **SERVED, **dict.fromkeys(("provider", "request_model", "response_model"), st.sampled_from(["", "a", "b/c"])),
    **dict.fromkeys(("prompt_name", "prompt_version"), st.just("")),
    finish_reason=st.sampled_from(["", "stop", "length", "other", "new"]), ttft_us=MICROS,
    **{name: MICROS for name in LLMCallRow._fields if name.endswith("_tokens")},
    **dict.fromkeys(("reported_nano", "cost_nano", "price_id"), MICROS), context_window=st.none() | st.integers(1, 2**40),
    policies=st.sampled_from(["", "frugal:", "frugal:lm", "frugal:c thorough:p"]),
    evaluations=st.dictionaries(st.sampled_from(["json", "overlap"]), VERDICTS).map(evaluations_text),
)  # fmt: skip
ROWS = st.one_of(PREDICTIONS, CALLS)


def sums(folds: Folds) -> dict[Any, Any]:
    return {
        (group, slot): (cell.n, cell.total, _scores(cell, SIDES[slot.layout]) if slot.layout in SIDES else _bins(cell))
        for group, slot, cell in folds.cells()
    }


def _bins(cell: Cell) -> dict[Any, int]:
    """By name where they are named: the numbers of names are in the order of their coming."""
    names = cell.bins.tolist() if cell.names is None else [cell.names[bin_] for bin_ in cell.bins.tolist()]
    return dict(zip(names, cell.counts.tolist(), strict=True))


def _scores(cell: Cell, sides: int) -> dict[Any, int]:
    """(class, side, score bin) → how often."""
    classes, side, scores = score_cells(cell.bins, sides)
    names = [(cell.names or [])[place] for place in classes.tolist()]
    return dict(zip(zip(names, side.tolist(), scores.tolist(), strict=True), cell.counts.tolist(), strict=True))


def folded(*rows: PredictionRow | LLMCallRow) -> Folds:
    folds = Folds()
    folds.add_all(rows)
    return folds


@given(st.lists(ROWS, max_size=8), st.randoms(use_true_random=False))
def test_any_order_folds_to_the_same_sums(rows, rng):
    shuffled = rng.sample(rows, len(rows))
    assert sums(folded(*shuffled)) == sums(folded(*rows))


@given(st.lists(ROWS, max_size=4), st.lists(ROWS, max_size=4))
def test_what_is_added_can_be_taken_away_exactly(kept, removed):
    folds = folded(*kept, *removed)
    for row in removed:
        folds.add_all([row], -1)
    assert sums(folds) == sums(folded(*kept))


@given(st.lists(CALLS, max_size=6))
def test_money_by_language_model_sums_to_all_of_the_money_of_named_models(calls):
    by_model = {
        slot.key: cell
        for _, slot, cell in folded(*(call._replace(version_id=1, ts_us=0, environment="") for call in calls)).cells()
        if slot.metric == "language_model"
    }
    named = [call for call in calls if call.response_model or call.request_model]
    costs = [call.reported_nano if call.cost_nano is None else call.cost_nano for call in named]
    known = [cost for cost in costs if cost is not None]
    assert ("cost" in by_model) == bool(known)
    if known:
        assert (by_model["cost"].n, int(by_model["cost"].counts.sum())) == (len(known), sum(known))
    assert sum(int(cell.counts.sum()) for key, cell in by_model.items() if key == "calls") == len(named)


@given(st.lists(ROWS, max_size=4), PREDICTIONS, PREDICTIONS)
def test_amending_is_as_if_the_new_row_had_come_first(others, old, new):
    folds = folded(*others, old)
    folds.amend([old], [new], {})
    assert sums(folds) == sums(folded(*others, new))


@given(
    st.dictionaries(st.integers(-5, 3_000), st.integers(1, 2**40)),
    st.dictionaries(st.integers(-5, 3_000), st.integers(1, 2**40)),
)
def test_packed_histograms_add_up(left, right):
    bins, counts = merge([pack(left), pack(right)])
    assert dict(zip(bins.tolist(), counts.tolist(), strict=True)) == dict(Counter(left) + Counter(right))
    again, times = unpack(pack(left))
    assert dict(zip(again.tolist(), times.tolist(), strict=True)) == left


@given(st.integers(1, 2**62))
def test_a_bin_stands_within_one_percent_of_all_it_holds(value):
    assert log_value(log_bin(value)) == pytest.approx(value, rel=ALPHA * 1.000001)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.floats(0, 1))
def test_quantiles_are_within_one_percent_of_the_sample_at_their_rank(values, q):
    bins, counts = merge([pack(Counter(map(log_bin, values)))])
    rank = max(1, int(np.ceil(q * len(values))))
    assert quantile(bins, counts, q, LOG) == pytest.approx(sorted(values)[rank - 1], rel=0.0101)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(1, 10**6))
def test_what_is_at_most_the_bound_is_never_counted_as_over_it(values, bound):
    bins, counts = merge([pack(Counter(map(log_bin, values)))])
    within = fraction_at_most(bins, counts, bound, LOG) * len(values)
    assert sum(value <= bound for value in values) <= round(within) <= sum(value <= bound * 1.0203 for value in values)


def test_nothing_has_no_quantile_and_names_have_no_order():
    assert quantile(*merge([]), 0.5, LOG) is None
    assert fraction_at_most(*merge([]), 1, LOG) is None
    with pytest.raises(ValueError, match="names"):
        quantile(*merge([]), 0.5, "category-1")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("thumb", "true", "up"), ("thumb", "👎", "down"), ("thumb", "0", "down"), ("thumb", "meh", "other"),
        ("category", "Positive", "up"), ("score", "1", "other"), ("score", "-2", "down"), ("comment", "good", "other"),
    ],
)  # fmt: skip
def test_feedback_points_up_or_down_only_where_it_is_clear(kind, value, expected):
    assert direction(kind, value) == expected


def test_totals_that_64_bits_do_not_hold_are_exact():
    row = PredictionRow(1, 1, "e", 0, 0, "{}", 1, "production", 0, "", 2**62, "", "", "", "", "", "yes", None)
    found = {slot.metric: cell for _, slot, cell in folded(row, row, row).cells()}
    assert (found["latency"].n, found["latency"].total) == (3, 3 * 2**62)


def classified(
    payload: str = "{}", *, decided: str = "cat", score: float | None = None, label: str | None = None
) -> Any:
    return PredictionRow(
        1, 1, "e", 0, 0, payload, 1, "production", 0, "", None, "", "", "", "", "", decided, score, label=label
    )


def test_scores_are_kept_by_decision_and_once_known_by_label():
    found = {slot.metric: cell for _, slot, cell in folded(classified(score=0.9, label="dog")).cells()}
    bin_ = int(score_bins([0.9])[0])
    assert _scores(found["score"], 1) == {("cat", 0, bin_): 1}
    assert _scores(found["labelled_score"], 1) == {("dog", 0, bin_): 1}


def test_every_class_has_its_score_beside_whether_it_was_decided_and_whether_it_is_true():
    row = classified('{"scores":{"cat":0.7,"dog":0.2,"1.0":0.1}}', label="eel")
    found = {slot.metric: cell for _, slot, cell in folded(row, row).cells()}
    cat, dog, one = score_bins([0.7, 0.2, 0.1]).tolist()
    assert "score" not in found
    assert found["class_score"].n == 2
    assert _scores(found["class_score"], 2) == {("cat", 1, cat): 2, ("dog", 0, dog): 2, ("1", 0, one): 2}
    labelled = {("cat", 0, cat): 2, ("dog", 0, dog): 2, ("1", 0, one): 2, ("eel", 1, -CERTAIN): 2}
    assert _scores(found["labelled_class_score"], 2) == labelled


def test_of_very_many_classes_only_the_decided_one_keeps_its_score():
    scores = ",".join(f'"c{place}":0.004' for place in range(200))
    row = classified(f'{{"scores":{{{scores}}}}}', decided="c7", label="c8")
    found = {slot.metric: cell for _, slot, cell in folded(row).cells()}
    bin_ = int(score_bins([0.004])[0])
    assert _scores(found["class_score"], 2) == {("c7", 1, bin_): 1}
    assert _scores(found["labelled_class_score"], 2) == {("c7", 0, bin_): 1, ("c8", 1, -CERTAIN): 1}
