"""Quality from confusion summaries equals scikit-learn on the raw labels."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from monitoring.catalogue import MEASURES, SLIS
from monitoring.stats.histogram import merge, pack
from monitoring.stats.layouts import CATEGORY, CONFUSION, confusion_bin
from monitoring.stats.marks import count_marked
from monitoring.stats.tally import Cell, Subject, Tally

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
BINARY, MULTI = Subject("binary", positive_code=1), Subject("multiclass")
AS_SKLEARN = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}
two_classes = st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from([1, 2])), min_size=1, max_size=80)
many_classes = st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7)), min_size=1, max_size=80)


def tally(pairs: list[tuple[int, int]]) -> Tally:
    """As if each labelled prediction had been folded in a minute of its own."""
    bins, counts = merge([pack({confusion_bin(true, predicted): 1}) for true, predicted in pairs])
    return Tally(NOON, NOON, {("confusion", ""): Cell(len(pairs), 0, bins, counts, CONFUSION)})


def sides(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = zip(*pairs, strict=True)
    return np.array(true), np.array(predicted)


@pytest.mark.parametrize("name", AS_SKLEARN)
@given(pairs=two_classes)
def test_the_positive_class(name: str, pairs: list[tuple[int, int]]) -> None:
    true, predicted = sides(pairs)
    reading = MEASURES[name].read(tally(pairs), BINARY)
    theirs = AS_SKLEARN[name](true, predicted, pos_label=1, average="binary", zero_division=np.nan)
    if np.isnan(theirs):
        assert reading.value is None
    else:
        assert reading.value == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("name", AS_SKLEARN)
@given(pairs=many_classes)
def test_macro_averages(name: str, pairs: list[tuple[int, int]]) -> None:
    theirs = AS_SKLEARN[name](*sides(pairs), average="macro", zero_division=0)
    reading = MEASURES[name].read(tally(pairs), MULTI)
    assert (reading.value, reading.n) == (pytest.approx(theirs, abs=1e-12), len(pairs))


@given(pairs=many_classes)
def test_accuracy(pairs: list[tuple[int, int]]) -> None:
    reading = MEASURES["accuracy"].read(tally(pairs), MULTI)
    assert reading.value == pytest.approx(metrics.accuracy_score(*sides(pairs)), abs=1e-12)
    assert reading.low <= reading.value <= reading.high


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall"])
@given(pairs=two_classes)
def test_an_indicator_is_its_measure(name: str, pairs: list[tuple[int, int]]) -> None:
    good, valid = count_marked("confusion", SLIS[name].marks, tally(pairs), BINARY, None)
    value = MEASURES[name].read(tally(pairs), BINARY).value
    assert (good / valid if valid else None) == value


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1", "label_coverage"])
@pytest.mark.parametrize("subject", [BINARY, MULTI])
def test_without_labels_there_is_no_data(name: str, subject: Subject) -> None:
    reading = MEASURES[name].read(Tally(NOON, NOON), subject)
    assert (reading.value, reading.n) == (None, 0)


def test_a_positive_label_that_was_never_seen_is_no_data() -> None:
    unseen = Subject("binary", positive_code=None)
    assert MEASURES["recall"].read(tally([(1, 1), (2, 1)]), unseen).value is None


@pytest.mark.parametrize(
    ("subject", "codes", "read"),
    [
        (BINARY, [1, 2, 2, 2], (0.25, 4)),
        (Subject("binary"), [2, 2], (0.0, 2)),  # the positive class may come yet
        (Subject("binary"), [2, 3], (None, 0)),  # it has another name than the definition says
        (MULTI, [1, 2, 2, 3], (None, 0)),
    ],
)
def test_the_positive_rate_needs_a_positive_class(
    subject: Subject, codes: list[int], read: tuple[float | None, int]
) -> None:
    bins, counts = merge([pack({code: 1}) for code in codes])
    decided = Tally(NOON, NOON, {("decision", ""): Cell(len(codes), 0, bins, counts, CATEGORY)})
    reading = MEASURES["positive_rate"].read(decided, subject)
    assert (reading.value, reading.n) == read


@given(known=many_classes, beyond=st.integers(1, 9))
def test_where_both_sides_are_past_the_cap_nobody_knows(known: list[tuple[int, int]], beyond: int) -> None:
    assume(known)
    with_cap = MEASURES["accuracy"].read(tally([*known, *[(0, 0)] * beyond]), MULTI)
    assert with_cap == MEASURES["accuracy"].read(tally(known), MULTI)


@given(pairs=many_classes)
def test_weighted_and_micro_averages(pairs: list[tuple[int, int]]) -> None:
    for name in ("weighted", "micro"):
        theirs = metrics.f1_score(*sides(pairs), average=name, zero_division=0)
        assert MEASURES[f"f1_{name}"].read(tally(pairs), MULTI).value == pytest.approx(theirs, abs=1e-12)


@given(pairs=two_classes)
def test_specificity_is_the_recall_of_the_other_class(pairs: list[tuple[int, int]]) -> None:
    theirs = metrics.recall_score(*sides(pairs), pos_label=2, zero_division=np.nan)
    reading = MEASURES["specificity"].read(tally(pairs), BINARY)
    assert reading.value == (None if np.isnan(theirs) else pytest.approx(theirs, abs=1e-12))
