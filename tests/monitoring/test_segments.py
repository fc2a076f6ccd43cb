"""Segments: any declared key of a model, and the prompts of an application. They add up to the whole, whatever happens."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty
from monitoring.drain.fold import Folds
from monitoring.measures.series import measure_window
from monitoring.models import Bucket, Category, Prediction, SegmentKey, Series
from monitoring.selectors.segments import DeclaredKey, read_keys
from monitoring.selectors.summaries import Scope
from monitoring.stats.histogram import merge_packed, unpack
from monitoring.stats.segments import MAX_KEYS, MAX_VALUES, NONE, OTHER, split_segment, value_text
from monitoring.summaries.recount import recount
from monitoring.summaries.segment_keys import declare_key, set_keys, withdraw_key
from tests.cast import NOW, make_project
from tests.monitoring.conftest import Put, micros, put_body
from tests.monitoring.references import applicants, reference
from tests.monitoring.test_fold import CALLS, PREDICTIONS, sums

DAY = timedelta(days=1)
fresh = count()


def make_model(project: Project, slug: str, **more: Any) -> Model:
    return Model.objects.create(project=project, slug=slug, **more)


def requests(model: Model, now: datetime) -> dict[str, int]:
    """Requests of each segment that has a series."""
    names = Series.objects.filter(version__model=model, metric="status").values_list("segment", flat=True).distinct()
    return {
        name: measure_window(
            "requests", Scope(model.project_id, model.pk, segment=name), start=now, end=now + timedelta(hours=1)
        ).n
        for name in names
    }


def predictions(values: list[Any], **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"p{number}", "model": "credit-risk", "version": "1", "segments": {"region": value}, **more}
        for number, value in enumerate(values)
    ]


def test_every_value_of_a_declared_key_has_summaries_and_the_rest_is_as_before(
    credit_risk: Model, put: Put, now: datetime
):
    declare_key(credit_risk, "region", now=now)
    items = predictions(["south", "south", "north", None, 1, 1.0, "1", True, "", " south "], latency_ms=5)
    items.append({"id": "bare", "model": "credit-risk", "version": "1"})
    put("prediction", *items)
    drain_until_empty(now=now)
    assert requests(credit_risk, now) == {
        "": 11, "region=south": 3, "region=north": 1, "region=1": 3, "region=true": 1, f"region={NONE}": 3,
    }  # fmt: skip
    assert recount(start=now - DAY, end=now + DAY) == []


def test_without_a_declared_key_there_are_no_segments(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(["south", "north"]))
    drain_until_empty(now=now)
    assert set(Series.objects.values_list("segment", flat=True)) == {""}
    assert not Category.objects.filter(field__startswith="segment").exists()


def test_a_key_folds_from_its_place_in_the_sequence_until_it_is_withdrawn(credit_risk: Model, put: Put, now: datetime):
    put("prediction", {**predictions(["a"])[0], "id": "before"})
    key = declare_key(credit_risk, "region", now=now)
    assert declare_key(credit_risk, "region", now=now) == key
    put("prediction", {**predictions(["a"], prediction="yes")[0], "id": "during"})
    withdraw_key(key, now=now)
    put("prediction", {**predictions(["a"])[0], "id": "after"})
    drain_until_empty(now=now)
    assert requests(credit_risk, now) == {"": 3, "region=a": 1}
    again = declare_key(credit_risk, "region", now=now)
    assert again.since >= key.until
    put("prediction", {**predictions(["a"])[0], "id": "again"})
    put("outcome", {"id": "o", "prediction_id": "during", "label": "no"})
    drain_until_empty(now=now)
    assert requests(credit_risk, now) == {"": 4, "region=a": 2}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_a_label_that_comes_alone_amends_the_segments_too(credit_risk: Model, put: Put, now: datetime):
    declare_key(credit_risk, "region", now=now)
    put("prediction", *predictions(["south", "north"], prediction="paid"))
    drain_until_empty(now=now)
    put("outcome", {"id": "o", "prediction_id": "p0", "label": "paid"})
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk, segment="region=south")
    assert measure_window("accuracy", scope, start=now, end=now + DAY).n == 1
    assert recount(start=now - DAY, end=now + DAY) == []


def test_ten_thousand_values_keep_fifty_and_an_honest_other(credit_risk: Model, put: Put, now: datetime):
    declare_key(credit_risk, "region", now=now)
    for batch in range(5):
        values = [f"r{batch * 2_000 + number}" for number in range(2_000)]
        items = predictions(values, prediction="yes", latency_ms=5)
        put("prediction", *({**item, "id": f"{batch}-{item['id']}"} for item in items))
    drain_until_empty(now=now)
    put("prediction", {**predictions(["r9999"])[0], "id": "x"}, {**predictions([None])[0], "id": "y"})
    known = Category.objects.filter(field="segment:region").values_list("value", flat=True)
    put("prediction", {**predictions([known[0]])[0], "id": "z"})
    drain_until_empty(now=now)
    found = requests(credit_risk, now)
    assert len(found) == 1 + MAX_VALUES + 2
    assert found[f"region={OTHER}"] == 10_000 - MAX_VALUES + 1
    assert found[f"region={NONE}"] == 1
    assert found[f"region={known[0]}"] == 2
    put("outcome", *({"id": f"o{n}", "prediction_id": f"4-p{n}", "label": "yes"} for n in range(100)))
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk, segment=f"region={OTHER}")
    assert measure_window("accuracy", scope, start=now, end=now + DAY).n == 100
    assert recount(start=now - DAY, end=now + DAY) == []


def test_what_is_spelled_like_a_reserved_value_is_not_taken_for_it(credit_risk: Model, put: Put, now: datetime):
    declare_key(credit_risk, "region", now=now)
    put("prediction", *predictions([OTHER, NONE, '"(other)"', "x" * 300, "x" * 299 + "y"]))
    drain_until_empty(now=now)
    found = requests(credit_risk, now)
    assert {'region="(other)"', 'region="(none)"', 'region=""(other)""'} <= found.keys()
    assert len(found) == 6
    assert {value_text("1"), value_text(1), value_text(1.0)} == {"1"}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_features_are_folded_by_segment(credit_risk: Model, put: Put, now: datetime):
    reference(credit_risk, now)
    set_keys(credit_risk, ["region", "channel"], now=now)
    items = [
        {"id": f"p{n}", "model": "credit-risk", "version": "1", "features": row, "segments": {"region": row["region"]}}
        for n, row in enumerate(applicants(300))
    ]
    put("prediction", *items)
    drain_until_empty(now=now)
    rows = Bucket.objects.filter(series__metric="features").values_list("series__segment", "n")
    asked = Counter(item["features"]["region"] for item in items)
    assert dict(rows) == {"": 300, f"channel={NONE}": 300, **{f"region={name}": n for name, n in asked.items()}}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_calls_that_name_a_prompt_are_in_its_segment(project, put: Put, now: datetime):
    model = make_model(project, "assistant", kind=Model.Kind.LLM)
    calls = [("support", "4"), ("support", "5"), ("support", "5"), ("greet", ""), ("", "")]
    put(
        "llm_call",
        *(
            {"id": str(n), "model": "assistant", "prompt_name": name, "prompt_version": version, "usage": {"output": 7}}
            for n, (name, version) in enumerate(calls)
        ),
    )
    drain_until_empty(now=now)
    assert requests(model, now) == {"": 5, "prompt=support@4": 1, "prompt=support@5": 2, "prompt=greet": 1}
    scope = Scope(model.project_id, model.pk, segment="prompt=support@5")
    assert measure_window("tokens", scope, start=now, end=now + DAY).value == 14
    assert recount(start=now - DAY, end=now + DAY) == []


@pytest.mark.parametrize("key", ["", "a b", "1st", "a=b", "x" * 41, "prompt", "version", "error_type"])
def test_what_cannot_be_a_key_is_refused(credit_risk: Model, now: datetime, key: str):
    with pytest.raises(ValidationError, match=r"key"):
        declare_key(credit_risk, key, now=now)


def test_a_model_has_so_many_keys_and_no_more(credit_risk: Model, now: datetime):
    set_keys(credit_risk, [f"k{n}" for n in range(MAX_KEYS)], now=now)
    with pytest.raises(ValidationError, match="withdraw one first"):
        declare_key(credit_risk, "more", now=now)
    assert set_keys(credit_risk, ["k1"], now=now)
    assert not set_keys(credit_risk, ["k1"], now=now)
    assert list(SegmentKey.objects.filter(until=None).values_list("key", flat=True)) == ["k1"]


# --- Properties of the fold alone.
VALUES = st.sampled_from(['"a"', '"b"', "1", "null", "[1]"])
PAYLOADS = st.one_of(
    st.just("{}"),
    st.just('{"segments":null,"features":{"x":1}}'),
    st.builds('{{"segments":{{"region":{},"plan":{}}}}}'.format, VALUES, VALUES),
)
KEYS = {
    1: [DeclaredKey("region", 0, None), DeclaredKey("plan", 5, 9)],
    2: [DeclaredKey("region", 3, None, frozenset({"a"}))],
}
ROWS = st.lists(
    st.one_of(
        st.builds(lambda row, pk, payload: row._replace(id=pk, payload=payload), PREDICTIONS, st.integers(0, 10), PAYLOADS),
        st.builds(lambda row, name: row._replace(prompt_name=name, prompt_version="1"), CALLS, st.sampled_from(["", "p"])),
    ),
    max_size=8,
)  # fmt: skip


def folded(rows: list[Any], keys: Any = None) -> dict[Any, Any]:
    folds = Folds(keys=KEYS if keys is None else keys)
    folds.add_all(rows)
    return sums(folds)


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_any_order_and_split_folds_to_the_same_segments(rows, rng, cut):
    folds = Folds(keys=KEYS)
    shuffled = rng.sample(rows, len(rows))
    folds.add_all(shuffled[:cut])
    folds.add_all(shuffled[cut:])
    assert sums(folds) == folded(rows)


@given(ROWS)
def test_the_whole_is_what_it_is_without_segments(rows):
    whole = {key: value for key, value in folded(rows).items() if not key[0].segment}
    assert whole == {key: value for key, value in folded(rows, {}).items() if not key[0].segment}


@given(ROWS)
def test_the_segments_of_a_key_add_up_to_the_whole(rows):
    parts = [row for row in rows if not hasattr(row, "prompt_name")]
    keys = {version: [DeclaredKey("region", 0, None)] for version in (1, 2)}
    added: dict[str, dict[Any, Any]] = {name: defaultdict(lambda: [0, 0, Counter()]) for name in ("", "region")}
    for (group, slot), (n, total, bins) in folded(parts, keys).items():
        place = added[split_segment(group.segment)[0]][group._replace(segment=""), slot]
        place[0], place[1] = place[0] + n, place[1] + total
        place[2].update(bins)
    assert added["region"] == added[""]


@given(ROWS, ROWS)
def test_amending_to_and_fro_is_nothing(rows, others):
    mine = [row._replace(latency_us=5) for row in others]
    folds = Folds(keys=KEYS)
    folds.add_all(rows)
    folds.amend(others, mine, KEYS)
    folds.amend(mine, others, KEYS)
    assert sums(folds) == folded(rows)


# --- And through the inbox and the database.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["a", "b", None]), st.sampled_from(["yes", "no"]), st.sampled_from(["", "yes"])
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


def summaries(steps: list[Any], *, drain_every: int) -> dict[Any, Any]:
    """What a new project's summaries say after these predictions and labels; classes by name."""
    project = make_project(f"seg{next(fresh)}")
    declare_key(make_model(project, "m"), "region", now=NOW)
    for number, (name, value, decision, label) in enumerate(steps):
        given = {
            "id": str(name),
            "model": "m",
            "prediction": decision,
            "segments": {"region": value},
            "ts": micros(NOW),
        }
        put_body(project, "prediction", [given], received=NOW)
        if label:
            late = {"id": f"o{number}", "prediction_id": str(name), "label": label, "ts": micros(NOW)}
            put_body(project, "outcome", [late], received=NOW)
        if number % drain_every == 0:
            drain_until_empty(now=NOW)
    drain_until_empty(now=NOW)
    names = dict(Category.objects.filter(model__project=project, field="class").values_list("code", "value"))
    return {
        (row.series.metric, row.series.segment, row.start): (row.n, row.total, _named(row, names))
        for row in Bucket.objects.filter(series__project=project).select_related("series")
    }


def _named(row: Bucket, names: dict[int, str]) -> dict[Any, int]:
    bins, counts = (part.tolist() for part in unpack(row.bins))
    if row.series.metric == "decision":
        bins = [names[bin_] for bin_ in bins]
    if row.series.metric == "confusion":
        bins = [tuple(names[code] for code in divmod(bin_, 4_096)) for bin_ in bins]
    return dict(zip(bins, counts, strict=True))


@pytest.mark.django_db
@given(STEPS)
@example([(0, "a", "yes", "yes"), (0, "b", "no", "")])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_drained_the_segments_are_the_same_and_a_recount_agrees(steps):
    assert summaries(steps, drain_every=1) == summaries(steps, drain_every=100)
    assert recount(start=NOW - DAY, end=NOW + DAY) == []
    parts: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    for row in Bucket.objects.select_related("series"):
        key = (row.series.project_id, row.series.metric)
        parts[key]["part" if row.series.segment else "whole"] += row.n
        merge_packed([bytes(row.bins)])
    assert all(counted["part"] == counted["whole"] for counted in parts.values())
    assert Prediction.objects.exists()


def test_keys_are_read_for_the_versions_that_have_some(
    credit_risk: Model, now: datetime, django_assert_max_num_queries
):
    version = credit_risk.versions.get()
    with django_assert_max_num_queries(1):
        assert read_keys({version.pk}) == {}
    declare_key(credit_risk, "region", now=now)
    with django_assert_max_num_queries(3):
        [[key]] = read_keys({version.pk}).values()
    assert (key.key, key.until, key.values) == ("region", None, None)
