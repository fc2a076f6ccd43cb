"""Grouped composites: every group is the composite of what its components have of that group, and nothing else."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models_registry.models import Model, ModelVersion, Project
from monitoring.models import SLO, Component, Correction
from monitoring.slo.groups import GroupStatus, group_statuses
from monitoring.slo.status import slo_status
from monitoring.slo.validate import slo_problems
from monitoring.stats.segments import OTHER
from monitoring.summaries.segment_keys import declare_key, withdraw_key
from tests.cast import make_project
from tests.monitoring.series import served
from tests.monitoring.test_composites import compose, draft, promise

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
fresh = count()
WAYS = [(how, data) for how in ("weighted", "minimum", "product") for data in ("left_out", "no_data")]
SLICED = {"slice": HOUR, "method": "timeslices", "slice_target": 0.9}
# (component, region, minutes ago, ok, failed); no region: from before the key was declared.
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["north", "south", OTHER, ""]),
        st.integers(1, 1_400),
        st.integers(0, 20),
        st.integers(0, 4),
    ),
    max_size=12,
)
by_database = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def region(model: Model, value: str, *, ok: int, failed: int = 0, at: datetime = NOW - HOUR) -> None:
    """Of the segment and of the whole; without a value of the whole alone."""
    if value:
        served(model, at, ok=ok, failed=failed, segment=f"region={value}")
    served(model, at, ok=ok, failed=failed)


def two_models() -> tuple[Model, Model]:
    project = make_project(f"groups{next(fresh)}")
    found = [Model.objects.create(project=project, slug=slug, name=slug) for slug in ("a", "b")]
    for model in found:
        ModelVersion.objects.create(model=model, version="1")
        declare_key(model, "region", now=NOW)
    return found[0], found[1]


def told(slo: SLO) -> dict[str, GroupStatus]:
    return {one.group.value: one for one in group_statuses([slo], now=NOW).get(slo.pk, [])}


def same(mine: GroupStatus, its: GroupStatus, *, guarded: bool) -> None:
    """But for what floats make of a mean of one, and what guards make of bad slices."""
    assert mine.group == its.group
    for name in ("window_start", "window_end", "valid"):
        assert getattr(mine.status, name) == getattr(its.status, name), name
    for name in ("attained", "budget_left", "burn", "exhausts_in_s", "good", "daily"):
        assert getattr(mine.status, name) == pytest.approx(getattr(its.status, name), abs=1e-9), name
    held = guarded and its.status.state == "ok"  # bad slices are enough for any guard of a composite
    assert held or mine.status.state == its.status.state


@pytest.mark.django_db
@given(EVENTS, st.sampled_from(WAYS), st.sampled_from([{}, SLICED]), st.sampled_from(["region", "version"]))
@example([(0, OTHER, 90, 1, 9), (0, "south", 90, 9, 1)], WAYS[0], SLICED, "region")
@by_database
def test_over_one_component_it_is_that_component_grouped(events, way, how, key):
    model, _other = two_models()
    ModelVersion.objects.create(model=model, version="2")
    for number, value, ago, ok, failed in events:
        region(model, value, ok=ok, failed=failed, at=NOW - ago * MINUTE)
        served(model, NOW - ago * MINUTE, ok=ok, version=str(number + 1))
    one = promise(model, "one", group_by=key, **how)
    whole = compose(one, how=way[0], without_data=way[1], group_by=key, weights=(3,))
    mine, its = told(whole), told(one)
    assert mine.keys() == its.keys()
    for value, status in mine.items():
        same(status, its[value], guarded=bool(how))


def combined(shares: list[float], how: str) -> float:
    if how == "minimum":
        return min(shares)
    if how == "product":
        return shares[0] * shares[-1] if len(shares) > 1 else shares[0]
    weights = (2, 1)
    return sum(w * share for w, share in zip(weights, shares, strict=False)) / sum(weights[: len(shares)])


@pytest.mark.django_db
@given(EVENTS, st.sampled_from(WAYS))
@example([(0, OTHER, 90, 8, 2), (0, "", 90, 5, 0), (1, OTHER, 90, 0, 4)], WAYS[0])
@example([(0, "south", 90, 8, 2), (1, "north", 90, 0, 4)], WAYS[0])
@example([(0, "south", 90, 8, 2), (1, "north", 90, 0, 4)], WAYS[1])
@by_database
def test_every_group_and_the_rest_are_what_the_events_of_each_component_make_of_it(events, way):
    """By plain sums; what each model calls other is in the rest, and so is what came before the key."""
    models, sums = two_models(), {side: (Counter(), Counter()) for side in range(2)}
    for number, value, ago, ok, failed in events:
        region(models[number], value, ok=ok, failed=failed, at=NOW - ago * MINUTE)
        place = value or OTHER
        sums[number][0][place] += ok
        sums[number][1][place] += ok + failed
    parts = [promise(model, model.slug) for model in models]
    whole = compose(*parts, weights=(2, 1), how=way[0], without_data=way[1], window=DAY, group_by="region", target=0.5)
    found = told(whole)
    came = {value for side in sums.values() for value, valid in side[1].items() if valid}
    assert found.keys() == came
    for value, one in found.items():
        shares = [good[value] / valid[value] if valid[value] else None for good, valid in sums.values()]
        if None in shares and way[1] == "no_data":
            assert (one.status.state, one.status.attained, one.status.valid) == ("no_data", None, 0)
            continue
        there = [share for share in shares if share is not None]
        assert one.status.attained == pytest.approx(combined(there, way[0]), abs=1e-9)


@pytest.mark.django_db
def test_what_one_model_calls_other_is_no_group_of_several() -> None:
    """A value that the one has no room for may have a segment in the other."""
    a, b = two_models()
    region(a, OTHER, ok=1, failed=9)
    region(b, OTHER, ok=10)
    region(b, "south", ok=10)
    slices = compose(promise(a, "a", **SLICED), promise(b, "b", **SLICED), window=DAY, group_by="region")
    assert told(slices).keys() == {"south"}
    events = compose(promise(a, "c"), promise(b, "d"), slug="events", window=DAY, group_by="region")
    assert told(events)[OTHER].status.attained == pytest.approx(0.55, abs=1e-9)


@pytest.mark.django_db
def test_values_of_all_models_are_groups_and_no_more_than_fifty() -> None:
    a, b = two_models()
    for number in range(40):
        region(a, f"r{2 * number:02}", ok=1)
        region(b, f"r{2 * number + 1:02}", ok=1, failed=1)
    found = told(compose(promise(a, "a"), promise(b, "b"), window=DAY, group_by="region"))
    assert set(found) == {f"r{number:02}" for number in range(50)} | {OTHER}
    assert (found["r10"].status.attained, found["r11"].status.attained) == (1, 0.5)
    assert found[OTHER].status.attained == pytest.approx(0.75, abs=1e-9)


@pytest.mark.django_db
def test_corrections_reach_every_group_and_the_whole_stays_whole() -> None:
    a, b = two_models()
    region(a, "south", ok=5, failed=5)
    region(b, "south", ok=10, at=NOW - 3 * HOUR)
    whole = compose(promise(a, "a"), promise(b, "b"), window=DAY, group_by="region")
    assert told(whole)["south"].status.attained == slo_status(whole, now=NOW).attained == 0.75
    span = {"starts_at": NOW - 2 * HOUR, "ends_at": NOW, "reason": "r", "author": "a"}
    Correction.objects.create(project=whole.project, slug="c", slo=whole, **span)
    assert told(whole)["south"].status.attained == 1


@pytest.mark.django_db
def test_any_number_of_groups_and_composites_costs_the_same(django_assert_num_queries) -> None:
    a, b = two_models()
    parts = promise(a, "a"), promise(b, "b")
    region(a, "south", ok=5, failed=5)
    compose(*parts, group_by="region")

    def reads(amount: int) -> None:
        rows = list(SLO.objects.exclude(group_by="").select_related("model"))
        with django_assert_num_queries(amount):
            group_statuses(rows, now=NOW)

    with_one = 7
    reads(with_one)
    for number in range(12):
        region(b, f"r{number}", ok=5)
    for number in range(3):
        compose(*parts, slug=f"more-{number}", group_by="region")
    promise(a, "plain", group_by="region")
    reads(with_one)
    compose(parts[0], slug="versions", group_by="version")
    reads(with_one + 1)


@pytest.mark.django_db
def test_who_does_not_know_the_key_is_named_with_the_mend(other_project: Project) -> None:
    a, b = two_models()
    both = [Component(slo=promise(model, f"up-{model.slug}"), weight=1.0) for model in (a, b)]
    assert slo_problems(draft(a, both, group_by="region")) == {}
    withdraw_key(b.segment_keys.get(), now=NOW)
    told_ = slo_problems(draft(a, both, group_by="region"))["group_by"]
    assert told_.startswith("Its component “up-b” is of b, which does not declare the segment key region: declare it")
    assert slo_problems(draft(a, both[:1], group_by="region")) == {}
    assert slo_problems(draft(b, both[:1], group_by="region")) == {}
    assert slo_problems(draft(a, both[:1], group_by="version")) == {}
    told_ = slo_problems(draft(a, both, group_by="version"))["group_by"]
    assert told_.startswith("Versions are of one model, and its component “up-b” is of b, not of a: choose")
    assert "up-a" in slo_problems(draft(b, both[:1], group_by="version"))["group_by"]
    assert set(slo_problems(draft(a, [], group_by="region"))) == {"components"}


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["region", "version"])
def test_a_component_does_not_move_out_of_the_groups_of_its_composite(key: str) -> None:
    a, b = two_models()
    one = promise(a, "one")
    compose(one, group_by=key)
    withdraw_key(b.segment_keys.get(), now=NOW)
    assert slo_problems(one) == {}
    one.model = b
    assert "component of whole, which has one budget per" in slo_problems(one)["model"]
    declare_key(b, "region", now=NOW)
    assert ("model" in slo_problems(one)) == (key == "version")
