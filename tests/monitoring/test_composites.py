"""Composite objectives: judged by the same path as any other, from the shares of their components."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from config.definitions.remove import StandsError, remove
from models_registry.models import Model, Project
from monitoring.models import SLO, Component, Correction
from monitoring.slo.books import read_books
from monitoring.slo.components import read_components, read_lines, set_components
from monitoring.slo.composites import subjects_for
from monitoring.slo.contributions import contributions
from monitoring.slo.corrections import corrected
from monitoring.slo.foresight import foresee_slo
from monitoring.slo.standings import standings
from monitoring.slo.status import ask_between, budget_days, budget_series, counts_between, slo_status, slo_statuses
from monitoring.slo.validate import slo_problems
from tests.cast import make_credit_risk
from tests.monitoring.series import class_code, labelled, served

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def promise(model: Model, slug: str, **more: object) -> SLO:
    fields = {"name": slug, "sli": "availability", "target": 0.9, **more}
    return SLO.objects.create(project=model.project, slug=slug, model=model, **fields)


def compose(*parts: SLO, weights: tuple[float, ...] = (), how: str = "weighted", **more: object) -> SLO:
    first = parts[0]
    whole = promise(first.model, str(more.pop("slug", "whole")), sli="composite", composition=how, **more)
    given = weights or (1.0,) * len(parts)
    set_components(whole, [Component(slo=one, weight=weight) for one, weight in zip(parts, given, strict=True)])
    return SLO.objects.select_related("model", "project").get(pk=whole.pk)


@pytest.fixture
def two(credit_risk: Model, support_assistant: Model) -> tuple[SLO, SLO]:
    """Of 1,000 requests 20 failed in the one, of 100 ten in the other."""
    served(credit_risk, NOW - 2 * DAY, ok=980, failed=20)
    served(support_assistant, NOW - 3 * DAY, ok=90, failed=10)
    return promise(credit_risk, "scores"), promise(support_assistant, "answers")


@pytest.mark.parametrize("how", ["weighted", "minimum", "product"])
@pytest.mark.parametrize("calendar", ["", "month"])
def test_of_one_component_it_is_that_component(credit_risk: Model, how: str, calendar: str) -> None:
    for day in range(20):
        served(credit_risk, NOW - day * DAY - HOUR, ok=95 + day, failed=day % 4)
    served(credit_risk, NOW - 3 * MINUTE, ok=1, failed=6)
    one = promise(credit_risk, "one", calendar=calendar, zone="America/Sao_Paulo")
    whole = compose(one, how=how, calendar=calendar, zone="America/Sao_Paulo", weights=(7.5,))
    mine, its = slo_status(whole, now=NOW), slo_status(one, now=NOW)
    for name in ("state", "window_start", "window_end", "valid"):
        assert getattr(mine, name) == getattr(its, name)
    for name in ("attained", "budget_left", "burn", "exhausts_in_s", "good"):
        assert getattr(mine, name) == pytest.approx(getattr(its, name), abs=1e-9)
    assert mine.daily == pytest.approx(its.daily, abs=1e-9)
    for span, counts in its.windows.items():
        assert mine.windows[span].guarded == counts.guarded
    series = [[left for _, left in budget_series(slo, now=NOW, points=30)] for slo in (whole, one)]
    assert series[0] == pytest.approx(series[1], abs=1e-9)
    days = [budget_days(slo, now=NOW) for slo in (whole, one)]
    assert [(day.day, day.valid) for day in days[0]] == [(day.day, day.valid) for day in days[1]]
    assert [day.spent for day in days[0]] == pytest.approx([day.spent for day in days[1]], abs=1e-9)


@pytest.mark.parametrize("sliced", [{"method": "timeslices", "slice_target": 0.9}, {"method": "ratio_timeslices"}])
def test_slices_of_one_component_are_its_own(credit_risk: Model, sliced: dict[str, object]) -> None:
    for hour in range(1, 60):
        served(credit_risk, NOW - hour * HOUR, ok=9, failed=hour % 3)
    one = promise(credit_risk, "one", slice=HOUR, **sliced)
    mine, its = slo_status(compose(one), now=NOW), slo_status(one, now=NOW)
    for name in ("attained", "budget_left", "burn", "good", "valid"):
        assert getattr(mine, name) == pytest.approx(getattr(its, name), abs=1e-9)


def test_in_the_midst_of_a_slice_the_last_one_that_is_over_is_seen(
    credit_risk: Model, support_assistant: Model
) -> None:
    served(credit_risk, NOW - 30 * MINUTE, failed=10)  # 11:00 to 12:00 is over
    served(credit_risk, NOW + 5 * MINUTE, ok=50)  # and 12:00 to 13:00 is not
    served(support_assistant, NOW + 9 * MINUTE, ok=10)
    slices = promise(credit_risk, "slices", slice=HOUR, method="timeslices", slice_target=0.9)
    status = slo_status(compose(slices, promise(support_assistant, "events")), now=NOW + 10 * MINUTE)
    assert status.window_end == NOW + 10 * MINUTE
    assert status.burn["5m"] == status.burn["1h"] == pytest.approx(5, rel=1e-9)
    assert status.state == "exhausted"


@pytest.mark.parametrize(
    ("how", "attained"),
    [("weighted", (0.98 * 3 + 0.9 * 1) / 4), ("minimum", 0.9), ("product", 0.98 * 0.9)],
)
def test_what_each_method_makes_of_two(two: tuple[SLO, SLO], how: str, attained: float) -> None:
    status = slo_status(compose(*two, weights=(3, 1), how=how, target=0.8), now=NOW)
    assert status.attained == pytest.approx(attained, abs=1e-9)
    assert status.budget_left == pytest.approx(1 - (1 - attained) / 0.2, abs=1e-9)
    assert status.burn["3d"] == pytest.approx({"weighted": 0.2, "minimum": 0.5, "product": 0.59}[how], abs=1e-9)


@pytest.mark.parametrize("how", ["weighted", "minimum", "product"])
def test_what_is_left_only_shrinks_and_ends_where_the_status_is(two: tuple[SLO, SLO], how: str) -> None:
    whole = compose(*two, how=how)
    left = [value for _at, value in budget_series(whole, now=NOW, points=30)]
    assert left[0] == 1
    assert all(after <= before for before, after in pairwise(left))
    status = slo_status(whole, now=NOW)
    assert left[-1] == status.budget_left
    days = budget_days(whole, now=NOW)
    assert sum(day.spent for day in days) == pytest.approx(1 - status.budget_left, abs=1e-9)
    assert sum(1 for day in days if day.spent) == (1 if how == "minimum" else 2)


def test_who_spends_the_budget(two: tuple[SLO, SLO]) -> None:
    whole = compose(*two, weights=(3, 1), target=0.9)
    found = contributions(whole, now=NOW)
    assert [one.component.slo.slug for one in found] == ["answers", "scores"]
    assert [(one.good, one.valid, one.attained) for one in found] == [(90, 100, 0.9), (980, 1000, 0.98)]
    assert [one.share for one in found] == [0.25, 0.75]
    assert [one.spent for one in found] == pytest.approx([0.25, 0.15], abs=1e-9)
    assert sum(one.spent for one in found) == pytest.approx(1 - slo_status(whole, now=NOW).budget_left, abs=1e-9)
    assert contributions(two[0], now=NOW) == []


def test_a_component_without_data_is_left_out_or_leaves_the_whole_without(
    credit_risk: Model, support_assistant: Model
) -> None:
    served(credit_risk, NOW - DAY, ok=95, failed=5)
    parts = promise(credit_risk, "scores"), promise(support_assistant, "answers")
    lenient = compose(*parts, weights=(1, 9))
    assert lenient.without_data == "left_out"
    status = slo_status(lenient, now=NOW)
    assert (status.valid, status.state) == (100, "ok")
    assert status.attained == pytest.approx(0.95, abs=1e-9)
    strict = slo_status(compose(*parts, slug="strict", without_data="no_data"), now=NOW)
    assert (strict.attained, strict.budget_left, strict.state) == (None, None, "no_data")
    assert set(strict.burn.values()) == {None}


def test_it_ends_where_the_slowest_component_has_settled(credit_risk: Model, support_assistant: Model) -> None:
    class_code(credit_risk, "default", 1)
    Model.objects.filter(pk=credit_risk.pk).update(label_delay=2 * DAY)
    labelled(credit_risk, NOW - 4 * DAY, [(1, 1), (1, 0)])
    served(support_assistant, NOW - DAY, failed=10)
    served(support_assistant, NOW - 3 * DAY, ok=10)
    right = promise(Model.objects.get(pk=credit_risk.pk), "right", sli="accuracy")
    fast = promise(support_assistant, "fast")
    status = slo_status(compose(fast, right), now=NOW)
    assert status.window_end == NOW - 2 * DAY
    assert status.attained == pytest.approx(0.75)
    alone = compose(fast, slug="alone")
    assert slo_status(alone, now=NOW).window_end == NOW


def test_components_have_targets_and_windows_of_their_own(two: tuple[SLO, SLO]) -> None:
    SLO.objects.update(target=0.999, window=DAY)
    whole = compose(*SLO.objects.select_related("model"), window=30 * DAY, target=0.8)
    assert slo_status(whole, now=NOW).attained == pytest.approx(0.94, abs=1e-9)


def test_corrections_of_components_and_of_the_whole_reach_it(two: tuple[SLO, SLO]) -> None:
    whole = compose(*two)
    fields = {"project": whole.project, "reason": "r", "author": "a"}
    day = {"starts_at": NOW - 3 * DAY, "ends_at": NOW - 3 * DAY + HOUR}
    of_part = Correction.objects.create(slug="part", slo=two[1], **day, **fields)
    assert slo_status(whole, now=NOW).attained == pytest.approx(0.98)
    assert [(one.correction.slug, one.bad) for one in corrected(whole, now=NOW)] == [("part", pytest.approx(10))]
    of_part.delete()
    Correction.objects.create(slug="whole", slo=whole, effect="good", **day, **fields)
    assert slo_status(whole, now=NOW).attained == pytest.approx(0.99)
    assert slo_status(two[1], now=NOW).attained == pytest.approx(0.9)
    Correction.objects.all().delete()
    Correction.objects.create(slug="model", model=two[0].model, **day, **fields)
    assert slo_status(whole, now=NOW).attained == pytest.approx(0.94)


def test_what_programs_read_and_rules_foresee_is_the_same(two: tuple[SLO, SLO]) -> None:
    whole = compose(*two)
    [standing] = standings({whole: [300, 3600, 3 * 86_400]}, now=NOW)
    assert standing.status.attained == slo_status(whole, now=NOW).attained
    assert standing.windows[3 * 86_400].bad / standing.windows[3 * 86_400].valid == pytest.approx(0.06, abs=1e-9)
    assert foresee_slo(whole, now=NOW).traffic.share == pytest.approx(0.06, abs=1e-9)
    [subject], edges = subjects_for([whole]), [NOW - 4 * DAY, NOW - 2.5 * DAY, NOW]
    [book] = read_books([ask_between(whole, subject, edges)])
    told = counts_between(whole, book, edges)
    assert [(one.bad, one.valid) for one in told] == [(pytest.approx(10), 100), (pytest.approx(20), 1000)]


def test_any_number_costs_the_same_and_ordinary_ones_no_more(two: tuple[SLO, SLO], django_assert_num_queries) -> None:
    def reads(count: int) -> None:
        rows = list(SLO.objects.select_related("model"))
        with django_assert_num_queries(count):
            slo_statuses(rows, now=NOW)

    reads(4)
    compose(*two)
    with_one = 6
    reads(with_one)
    for number in range(4):
        compose(*two, slug=f"more-{number}")
    reads(with_one)


def test_who_is_in_a_composite_stays(two: tuple[SLO, SLO], credit_risk: Model) -> None:
    whole = compose(*two)
    with pytest.raises(RestrictedError):
        two[1].delete()
    with pytest.raises(StandsError, match=r"slos\.whole"):
        remove(two[1], now=NOW)
    with pytest.raises(RestrictedError):
        Model.objects.filter(pk=two[1].model_id).delete()
    set_components(whole, [Component(slo=two[0], weight=1.0)])
    two[1].delete()
    Project.objects.filter(pk=whole.project_id).delete()
    assert not SLO.objects.exists()


def test_the_database_keeps_them_sound(two: tuple[SLO, SLO]) -> None:
    whole = compose(*two)
    for wrong in ({"slo": two[0], "weight": 1}, {"slo": whole, "weight": 0}, {"slo": whole, "weight": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Component.objects.create(composite=whole, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        promise(whole.model, "how", sli="composite")


def draft(model: Model, parts: list[Component] | None = None, **more: object) -> SLO:
    fields = {"slug": "whole", "name": "Whole", "sli": "composite", "composition": "weighted", "target": 0.9, **more}
    slo = SLO(project=model.project, model=model, **fields)
    slo.parts = parts
    return slo


def test_what_makes_no_composite_is_refused_with_the_mend(two: tuple[SLO, SLO], other_project: Project) -> None:
    model, whole = two[0].model, compose(*two)
    good = [Component(slo=two[0], weight=1.0)]
    stranger = promise(make_credit_risk(other_project), "theirs")
    assert slo_problems(draft(model, good)) == {}
    assert slo_problems(whole) == {}
    for parts, text in [
        ([], "1 to 50 other SLOs"),
        (None, "1 to 50 other SLOs"),
        ([Component(slo=whole, weight=1.0)], "“whole” is a composite: name its components"),
        ([Component(slo=stranger, weight=1.0)], "“theirs” belongs to another project"),
        ([Component(slo=two[0], weight=0.0)], "weight of “scores” must be from"),
        ([Component(slo=two[0], weight=float("nan"))], "weight of “scores” must be from"),
        ([Component(slo=two[0], weight=float("inf"))], "weight of “scores” must be from"),
    ]:
        assert text in slo_problems(draft(model, parts))["components"]
    for field, value in {"bound_ms": 3.0, "measure": "accuracy", "slice": HOUR, "method": "timeslices"}.items():
        assert field in slo_problems(draft(model, good, **{field: value}))
    assert "Say how" in slo_problems(draft(model, good, composition=""))["composition"]
    plain = slo_problems(draft(model, good, sli="availability", without_data="no_data"))
    assert set(plain) == {"composition", "components", "without_data"}


def test_cycles_and_moves_away_are_refused(two: tuple[SLO, SLO], other_project: Project) -> None:
    whole = compose(*two)
    whole.parts = [Component(slo=whole, weight=1.0)]
    assert "this composite itself" in slo_problems(whole)["components"]
    part = two[0]
    part.sli, part.composition, part.parts = "composite", "weighted", [Component(slo=two[1], weight=1.0)]
    assert "component of whole" in slo_problems(part)["sli"]
    moved = SLO.objects.get(pk=two[1].pk)
    moved.project = other_project
    assert "component of whole" in slo_problems(moved)["project"]


def test_components_are_written_in_several_ways(two: tuple[SLO, SLO]) -> None:
    project = two[0].project
    assert [one.weight for one in read_components(project, ["scores", "answers"])] == [1, 1]
    parts = read_lines(project, "scores: 2\n\nanswers 0,5\n")
    assert [(one.slo.slug, one.weight) for one in parts] == [("scores", 2.0), ("answers", 0.5)]
    for given, text in [
        ({"gone": 1}, "no SLO “gone”"),
        ({"scores": "two"}, "“scores” is no number"),
        ({"scores": True}, "“scores” is no number"),
        (["scores", "scores"], "named twice"),
        (3, "Write weights"),
        ([1], "Write weights"),
    ]:
        with pytest.raises(ValidationError, match=text):
            read_components(project, given)
    for lines, text in [("scores two", "no number"), ("scores\nscores 2", "named twice"), ("scores 1 2", "no number")]:
        with pytest.raises(ValidationError, match=text):
            read_lines(project, lines)


def test_random_histories_agree_with_plain_sums(credit_risk: Model, support_assistant: Model) -> None:
    rng = np.random.default_rng(11)
    told: dict[int, list[tuple[datetime, int, int]]] = {}
    models = (credit_risk, support_assistant)
    for model in models:
        told[model.pk] = []
        for _ in range(60):
            at = NOW - int(rng.integers(1, 30 * 1440)) * MINUTE
            ok, failed = (int(one) for one in rng.integers(0, 30, 2))
            served(model, at, ok=ok, failed=failed)
            told[model.pk].append((at, ok, ok + failed))
    parts = [promise(model, model.slug) for model in models]
    status = slo_status(compose(*parts, weights=(2, 5)), now=NOW)
    sums = [[sum(one[side] for one in told[model.pk]) for side in (1, 2)] for model in models]
    shares = [good / valid for good, valid in sums]
    assert status.attained == pytest.approx((2 * shares[0] + 5 * shares[1]) / 7, abs=1e-9)
