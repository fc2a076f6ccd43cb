"""What alerts cost people: counted from what the live evaluator and sender stored, and proposals that a backtest bears out."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from alerting.fatigue.count import FEW, by_reader, by_rule, fates, spared
from alerting.fatigue.episodes import Fired, firings
from alerting.fatigue.facts import Call, Change, Deed, Facts, Held, Said
from alerting.fatigue.propose import advise
from alerting.fatigue.read import Report, fatigue_report
from alerting.incidents.course import acknowledge_incident
from alerting.incidents.moves.merge import merge_incident
from alerting.models import AlertRule, AlertVerdict, Incident, Notification, QuietHours
from alerting.mutes.night import is_night
from alerting.notify.send import send
from alerting.states.flap_detection import BEGINS_AT, ENDS_BELOW, flap_window, share
from models_registry.models import Model, User
from runbooks.verdicts import judge_alert
from tests import cast
from tests.alerting.notify_cast import make_channel, silence
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, error_rule, serve, tick


def live(model: Model, start: int, end: int) -> None:
    """Evaluate and send, minute by minute."""
    for minute in range(start, end):
        tick(minute, minute + 1)
        if Notification.objects.filter(state="queued").exists():
            send(now=NOON + minute * MINUTE + timedelta(seconds=59))


def report_of(model: Model) -> Report:
    return fatigue_report(model.project, start=NOON - HOUR, end=NOON + 6 * HOUR)


class TestStory(TestCase):
    """Five blips that nobody answered, an hour apart, and one outage that Bia acknowledged; Ana sleeps meanwhile."""

    model: Model
    rule: AlertRule
    bia: User

    @classmethod
    def setUpTestData(cls) -> None:
        """Live, once for all: told as it goes on."""
        cls.model = cast.make_credit_risk(cast.make_project())
        cls.bia, ana = cast.make_person("bia", "responder"), cast.make_person("ana", "editor")
        project = cls.model.project
        make_channel(project, name="ops")
        make_channel(project, name="ana", owner=ana)
        QuietHours.objects.create(
            project=project, name="early", person=ana, starts=time(2), ends=time(5), zone="Pacific/Auckland"
        )
        cls.rule = error_rule(cls.model, severity="page", window=2 * MINUTE, threshold=0.3)
        for blip in range(0, 300, 60):
            serve(cls.model, start=blip - 5, end=blip)
            serve(cls.model, start=blip, end=blip + 1, ok=0, failed=10)
            serve(cls.model, start=blip + 1, end=blip + 6)
            live(cls.model, blip, blip + 5)
        serve(cls.model, start=295, end=300)
        serve(cls.model, start=300, end=318, ok=0, failed=10)
        serve(cls.model, start=318, end=324)
        live(cls.model, 300, 304)
        acknowledge_incident(Incident.objects.get(state="open"), by=cls.bia, now=NOON + 304 * MINUTE)
        live(cls.model, 304, 323)

    def test_counts_what_a_rule_and_each_reader_went_through(self) -> None:
        [line] = report_of(self.model).rules
        told = line.told
        assert (told.n, told.pages, told.acted, told.by_itself, told.unacknowledged) == (6, 6, 1, 5, 5)
        assert told.flapping == 0
        # It was one o'clock at night where Ana sleeps, and nine in the morning here.
        assert told.at_night == 6
        ana, ops = report_of(self.model).readers
        assert (ana.name, ana.is_person, ana.zone, ana.told.pages, ana.told.at_night) == (
            *("ana", True, "Pacific/Auckland"),
            *(6, 6),
        )
        assert (ops.name, ops.is_person, ops.told.flapping) == ("ops", False, 0)
        assert (ops.told.pages, ops.told.at_night) == (6, 0)
        assert (ana.told.acted, ana.told.by_itself, ana.told.unacknowledged) == (1, 5, 5)

    def test_a_longer_for_is_proposed_by_arithmetic_and_borne_out_by_the_backtest(self) -> None:
        report = report_of(self.model)
        hint = report.rules[0].spared
        assert hint is not None
        assert (hint.hold, hint.spared, hint.n) == (5 * MINUTE, 5, 6)
        advice = advise(report, report.rules[0], now=NOON + DAY)
        assert advice.figures is not None
        assert advice.figures.firings == 6
        by_what = {one.what: one for one in advice.proposals}
        assert set(by_what) == {"for", "window"}
        longer = by_what["for"]
        assert (longer.value, longer.figures.firings, len(longer.lost)) == (hint.hold, 6 - hint.spared, 5)
        [kept] = longer.figures.caught
        assert kept.acknowledged_by is not None
        assert by_what["window"].value == 4 * MINUTE
        self.rule.refresh_from_db()
        assert self.rule.for_duration == timedelta(0)

    def test_verdicts_make_precision_and_call_a_rule_to_be_retired(self) -> None:
        for incident in Incident.objects.filter(acknowledged_at=None):
            alert = self.rule.alerts.get()
            judge_alert(alert, incident=incident, verdict="noise", by=self.bia, now=NOON + DAY)
        told = report_of(self.model).rules[0].told
        assert (told.judged, told.useful, told.is_judged) == (5, 0, True)
        assert told.precision.high == pytest.approx(0.4345, abs=1e-4)
        report = report_of(self.model)
        # Bia acted upon one that no review called noise: nobody else would catch it.
        assert "retire" not in {one.what for one in advise(report, report.rules[0], now=NOON + DAY).proposals}
        last = Incident.objects.exclude(acknowledged_at=None).get()
        judge_alert(self.rule.alerts.get(), incident=last, verdict="noise", by=self.bia, now=NOON + DAY)
        report = report_of(self.model)
        found = {one.what: one for one in advise(report, report.rules[0], now=NOON + DAY).proposals}
        assert found["retire"].figures.firings == 0
        assert AlertVerdict.objects.count() == 6


@pytest.mark.django_db
class TestTelling:
    """Reasons not to tell, and what the report costs."""

    def test_what_was_kept_back_is_told_by_reason(self, credit_risk: Model, ana: User) -> None:
        make_channel(credit_risk.project, name="mine", owner=ana)
        error_rule(credit_risk)
        serve(credit_risk, start=0, end=3, ok=0, failed=10)
        serve(credit_risk, start=3, end=20)
        live(credit_risk, 0, 2)
        silence(Incident.objects.get(), ana, NOON + 2 * MINUTE)
        live(credit_risk, 2, 12)
        [line], [reader] = report_of(credit_risk).rules, report_of(credit_risk).readers
        assert (line.told.n, line.told.pages, line.told.acted) == (1, 0, 0)
        assert line.told.held_back == reader.told.held_back
        assert line.told.held_back
        assert Notification.objects.filter(state="suppressed").count() == sum(line.told.held_back.values())

    def test_nobody_to_tell_is_a_reason_too(self, credit_risk: Model) -> None:
        error_rule(credit_risk)
        serve(credit_risk, start=0, end=3, ok=0, failed=10)
        live(credit_risk, 0, 2)
        report = report_of(credit_risk)
        assert report.rules[0].told.held_back == {"no_channel": 1}
        assert report.readers == []
        advice = advise(report, report.rules[0], now=NOON + DAY)
        assert advice.figures is None
        assert "too few" in advice.problem

    def test_costs_the_same_for_n_and_3n_rules(self, credit_risk: Model) -> None:
        counts = []
        for name in ("a", "b", "c", "d", "e", "f"):
            error_rule(credit_risk, name, severity="page")
        serve(credit_risk, start=0, end=3, ok=0, failed=10)
        for names in (("a", "b"), ("a", "b", "c", "d", "e", "f")):
            AlertRule.objects.update(enabled=False)
            AlertRule.objects.filter(slug__in=names).update(enabled=True)
            live(credit_risk, 2 + len(counts), 3 + len(counts))
            with CaptureQueriesContext(connection) as found:
                lines = report_of(credit_risk).rules
            assert len(lines) == len(names)
            counts.append(len(found))
        assert counts[0] == counts[1]


@pytest.mark.django_db
def test_what_was_merged_is_acted_upon_where_it_went(credit_risk: Model, bia: User) -> None:
    rules = [error_rule(credit_risk, f"errors-{n}", severity="page", incident_labels=["rule"]) for n in (1, 2)]
    serve(credit_risk, start=-5, end=0, ok=0, failed=10)
    tick(0, 2)
    ours, other = Incident.objects.order_by("number")
    merge_incident(ours, into=other, by=bia, now=NOON + 2 * MINUTE)
    report = report_of(credit_risk)
    assert [report.line(rule).told.acted for rule in rules] == [0, 0]
    acknowledge_incident(other, by=bia, now=NOON + 3 * MINUTE)
    report = report_of(credit_risk)
    assert [(report.line(rule).told.n, report.line(rule).told.acted) for rule in rules] == [(1, 1), (1, 1)]


@given(
    gaps=st.lists(st.integers(1, 3_000), min_size=1, max_size=40),
    states=st.lists(st.sampled_from(["pending", "firing", "inactive", "no_data"]), min_size=40),
)
def test_firings_and_flapping_are_as_they_are_defined(gaps: list[int], states: list[str]) -> None:
    at, changes = NOON, []
    for gap, to in zip(gaps, states, strict=False):
        at += timedelta(seconds=gap)
        changes.append(Change(1, 1, at, to, None))
    window = flap_window(MINUTE)
    found = firings(reversed(changes), {1: window})
    fires = [False, *(one.to == "firing" for one in changes)]
    starts = [one.at for one, (before, now) in zip(changes, pairwise(fires), strict=True) if now and not before]
    ends = [one.at for one, (before, now) in zip(changes, pairwise(fires), strict=True) if before and not now]
    assert [one.start for one in found] == starts
    assert [one.end for one in found if one.end] == ends
    flapped = flapping_at(sorted([*starts, *ends]), window)
    for one in found:
        assert one.flaps == any(flapped[at] for at in (one.start, one.end) if at)
        assert one.since <= one.start


def flapping_at(moments: list[datetime], window: float) -> dict[datetime, bool]:
    """Whether it flaps at each of its turns: asked at every turn, and in every minute between whether it has settled."""
    state, found = False, {}
    for last, moment in pairwise([NOON, *moments]):
        before = [at.timestamp() for at in moments if at < moment]
        for minute in range(int((moment - last) / MINUTE) + 1):
            at = min(last + minute * MINUTE, moment).timestamp()
            state = state and share([turn for turn in before if turn <= at], at=at, window=window) >= ENDS_BELOW
        state = state and share(before, at=moment.timestamp(), window=window) >= ENDS_BELOW
        now = share([*before, moment.timestamp()], at=moment.timestamp(), window=window)
        state = now >= (ENDS_BELOW if state else BEGINS_AT)
        found[moment] = state
    return found


def fired(minutes: int, *, incident: int, keep: int = 0) -> Fired:
    start = NOON + incident * HOUR
    return Fired(1, 1, incident, start, start + MINUTE, start + (minutes + keep) * MINUTE)


def test_only_what_nobody_acted_upon_may_be_spared() -> None:
    blips = [fired(4, incident=one) for one in range(1, FEW + 1)]
    nobody = fates(Facts(), blips)
    found = spared(blips, nobody, hold=timedelta(0), keep=timedelta(0))
    assert found is not None
    assert (found.hold, found.spared) == (5 * MINUTE, FEW)
    acted = Facts(deeds=[Deed(1, "comment")])
    assert spared([*blips, fired(4, incident=9)], fates(acted, blips), hold=timedelta(0), keep=timedelta(0)) is None
    # Silencing is no answer, and what a review calls noise was not worth the one it got.
    put_off = Facts(deeds=[Deed(1, "silenced")])
    assert spared(blips, fates(put_off, blips), hold=timedelta(0), keep=timedelta(0)) == found
    noise = Facts(deeds=[Deed(1, "comment")], said=[Said(1, 1, useful=False)])
    assert spared(blips, fates(noise, blips), hold=timedelta(0), keep=timedelta(0)) == found
    kept = [fired(4, incident=one, keep=20) for one in range(1, FEW + 1)]
    assert spared(kept, nobody, hold=timedelta(0), keep=20 * MINUTE) == found
    assert spared(blips[1:], nobody, hold=timedelta(0), keep=timedelta(0)) is None
    assert spared(blips, nobody, hold=HOUR, keep=timedelta(0)) is None


def test_a_page_counts_for_the_firing_in_which_it_arrived() -> None:
    one, two = fired(30, incident=1), fired(30, incident=2)
    call = Call(1, 5, one.start + MINUTE, pages=True, at_night=True)
    late = Call(2, 5, two.start + HOUR, pages=True, at_night=True)
    ticket = Call(2, 6, two.start, pages=False, at_night=True)
    facts = Facts(
        calls=[late, ticket, call], held=[Held(2, 6, "over"), Held(2, None, "no_channel")], owners={5: 3, 6: None}
    )
    known = fates(facts, [one, two])
    told = by_rule(facts, {1: [one, two]}, known)[1]
    assert (told.n, told.pages, told.at_night) == (2, 1, 1)
    assert told.held_back == {"over": 1, "no_channel": 1}
    readers = by_reader(facts, known)
    assert {key: (found.n, found.pages, found.at_night) for key, found in readers.items()} == {
        (True, 3): (2, 2, 2),
        (False, 6): (1, 0, 0),
    }
    assert readers[False, 6].held_back == {"over": 1}


@pytest.mark.parametrize(
    ("utc", "zone", "night"),
    [
        ("2026-03-10T00:59", "America/Sao_Paulo", False),
        ("2026-03-10T01:00", "America/Sao_Paulo", True),
        ("2026-03-10T09:59", "America/Sao_Paulo", True),
        ("2026-03-10T10:00", "America/Sao_Paulo", False),
        # In Berlin clocks went forward on the 29th: six o'clock UTC is seven before, eight after.
        ("2026-03-28T05:30", "Europe/Berlin", True),
        ("2026-03-29T05:30", "Europe/Berlin", False),
    ],
)
def test_night_is_that_of_a_place(utc: str, zone: str, night: bool) -> None:
    assert is_night(datetime.fromisoformat(utc).replace(tzinfo=UTC), ZoneInfo(zone)) is night
