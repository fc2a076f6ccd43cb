"""Training data as people have it: what is a feature and what is not, out of CSV and Parquet, kept beside the histograms."""

from datetime import date, datetime
from pathlib import Path

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from models_registry.models import Model, ModelVersion
from monitoring.drain import drain_until_empty
from monitoring.drift.references import freeze, sample_of_window
from monitoring.drift.training import read_rows
from monitoring.models import Reference, ReferenceSample
from monitoring.selectors.references import read_sample
from monitoring.stats.profile import NULL, ProfileError
from monitoring.stats.profile_data import from_json
from monitoring.stats.sample import MAX_ROWS, Sample, pack, sample_of, thinned, unpack
from tests.monitoring.conftest import Put
from tests.monitoring.references import applicants, predictions

ROWS = [
    {"income": 1.5, "region": "north", "prediction": "paid", "score": 0.2, "label": "paid"},
    {"income": 2.5, "region": None, "prediction": "default", "score": 0.9, "label": None},
]
FOUND = Sample(
    2,
    {"income": [1.5, 2.5], "region": ["north", None]},
    prediction=["paid", "default"],
    score=[0.2, 0.9],
    label=["paid", None],
)


def test_what_was_answered_and_what_was_true_are_no_features():
    assert sample_of(ROWS) == FOUND


def test_what_was_answered_is_held_against_the_reference_beside_the_features(credit_risk: Model):
    version = credit_risk.versions.select_related("model").get()
    features = {one.name: one for one in freeze(version, FOUND).features}
    assert {name: one.source for name, one in features.items()} == {
        "income": "input",
        "region": "input",
        "prediction": "prediction",
        "score": "score",
    }
    assert (features["prediction"].categories, features["score"].edges.tolist()) == (("default", "paid"), [0.9])


def test_a_score_alone_decides_as_the_drain_would_and_several_scores_answer_with_the_likeliest(credit_risk: Model):
    version = credit_risk.versions.select_related("model").get()
    given = sample_of([{"score": 0.7}, {"scores": {"a": 0.2, "b": 0.8}}, {}])
    prediction, score = freeze(version, given).features
    assert dict(zip(prediction.categories, prediction.counts.tolist(), strict=False)) == {"b": 1, "default": 1}
    assert (score.low, score.high, prediction.counts[NULL], score.counts[NULL]) == (0.7, 0.8, 1, 1)


def test_a_regression_answers_with_numbers(credit_risk: Model):
    credit_risk.kind = Model.Kind.REGRESSION
    version = ModelVersion(model=credit_risk)
    [found] = freeze(version, sample_of([{"prediction": 2.5, "score": 1}, {"prediction": None}])).features
    assert (found.name, found.source, found.low, found.counts[NULL]) == ("prediction", "prediction", 2.5, 1)
    with pytest.raises(ProfileError, match="is a number"):
        freeze(version, sample_of([{"prediction": "much"}]))


def test_a_row_may_look_like_a_prediction_and_then_a_feature_may_bear_any_name():
    found = sample_of([{"id": "x", "features": {"score": 700, "label": "a"}, "score": 0.5}, {"features": {}}])
    assert found == Sample(2, {"score": [700, None], "label": ["a", None]}, score=[0.5, None])


def test_columns_begin_and_end_where_rows_say_so():
    found = sample_of([{"a": 1}, {"b": 2, "label": 1}, {}])
    assert found == Sample(3, {"a": [1, None, None], "b": [None, 2, None]}, label=[None, 1, None])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"score": "high"}, "`score` is a reserved column"),
        ({"score": True}, "`score` is a reserved column"),
        ({"scores": 0.5}, "`scores` is a reserved column"),
        ({"scores": {"a": "b"}}, "`scores` is a reserved column"),
        ({"label": [1]}, "`label` is a reserved column"),
        ({"prediction": {"a": 1}}, "`prediction` is a reserved column"),
    ],
)
def test_a_reserved_column_of_something_else_is_refused_with_the_mend(row: dict, told: str):
    with pytest.raises(ProfileError, match=told):
        sample_of([{"a": 1, **row}])


def test_too_many_rows_are_refused_before_all_are_read():
    rows = ({"a": 1} for _ in range(MAX_ROWS + 5))
    with pytest.raises(ProfileError, match="At most 200000 rows"):
        sample_of(rows)
    assert len(list(rows)) == 4


@given(st.lists(st.fixed_dictionaries({"a": st.none() | st.integers(-5, 5), "label": st.booleans()}), min_size=1))
def test_what_is_packed_is_what_comes_out(rows: list):
    found = sample_of(rows)
    assert unpack(pack(found)) == found


@given(st.integers(1, 300), st.integers(1, 300))
def test_every_so_many_rows_are_kept_and_columns_stay_in_step(rows: int, values: int):
    found = thinned(sample_of([{"a": n, "label": n} for n in range(rows)]), values)
    assert found.features["a"] == found.label
    assert (found.of, found.rows >= 1, 2 * (found.rows - 1) <= values) == (rows, True, True)


def test_a_window_becomes_rows_with_what_is_known_of_each(credit_risk: Model, put: Put, now: datetime):
    items = predictions(applicants(3), prediction="paid", score=0.25)
    put("prediction", *items, {"id": "bare", "model": "credit-risk", "version": "1", "prediction": "paid"})
    put("outcome", {"id": "o", "prediction_id": "p1", "label": "default"})
    drain_until_empty(now=now)
    found = sample_of_window(credit_risk.versions.get(), start=now, end=now.replace(hour=23))
    assert (found.of, set(found.prediction), set(found.score)) == (3, {"paid"}, {0.25})
    assert sorted(found.label, key=str) == [None, None, "default"]


def test_the_window_of_a_regression_holds_numbers(credit_risk: Model, put: Put, now: datetime):
    Model.objects.filter(pk=credit_risk.pk).update(kind=Model.Kind.REGRESSION)
    put("prediction", *predictions(applicants(2), prediction=310.5))
    put("outcome", {"id": "o", "prediction_id": "p0", "label": 300})
    drain_until_empty(now=now)
    version = credit_risk.versions.select_related("model").get()
    version.model.refresh_from_db()
    found = sample_of_window(version, start=now, end=now.replace(hour=23))
    assert (found.prediction, found.score, sorted(found.label, key=str)) == ([310.5, 310.5], [], [300.0, None])


DAYS = (date(2026, 3, 2) - date(1970, 1, 1)).days


def write(path: Path) -> Path:
    """A Parquet file with one of everything that training data holds."""
    columns = {
        "income": Array([1.5, None], DataType.float64()),
        "region": Array(["north", None], DataType.utf8()),
        "good": Array([True, False], DataType.bool()),
        "since": Array([DAYS, None], DataType.int32()).cast(DataType.date32()),
        "debt": Array([1.25, None], DataType.float64()).cast(DataType.decimal128(9, 2)),
        "scores.yes": Array([0.9, None], DataType.float64()),
        "scores.no": Array([0.1, None], DataType.float64()),
        "label": Array(["yes", "no"], DataType.utf8()),
    }
    write_parquet(Table.from_pydict(columns), path)
    return path


def test_parquet_is_read_as_json_would_have_it(tmp_path: Path):
    first, second = read_rows(write(tmp_path / "train.parquet"), ignored={"good"})
    assert first == {
        "income": 1.5,
        "region": "north",
        "since": "2026-03-02",
        "debt": 1.25,
        "label": "yes",
        "scores": {"yes": 0.9, "no": 0.1},
    }
    assert second["scores"] is None


@pytest.mark.parametrize("name", ["train.csv", "train.parquet"])
def test_a_file_becomes_the_reference_with_its_rows(credit_risk: Model, stopped_clock: datetime, tmp_path, name: str):
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("income,region,label,scores.yes\n1.5,north,yes,0.9\n,,no,\n", encoding="utf-8")
    else:
        write(path)
    call_command("reference", "aurora", "credit-risk", "1", path, ignore="good,since,debt")
    found = Reference.objects.get()
    names = ["income", "prediction", "region", "score"]
    assert [one.name for one in from_json(bytes(found.profile)).features] == names
    sample = read_sample(found)
    assert (sample.features["income"], sample.label, sample.scores[1]) == ([1.5, None], ["yes", "no"], None)
    assert sample.scores[0]["yes"] == 0.9


def test_rows_need_not_be_kept(credit_risk: Model, stopped_clock: datetime, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n2\n", encoding="utf-8")
    call_command("reference", "aurora", "credit-risk", "1", tmp_path / "a.csv", no_rows=True)
    assert read_sample(Reference.objects.get()) is None
    assert not ReferenceSample.objects.exists()


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_that_is_none_is_refused_with_the_mend(credit_risk: Model, stopped_clock: datetime, tmp_path, name: str):
    with pytest.raises(CommandError, match="No such file"):
        call_command("reference", "aurora", "credit-risk", "1", tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\x00 not what it says")
    with pytest.raises(CommandError, match=r"utf-8|no Parquet file"):
        call_command("reference", "aurora", "credit-risk", "1", tmp_path / name)


def test_a_parquet_file_that_was_cut_off_is_refused_with_the_mend(credit_risk: Model, stopped_clock, tmp_path):
    whole = write(tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CommandError, match="cannot be read as Parquet"):
        call_command("reference", "aurora", "credit-risk", "1", tmp_path / "a.parquet")


def test_another_versions_reference_is_borrowed_by_command(credit_risk: Model, stopped_clock: datetime, tmp_path):
    (tmp_path / "a.csv").write_text("income,label\n1.5,yes\n2.5,no\n", encoding="utf-8")
    call_command("reference", "aurora", "credit-risk", "1", tmp_path / "a.csv")
    credit_risk.versions.create(version="2")
    call_command("reference", "aurora", "credit-risk", "2", from_version="1")
    found = Reference.objects.latest("id")
    assert (found.origin, found.version.version, read_sample(found).label) == ("version", "2", ["yes", "no"])
    for more in ({}, {"from_version": "1", "file": tmp_path / "a.csv"}):
        with pytest.raises(CommandError, match="either a file"):
            call_command("reference", "aurora", "credit-risk", "2", **more)
    with pytest.raises(CommandError, match="no reference to borrow"):
        call_command("reference", "aurora", "credit-risk", "1", from_version="3")
