"""Each kind by what it is for: it fires where it should, says why, and a backtest says the same as the live evaluator."""

from datetime import datetime, timedelta

import pytest

from alerting.backtest.past import backtest
from alerting.evaluate.heartbeats import receive_heartbeat
from alerting.evaluate.rules import evaluate
from alerting.evaluate.slots import slot_of
from alerting.models import Alert, AlertRule, Evaluation, Incident
from alerting.validate import rule_problems
from models_registry.models import Model, ModelVersion
from monitoring.models import Bucket, Policy, RetentionFloor, SegmentKey, Series
from monitoring.models.summaries import Tier
from monitoring.stats import layouts
from monitoring.stats.histogram import pack
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, alert_of, changes, error_rule, serve, tick
from tests.alerting.test_backtest import fired
from tests.monitoring.series import add, served

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY


def replayed(rule: AlertRule, start: int, end: int) -> list[tuple[datetime, datetime | None]]:
    found = backtest(rule, start=NOON + start * MINUTE, end=NOON + end * MINUTE, now=NOON + DAY)
    lived = list(Evaluation.objects.filter(rule=rule).order_by("slot").values_list("value", "reason"))
    told = [found.parts[0].answers.of(place) for place in range(found.slots.count)]
    assert [(one.value, one.reason[:300]) for one in told] == lived
    return [(one.start, one.end) for one in found.firings]


def at(rule: AlertRule, minute: int) -> datetime:
    """The rule's slot in that minute after noon."""
    return slot_of(rule, now=NOON + minute * MINUTE + timedelta(seconds=59))


def test_hysteresis_keeps_a_firing_alert_until_the_measure_is_back_past_recovery(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, window=MINUTE, threshold=0.3, recovery=0.1)
    for minute, failed in enumerate([0, 2, 4, 2, 2, 1, 2, 2]):
        served(credit_risk, NOON + minute * MINUTE, ok=10 - failed, failed=failed)
    tick(1, 9)
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
    [(start, end)] = fired(rule)
    assert (start, end) == (at(rule, 3), at(rule, 6))
    assert replayed(rule, 1, 9) == [(start, end)]
    rule.recovery = 0.5
    assert "smaller number" in rule_problems(rule)["recovery"]


def test_anomalies_are_measured_against_the_same_hour_of_the_week_and_one_bad_week_does_not_teach(
    credit_risk: Model,
) -> None:
    series = Series.objects.create(
        project=credit_risk.project, version=credit_risk.versions.get(), environment="production", metric="status",
        layout=layouts.STATUS,
    )  # fmt: skip
    for week, ok in enumerate([1000, 1040, 960, 1010, 10, 990, 1000, 1020], start=1):
        for hour in (-1, 0):
            at = int((NOON + hour * HOUR - week * WEEK).timestamp())
            Bucket.objects.create(series=series, tier=Tier.HOUR, start=at, n=ok, total=0, bins=pack({0: ok}))
    RetentionFloor.objects.update_or_create(kind="minutes", defaults={"start": int((NOON - 6 * DAY).timestamp())})
    rule = error_rule(
        credit_risk, kind="anomaly", measure="requests", threshold=None, window=HOUR, comparison="ne", minimum=0
    )
    assert rule_problems(rule) == {}
    serve(credit_risk, start=-60, end=0, ok=17)  # 1,020 in the hour before noon
    serve(credit_risk, start=0, end=60, ok=5)  # 300 in the hour after
    for minute in (1, 59, 61, 62):
        evaluate(now=NOON + minute * MINUTE + timedelta(seconds=59))
    [(start, _end)] = fired(rule)
    assert start > NOON + HOUR
    alert = alert_of(rule)
    assert (alert.state, alert.value) == ("firing", 300.0)
    assert "are usual at this hour of the week" in alert.reason
    found = backtest(rule, start=NOON, end=NOON + 65 * MINUTE, now=NOON + DAY)
    assert [one.value for one in found.firings] == [300.0]
    assert found.parts[0].answers.low is not None
    assert 300 < found.parts[0].answers.low[-1] < 960
    assert found.parts[0].answers.high[-1] > 1040
    rule.comparison = "gt"
    assert not backtest(rule, start=NOON, end=NOON + 65 * MINUTE, now=NOON + DAY).firings
    rule.window = 90 * MINUTE
    assert "whole hours" in rule_problems(rule)["window"]


def test_absence_is_a_breach_once_m_of_n_windows_lack_events(credit_risk: Model) -> None:
    rule = error_rule(
        credit_risk, kind="absence", measure="", threshold=None, window=MINUTE, points=4, points_bad=3, minimum=2
    )
    assert rule_problems(rule) == {}
    for minute in range(-10, 12):
        served(credit_risk, NOON + minute * MINUTE, ok=1 if minute in (2, 4, 5) else 3)
    tick(0, 12)
    [(start, end)] = fired(rule)
    assert (start, end) == (at(rule, 6), at(rule, 7))
    assert replayed(rule, 0, 12) == [(start, end)]
    rule.points_bad = 5
    assert "from 1 to the 4" in rule_problems(rule)["points_bad"]


def test_a_heartbeat_that_stays_away_fires_and_one_that_comes_ends_it(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, kind="heartbeat", measure="", threshold=None, window=3 * MINUTE)
    AlertRule.objects.filter(pk=rule.pk).update(created_at=NOON - HOUR)
    assert rule_problems(rule) == {}
    for minute in (-1, 1, 2, 9, 10, 11):
        assert receive_heartbeat(
            rule, now=NOON + minute * MINUTE - timedelta(seconds=0.5)
        )  # whatever the phase of slots
    assert not receive_heartbeat(rule, now=NOON + 11 * MINUTE)
    tick(0, 12)
    [(start, end)] = fired(rule)
    assert (start, end) == (at(rule, 5), at(rule, 9))
    assert replayed(AlertRule.objects.get(pk=rule.pk), 0, 12) == [(start, end)]


def test_violations_of_policies_fire(support_assistant: Model) -> None:
    policy = Policy.objects.create(
        project=support_assistant.project, slug="frugal", name="Frugal", model=support_assistant, max_latency_ms=10
    )
    series = Series.objects.create(
        project=support_assistant.project, version=support_assistant.versions.first(), environment="production",
        metric="policy", key="frugal", layout=layouts.POLICY,
    )  # fmt: skip
    for minute in range(6):
        add(series, NOON + minute * MINUTE, {0: 2} if minute == 2 else {}, n=10)
    rule = error_rule(
        support_assistant, kind="policy", measure="", threshold=0.1, window=MINUTE, policy=policy, minimum=1
    )
    assert rule_problems(rule) == {}
    tick(1, 6)
    assert fired(rule) == replayed(rule, 1, 6) == [(at(rule, 3), at(rule, 4))]
    assert Incident.objects.get().title == "Calls of Support assistant break the policy Frugal"


def test_composites_join_what_other_rules_say_and_know_what_they_cannot_tell(credit_risk: Model) -> None:
    # A rule's place in the minute follows from its key: here members are asked before what is composed of them.
    errors = error_rule(credit_risk, "errors", pk=6_000, window=MINUTE)
    slow = error_rule(credit_risk, "few", pk=6_001, measure="requests", comparison="lt", threshold=5, window=MINUTE)
    both = error_rule(
        credit_risk,
        "both",
        pk=6_002,
        kind="composite",
        measure="",
        threshold=None,
        expression={"all": ["errors", "few"]},
    )
    only = error_rule(
        credit_risk, "only", pk=6_003, kind="composite", measure="", threshold=None,
        expression={"all": ["errors", {"not": "few"}]},
    )  # fmt: skip
    for rule in (both, only):
        assert rule_problems(rule) == {}
    for minute, (ok, failed) in enumerate([(10, 0), (5, 5), (1, 3), (4, 0), (10, 0)]):
        served(credit_risk, NOON + minute * MINUTE, ok=ok, failed=failed)
    tick(1, 6)
    assert fired(errors)
    assert fired(slow)
    assert len(fired(only)) == len(fired(both)) == 1
    for rule in (errors, slow, both, only):
        assert replayed(rule, 1, 6) == fired(rule)
    both.expression = {"any": ["errors", "nobody"]}
    assert "nobody" in rule_problems(both)["expression"]
    for wrong in ({}, {"all": []}, {"all": ["a"], "any": ["b"]}, {"not": 3}, ["errors"]):
        both.expression = wrong
        assert "all, any or not" in rule_problems(both)["expression"]


def test_one_alert_per_version_and_segment_and_a_vanished_one_ends(credit_risk: Model) -> None:
    ModelVersion.objects.create(model=credit_risk, version="2")
    SegmentKey.objects.create(model=credit_risk, key="region", since=0, created_at=NOON)
    versions = error_rule(credit_risk, "versions", window=MINUTE, group_by="version", labels={"team": "credit"})
    regions = error_rule(credit_risk, "regions", window=MINUTE, group_by="region")
    assert rule_problems(versions) == rule_problems(regions) == {}
    served(credit_risk, NOON, ok=1)
    whole = Series.objects.get()
    south = Series.objects.create(
        project=credit_risk.project, version=credit_risk.versions.get(version="1"), environment="production",
        metric="status", segment="region=south", layout=layouts.STATUS,
    )  # fmt: skip
    for minute in range(4):
        add(whole, NOON + minute * MINUTE, {0: 10})
        add(south, NOON + minute * MINUTE, {0: 1, 1: 9})
        if minute < 2:
            served(credit_risk, NOON + minute * MINUTE, failed=10, version="2")
    tick(1, 3)
    by_version = {alert.labels["version"]: alert for alert in Alert.objects.filter(rule=versions)}
    assert {name: alert.state for name, alert in by_version.items()} == {"1": "inactive", "2": "firing"}
    assert by_version["2"].labels["team"] == "credit"
    assert [(one.labels["region"], one.state) for one in Alert.objects.filter(rule=regions)] == [("south", "firing")]
    tick(3, 5)
    assert Alert.objects.get(pk=by_version["2"].pk).state == "inactive"
    regions.group_by = "planet"
    assert "credit-risk does not declare the segment key planet: declare it" in rule_problems(regions)["group_by"]
    versions.labels = {"rule": "x"}
    assert "team" in rule_problems(versions)["labels"]


def test_no_data_and_errors_open_a_ticket_of_their_own_after_their_own_for(credit_risk: Model) -> None:
    error_rule(credit_risk, severity="page", no_data="separate", no_data_for=2 * MINUTE, window=MINUTE)
    broken = error_rule(credit_risk, "broken", error_for=MINUTE)
    AlertRule.objects.filter(pk=broken.pk).update(measure="gone")
    serve(credit_risk, start=-3, end=0, ok=1, failed=9)
    tick(0, 5)
    told = {(one.rule.slug, one.signal): one for one in Alert.objects.select_related("rule")}
    assert {key: one.state for key, one in told.items()} == {
        ("errors", "breach"): "firing",
        ("errors", "no_data"): "firing",
        ("broken", "breach"): "error",
        ("broken", "error"): "firing",
    }
    assert told["errors", "no_data"].severity == "ticket"
    assert told["errors", "no_data"].labels == told["errors", "breach"].labels
    assert told["errors", "no_data"].fired_at == told["errors", "no_data"].active_since + 2 * MINUTE
    broken.refresh_from_db()
    assert broken.health == "error"
    AlertRule.objects.filter(pk=broken.pk).update(measure="error_rate")
    serve(credit_risk, start=4, end=8)
    tick(5, 8)
    assert set(Alert.objects.values_list("state", flat=True)) == {"inactive"}
    assert {one.state for one in Incident.objects.all()} == {"resolved"}
