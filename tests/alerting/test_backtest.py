"""A rule asked of the past does what it did: by the same evaluator, on the same numbers; and says where truth came late."""

import random
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from alerting.backtest.past import backtest, compare
from alerting.errors import Refused
from alerting.models import AlertRule, AlertTransition, AlertVerdict, Evaluation, Incident
from models_registry.models import Model
from monitoring.models import SLO, Correction
from monitoring.slo.corrections import record_correction, withdraw_correction
from monitoring.summaries.segment_keys import declare_key
from tests import cast
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, burn_rule, error_rule, serve, tick
from tests.monitoring.series import add, class_code, labelled, series_of, served

pytestmark = pytest.mark.django_db
HALF = timedelta(seconds=59)


# Rules run at phases of their own, by their number. Ticks are a minute apart here, so a composite sees what its members make of the
# same minute even where they run after it; with these numbers none does.
IN_STEP = 60_000_000  # whole minutes, and beyond what a sequence comes to


def firings_of(rule: AlertRule, start: int, end: int) -> list[tuple[datetime, datetime | None]]:
    found = backtest(rule, start=NOON + start * MINUTE, end=NOON + end * MINUTE, now=NOON + DAY)
    return [(one.start, one.end) for one in found.firings]


def fired(rule: AlertRule) -> list[tuple[datetime, datetime | None]]:
    """What really happened, by its transitions."""
    found: list[list[datetime | None]] = []
    for row in AlertTransition.objects.filter(alert__rule=rule, alert__signal="breach").order_by("id"):
        if row.to_state == "firing" and row.from_state != "firing":
            found.append([row.at, None])
        elif row.from_state == "firing" and row.to_state != "firing":
            found[-1][1] = row.at
    return [(start, end) for start, end in found]


class TestReplay(TestCase):
    """Whatever came, a backtest tells what the live evaluator did at every slot."""

    @settings(max_examples=8)
    @given(
        failures=st.lists(st.sampled_from([0, 0, 0, 1, 4, 10]), min_size=12, max_size=24),
        quiet=st.sets(st.integers(0, 23), max_size=8),
        hold=st.integers(0, 3),
        keep=st.integers(0, 3),
        no_data=st.sampled_from(["keep", "ok", "alert", "separate"]),
    )
    def test_equals_the_live_evaluator(self, failures, quiet, hold, keep, no_data) -> None:
        model = cast.make_credit_risk(cast.make_project())
        shared = {"for_duration": hold * MINUTE, "keep_firing_for": keep * MINUTE, "no_data": no_data}
        rules = [
            error_rule(model, "share", window=2 * MINUTE, **shared),
            error_rule(model, "count", measure="requests", threshold=15, window=3 * MINUTE, **shared),
            error_rule(model, "slow", measure="latency_p95", threshold=300, window=3 * MINUTE, **shared),
            burn_rule(model, pairs=[{"long_s": 600, "short_s": 120, "factor": 14.4, "severity": "page"}], **shared),
        ]
        for minute, failed in enumerate(failures):
            if minute not in quiet:
                served(model, NOON + minute * MINUTE, ok=10 - failed, failed=failed)
                add(series_of(model, "latency"), NOON + minute * MINUTE, {900 + 40 * failed: 10})
        tick(0, len(failures))
        for rule in rules:
            assert firings_of(rule, 0, len(failures)) == fired(rule), rule
            result = backtest(rule, start=NOON, end=NOON + len(failures) * MINUTE, now=NOON + DAY)
            lived = Evaluation.objects.filter(rule=rule).order_by("slot")
            known = [row.value for row in lived]
            told = [result.parts[0].answers.of(place) for place in range(result.slots.count)]
            assert [one.value for one in told] == known
            assert [one.valid for one in told] == [row.valid for row in lived]
            assert [one.reason[:300] for one in told] == [row.reason for row in lived]
            assert not result.differences


GROUPED = {"region": ("region=north", "region=south"), "version": ("version=1", "version=2")}


def fired_by_group(rule: AlertRule) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """What really happened, by the alert of each group."""
    found: dict[str, list[list[datetime | None]]] = {name: [] for name in GROUPED[rule.grouping]}
    rows = AlertTransition.objects.filter(alert__rule=rule, alert__signal="breach").select_related("alert")
    for row in rows.order_by("id"):
        mine = found[f"{rule.grouping}={row.alert.labels[rule.grouping]}"]
        if row.to_state == "firing" and row.from_state != "firing":
            mine.append([row.at, None])
        elif row.from_state == "firing" and row.to_state != "firing":
            mine[-1][1] = row.at
    return {name: [(start, end) for start, end in spans] for name, spans in found.items()}


class TestGroups(TestCase):
    """Of a rule with an alert per version or segment, a backtest tells what each of them did."""

    @settings(max_examples=8)
    @given(
        failures=st.lists(st.tuples(*[st.sampled_from([None, 0, 0, 1, 4, 10])] * 2), min_size=10, max_size=18),
        hold=st.integers(0, 2),
        no_data=st.sampled_from(["keep", "ok", "alert", "separate"]),
    )
    def test_equals_the_live_evaluator_in_each_of_them(self, failures, hold, no_data) -> None:
        model = cast.make_credit_risk(cast.make_project())
        model.versions.create(version="2")
        declare_key(model, "region", now=NOON)
        shared = {"for_duration": hold * MINUTE, "no_data": no_data}
        burns = {"pairs": [{"long_s": 240, "short_s": 60, "factor": 14.4, "severity": "page"}], **shared}
        rules = [
            error_rule(model, "versions", window=2 * MINUTE, group_by="version", id=IN_STEP, **shared),
            error_rule(model, "regions", window=2 * MINUTE, group_by="region", **shared),
            burn_rule(model, "burns", minimum=0, group_by="region", id=2 * IN_STEP, **burns),
            burn_rule(model, "fast", minimum=0, minimum_short=0, **burns),
        ]
        SLO.objects.filter(slug="fast").update(group_by="version")
        rules[3].refresh_from_db()
        composed = {"kind": "composite", "measure": "", "threshold": None, "id": 3 * IN_STEP}
        any_of_them = error_rule(model, "any", expression={"any": ["versions", "burns"]}, **composed)
        serve_groups(model, NOON - 30 * MINUTE, (0, 0))
        for minute, pair in enumerate(failures):
            serve_groups(model, NOON + minute * MINUTE, pair)
        tick(0, len(failures))
        reach = {"start": NOON, "end": NOON + len(failures) * MINUTE, "now": NOON + DAY}
        for rule in rules:
            result, known = backtest(rule, **reach), {name: [] for name in GROUPED[rule.grouping]}
            for one in result.firings:
                known[one.group].append((one.start, one.end))
            assert known == fired_by_group(rule), rule.slug
            for part in result.parts:
                lived = Evaluation.objects.filter(rule=rule, group=part.target.group).order_by("slot")
                told = [part.answers.of(place) for place in range(result.slots.count)]
                assert [(one.value, one.valid) for one in told] == [(row.value, row.valid) for row in lived]
                assert [one.reason[:300] for one in told] == [row.reason for row in lived]
            assert {part.target.group for part in result.parts} == set(GROUPED[rule.grouping])
            assert not result.differences
        assert firings_of(any_of_them, 0, len(failures)) == fired(any_of_them)


def serve_groups(model: Model, at: datetime, pair: tuple[int | None, int | None]) -> None:
    """Ten requests of each version, which is a region too, with so many failures; None: nothing came."""
    for version, region, failed in zip("12", ("north", "south"), pair, strict=True):
        for segment in ("", f"region={region}"):
            if failed is not None:
                served(model, at, ok=10 - failed, failed=failed, version=version, segment=segment)


def test_hindsight_is_told_of_the_group_that_it_is_about(credit_risk: Model) -> None:
    credit_risk.versions.create(version="2")
    declare_key(credit_risk, "region", now=NOON)
    rule = error_rule(credit_risk, group_by="region", window=2 * MINUTE)
    for minute in range(-5, 10):
        serve_groups(credit_risk, NOON + minute * MINUTE, (0, 0))
    tick(0, 10)
    served(credit_risk, NOON + 4 * MINUTE, failed=90, version="2", segment="region=south")
    result = backtest(rule, start=NOON, end=NOON + 10 * MINUTE, now=NOON + DAY)
    assert [(one.group, one.fires_now, one.then_value) for one in result.differences] == [("region=south", True, 0.0)]
    assert [one.group for one in result.firings] == ["region=south"]
    assert result.parts[0].target.group == "region=south", "the one that fired longest comes first"


class TestLateWithinSettle(TestCase):
    """What comes within the settle time was seen by the live evaluator, as the backtest sees it."""

    @settings(max_examples=5)
    @given(
        failures=st.lists(st.sampled_from([0, 0, 1, 4, 10]), min_size=10, max_size=16),
        delays=st.lists(st.integers(0, 3), min_size=16, max_size=16),
        hold=st.integers(0, 2),
    )
    def test_equals_the_live_evaluator(self, failures, delays, hold) -> None:
        model = cast.make_credit_risk(cast.make_project())
        shared = {"settle": 3 * MINUTE, "window": 2 * MINUTE, "for_duration": hold * MINUTE}
        rules = [error_rule(model, "share", **shared), error_rule(model, "hasty", **{**shared, "settle": 0 * MINUTE})]
        count = len(failures) + 4
        arrivals = [(minute + delays[minute], minute, failed) for minute, failed in enumerate(failures)]
        for now in range(count):
            for _, minute, failed in (one for one in arrivals if one[0] == now):
                served(model, NOON + minute * MINUTE, ok=10 - failed, failed=failed)
            tick(now, now + 1)
        patient, hasty = (backtest(one, start=NOON, end=NOON + count * MINUTE, now=NOON + DAY) for one in rules)
        assert [(one.start, one.end) for one in patient.firings] == fired(rules[0])
        lived = Evaluation.objects.filter(rule=rules[0]).order_by("slot")
        told = [patient.parts[0].answers.of(place) for place in range(patient.slots.count)]
        assert [(one.value, one.valid) for one in told] == [(row.value, row.valid) for row in lived]
        assert not patient.differences
        # One that does not wait saw something else then; where that changed what it did, it is told, with both numbers.
        same = [(one.start, one.end) for one in hasty.firings] == fired(rules[1])
        assert same or hasty.differences
        assert all(one.is_hindsight or one.fired_then != one.fires_now for one in hasty.differences)


def test_quality_and_drift_free_kinds_replay_alike(credit_risk: Model) -> None:
    dice = random.Random(3)
    class_code(credit_risk, credit_risk.positive_label, 1)
    rules = [
        error_rule(credit_risk, name, measure=name, comparison="lt", threshold=0.7, window=5 * MINUTE)
        for name in ("accuracy", "precision", "recall", "f1", "specificity")
    ]
    volume = error_rule(credit_risk, "traffic", kind="volume", measure="", threshold=None, window=5 * MINUTE)
    for week in (7, 14, 21):
        for minute in range(-10, 30):
            served(credit_risk, NOON - week * DAY + minute * MINUTE, ok=20)
    for minute in range(30):
        served(credit_risk, NOON + minute * MINUTE, ok=20 if minute < 12 else 0)
        pairs = [(dice.choice([1, 2]), dice.choice([1, 1, 2])) for _ in range(6)]
        labelled(credit_risk, NOON + minute * MINUTE - credit_risk.label_delay, pairs)
    tick(0, 30)
    for rule in [*rules, volume]:
        assert firings_of(rule, 0, 30) == fired(rule)
    assert any(fired(rule) for rule in rules)
    assert fired(volume)


def test_incidents_are_caught_or_missed_and_noise_is_neither(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, severity="page", for_duration=MINUTE)
    serve(credit_risk, start=-60, end=0)
    serve(credit_risk, start=0, end=10, ok=5, failed=5)
    serve(credit_risk, start=10, end=60)
    tick(-10, 60)
    caught = Incident.objects.get()
    at = NOON + 40 * MINUTE
    missed = Incident.objects.create(
        project=credit_risk.project, number=9, title="By hand", model=credit_risk, group_key="hand",
        severity="page", state="resolved", impact_started_at=at, opened_at=at, resolved_at=at + 5 * MINUTE,
    )  # fmt: skip
    serve(credit_risk, start=50, end=53, ok=0, failed=10)
    result = backtest(rule, start=NOON - 10 * MINUTE, end=NOON + HOUR, now=NOON + DAY)
    assert (list(result.caught), list(result.missed)) == ([caught], [missed])
    assert [one.incidents for one in result.firings] == [(caught.number,), ()]
    assert (len(result.false_alarms), len(result.pages), len(result.pages_at_night)) == (1, 2, 0)
    assert result.firing_s == sum(one.seconds for one in result.firings) > 0
    # What came later made it fire where it was quiet then.
    assert result.with_hindsight
    [difference] = result.differences
    assert (difference.fired_then, difference.fires_now, difference.then_value) == (False, True, 0.0)
    assert difference.now_value > 0.1
    AlertVerdict.objects.create(alert=caught.alerts.get(), incident=caught, verdict="noise", at=NOON)
    again = backtest(rule, start=NOON - 10 * MINUTE, end=NOON + HOUR, now=NOON + DAY)
    assert (list(again.caught), len(again.false_alarms)) == ([], 2)


def test_a_variant_reads_nothing_again_and_is_no_hindsight(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-10, end=30, ok=8, failed=2)
    tick(0, 30)
    variant = AlertRule.objects.get(pk=rule.pk)
    variant.threshold = 0.3
    reach = {"start": NOON, "end": NOON + 30 * MINUTE, "now": NOON + DAY}
    with CaptureQueriesContext(connection) as alone:
        backtest(rule, **reach)
    with CaptureQueriesContext(connection) as both:
        first, second = compare([rule, variant], **reach)
    reads = [sum("monitoring_bucket" in one["sql"] for one in found) for found in (alone, both)]
    assert reads == [1] * 2
    assert (len(first.firings), len(second.firings)) == (1, 0)
    assert not second.differences


def test_a_composite_is_asked_where_no_member_ever_moved(credit_risk: Model) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=-10, end=10)
    both = error_rule(credit_risk, "both", kind="composite", measure="", threshold=None, expression={"any": ["errors"]})
    assert firings_of(both, 0, 10) == []


def test_a_rule_that_was_never_saved_is_asked_like_any_other(credit_risk: Model) -> None:
    serve(credit_risk, start=0, end=10, ok=5, failed=5)
    rule = AlertRule(
        project=credit_risk.project,
        slug="new",
        kind="threshold",
        model=credit_risk,
        measure="error_rate",
        threshold=0.1,
    )
    [one] = backtest(rule, start=NOON - HOUR, end=NOON + HOUR, now=NOON + DAY).firings
    assert (one.start, one.severity, one.is_page) == (NOON + MINUTE, "ticket", False)
    with pytest.raises(Refused, match="must end after"):
        backtest(rule, start=NOON, end=NOON - HOUR, now=NOON + DAY)
    with pytest.raises(Refused, match="527040 evaluations"):
        backtest(rule, start=NOON - 366 * DAY, end=NOON, now=NOON + DAY)


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
def test_maintenance_that_comes_again_wakes_nobody_then_or_in_hindsight(credit_risk: Model, zone: str) -> None:
    """From 12:05 to 12:20 in the zone; of the other zone it covers nothing of this."""
    rule = burn_rule(credit_risk, pairs=[{"long_s": 600, "short_s": 120, "factor": 14.4, "severity": "page"}])
    serve(credit_risk, start=-30, end=5)
    serve(credit_risk, start=5, end=20, ok=0, failed=10)
    serve(credit_risk, start=20, end=40)
    weekly = Correction(
        project=credit_risk.project,
        model=credit_risk,
        starts_at=NOON - 30 * DAY,
        days=[NOON.weekday()],
        start=time(12, 5),
        end=time(12, 20),
        time_zone=zone,
        reason="maintenance",
        author="ana",
    )
    record_correction(weekly, now=NOON)
    tick(0, 40)
    assert bool(fired(rule)) is (zone != "UTC")
    assert firings_of(rule, 0, 40) == fired(rule)
    withdraw_correction(weekly, by="ana", now=NOON)
    assert firings_of(rule, 0, 40), "without it there would have been a page"
