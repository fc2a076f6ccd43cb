"""Grouped objectives: one promise, a budget for every group; together with what is in none they are the whole."""

from datetime import UTC, datetime, timedelta

import pytest

from models_registry.models import Model, ModelVersion
from monitoring.models import SLO, Correction
from monitoring.slo.groups import group_statuses
from monitoring.slo.status import slo_status
from monitoring.slo.validate import slo_problems
from tests.monitoring.series import served

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def promise(model: Model, **more: object) -> SLO:
    fields = {"slug": "answered", "name": "Answered", "sli": "availability", "target": 0.9, "window": DAY, **more}
    return SLO.objects.create(project=model.project, model=model, **fields)


def region(model: Model, value: str, *, ok: int, failed: int = 0, at: datetime = NOW - HOUR) -> None:
    """Of the segment alone; the whole is served beside it."""
    served(model, at, ok=ok, failed=failed, segment=f"region={value}")
    served(model, at, ok=ok, failed=failed)


def told(slo: SLO) -> list[tuple[str, float, float, str]]:
    found = group_statuses([slo], now=NOW).get(slo.pk, [])
    return [(one.group.value, one.status.good, one.status.valid, one.status.state) for one in found]


def test_every_version_has_a_budget_the_worst_first(credit_risk: Model) -> None:
    for version, failed in (("2", 5), ("3", 50)):
        ModelVersion.objects.create(model=credit_risk, version=version)
        served(credit_risk, NOW - HOUR, ok=100 - failed, failed=failed, version=version)
    served(credit_risk, NOW - HOUR, ok=100)
    slo = promise(credit_risk, group_by="version")
    assert told(slo) == [("3", 50, 100, "exhausted"), ("2", 95, 100, "ok"), ("1", 100, 100, "ok")]
    found = group_statuses([slo], now=NOW)[slo.pk]
    assert [one.status.budget_left for one in found] == pytest.approx([1 - 0.5 / 0.1, 0.5, 1], abs=1e-9)
    assert sum(one.status.valid for one in found) == slo_status(slo, now=NOW).valid


def test_what_is_in_no_group_is_told_as_other(credit_risk: Model) -> None:
    region(credit_risk, "south", ok=80, failed=20)
    region(credit_risk, "north", ok=50)
    region(credit_risk, "(other)", ok=3, failed=1)
    served(credit_risk, NOW - 2 * HOUR, ok=6, failed=4)  # before the key was declared
    slo = promise(credit_risk, group_by="region")
    assert told(slo) == [("(other)", 9, 14, "exhausted"), ("south", 80, 100, "exhausted"), ("north", 50, 50, "ok")]
    assert sum(valid for _, _, valid, _ in told(slo)) == slo_status(slo, now=NOW).valid
    assert told(promise(credit_risk, slug="whole")) == []


def test_more_groups_than_are_told_are_other_too(credit_risk: Model) -> None:
    for number in range(60):
        region(credit_risk, f"r{number:02}", ok=1)
    slo = promise(credit_risk, group_by="region")
    found = told(slo)
    assert len(found) == 51
    assert ("(other)", 10, 10, "ok") in found


def test_slices_of_groups_do_not_add_up_so_there_is_no_rest(credit_risk: Model) -> None:
    region(credit_risk, "south", ok=1, failed=9)
    region(credit_risk, "north", ok=50)
    slo = promise(credit_risk, group_by="region", method="timeslices", slice=HOUR, slice_target=0.9)
    assert told(slo) == [("south", 0, 1, "exhausted"), ("north", 1, 1, "ok")]


def test_a_correction_is_of_every_group(credit_risk: Model) -> None:
    region(credit_risk, "south", ok=1, failed=9)
    region(credit_risk, "north", ok=50, at=NOW - 3 * HOUR)
    slo = promise(credit_risk, group_by="region")
    Correction.objects.create(
        project=slo.project, slug="c", slo=slo, starts_at=NOW - 2 * HOUR, ends_at=NOW, reason="r", author="a"
    )
    assert told(slo) == [("north", 50, 50, "ok")]


def test_any_number_costs_the_same(credit_risk: Model, django_assert_num_queries) -> None:
    region(credit_risk, "south", ok=10)
    promise(credit_risk, group_by="region")
    for number in range(5):
        promise(credit_risk, slug=f"more-{number}", group_by="version")
    for slos in (SLO.objects.filter(group_by="region"), SLO.objects.filter(group_by="version"), SLO.objects.all()):
        rows = list(slos.select_related("model"))
        with django_assert_num_queries(6 if len(rows) == 6 else 5):
            group_statuses(rows, now=NOW)


def test_what_nobody_can_group_by_is_refused(credit_risk: Model) -> None:
    slo = SLO(project=credit_risk.project, slug="s", model=credit_risk, sli="availability", target=0.9)
    assert slo_problems(slo) == {}
    slo.group_by = "version"
    assert slo_problems(slo) == {}
    slo.group_by = "region"
    assert "credit-risk does not declare the segment key region: declare it" in slo_problems(slo)["group_by"]


@pytest.mark.parametrize("slug", ["preview", "suggested"])
def test_a_slug_that_an_address_would_hide_is_refused(credit_risk: Model, slug: str) -> None:
    slo = SLO(project=credit_risk.project, slug=slug, model=credit_risk, sli="availability", target=0.9)
    assert "choose another" in slo_problems(slo)["slug"]
