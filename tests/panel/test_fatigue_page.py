"""The pages of alert fatigue, and the same for programs."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from alerting.models import Alert, AlertRule, AlertTransition, AlertVerdict, Channel, Incident, Notification
from models_registry.models import Model, User
from tests import cast
from tests.alerting.rule_cast import HOUR, MINUTE, error_rule, serve

pytestmark = pytest.mark.django_db
FIRINGS = 6


@pytest.fixture
def tiring(credit_risk: Model, ana: User, stopped_clock: Any) -> AlertRule:
    """Six firings of four minutes, an hour apart, each with a page to Ana; of five a review says noise."""
    rule = error_rule(credit_risk, severity="page", window=MINUTE)
    error_rule(credit_risk, "silent")
    channel = Channel.objects.create(project=credit_risk.project, name="Ana's phone", kind="console", owner=ana)
    alert = Alert.objects.create(rule=rule, fingerprint="f", severity="page")
    for number in range(1, FIRINGS + 1):
        at = cast.NOW - number * HOUR
        over = at + 4 * MINUTE
        minute = round((at - cast.NOW) / MINUTE) + 180  # serve counts from NOON in UTC, three hours before
        serve(credit_risk, start=minute - 1, end=minute + 3, ok=0, failed=10)
        serve(credit_risk, start=minute + 3, end=minute + 5)
        incident = cast.make_incident(
            credit_risk.project, number, at=at, model=credit_risk, state="resolved", resolved_at=over
        )
        for before, after, moment in (
            ("inactive", "pending", at),
            ("pending", "firing", at),
            ("firing", "inactive", over),
        ):
            AlertTransition.objects.create(alert=alert, incident=incident, from_state=before, to_state=after, at=moment)
        Notification.objects.create(
            uid=uuid4(), incident=incident, channel=channel, generation="opened", reason="opened", state="sent",
            body={"data": {"severity": "page"}}, created_at=at, sent_at=at, not_before=at,
        )  # fmt: skip
        if number < FIRINGS:
            AlertVerdict.objects.create(alert=alert, incident=incident, verdict="noise", at=cast.NOW)
    return rule


def test_the_report_tells_what_hurts_and_what_would_help(tiring: AlertRule, as_ana: Client) -> None:
    url = f"/p/{tiring.project.slug}/fatigue/"
    told = as_ana.get(url).content.decode()
    for text in (
        "Alert fatigue",
        "Errors",
        "ana",
        "America/Sao_Paulo",
        "0%–43%",
        "0 of 5",
        "1 other rule never fired",
    ):
        assert text in told, text
    assert "would have spared 6 of 6 firings" in told
    page = as_ana.get(url).context["page"]
    assert [(row.told.n, row.told.pages, row.told.by_itself) for row in page.rules] == [(6, 6, 6)]
    # The newest came at noon in São Paulo, the oldest at six in the morning, when it is night.
    assert [row.told.at_night for row in page.readers] == [1]
    assert not as_ana.get(url, {"range": "24h"}).context["page"].quiet - 1


def test_a_rule_has_proposals_with_their_backtests_and_changes_nothing(tiring: AlertRule, as_ana: Client) -> None:
    url = f"/p/{tiring.project.slug}/fatigue/{tiring.slug}/"
    page = as_ana.get(url, {"range": "24h"}).context["page"]
    assert {name: one.firings for name, one in page.columns}["this rule"] == FIRINGS
    found = {offer.title: (offer.figures.firings, len(offer.lost)) for offer in page.offers}
    # A backtest leaves out the five that reviews call noise; of the sixth nobody would have heard.
    assert found == {"for 5\xa0min": (0, 1), "without it": (0, 1)}
    told = as_ana.get(url, {"range": "24h"}).content.decode()
    assert f"/rules/{tiring.slug}/?range=24h&amp;for=5" in told
    assert "INC-6" in told
    followed = as_ana.get(f"/p/{tiring.project.slug}/rules/{tiring.slug}/?range=24h&for=5&window=2").context["page"]
    assert [len(one.firings) for _name, one in followed.columns] == [FIRINGS, 0]
    form = as_ana.get(f"/admin/alerting/alertrule/{tiring.pk}/change/?for_duration=00:05:00").content.decode()
    assert 'name="for_duration" value="00:05:00"' in form
    assert f"/admin/alerting/alertrule/{tiring.pk}/change/?for_duration=00:05:00" in told
    off = as_ana.get(f"/admin/alerting/alertrule/{tiring.pk}/change/?enabled=").content.decode()
    assert 'name="enabled" id="id_enabled">' in off
    assert AlertRule.objects.get(pk=tiring.pk).for_duration == timedelta(0)


def test_few_firings_are_called_too_few(tiring: AlertRule, as_ana: Client) -> None:
    Incident.objects.filter(number__gt=2).delete()
    AlertTransition.objects.filter(incident=None).delete()
    told = as_ana.get(f"/p/{tiring.project.slug}/fatigue/{tiring.slug}/").content.decode()
    assert "It fired 2 times in this range: too few" in told
    assert "too few to say" in told
    quiet = as_ana.get(f"/p/{tiring.project.slug}/fatigue/silent/").content.decode()
    assert "It fired 0 times" in quiet
    assert "no verdicts" in quiet


def test_others_see_nothing(tiring: AlertRule, client: Client, caio: User) -> None:
    client.force_login(caio)
    assert client.get(f"/p/{tiring.project.slug}/fatigue/").status_code == 404


def test_programs_get_the_same(tiring: AlertRule, as_ana: Client) -> None:
    about = {"project": tiring.project.slug}
    report = as_ana.get("/api/v1/fatigue", about).json()
    [rule], [reader] = report["rules"], report["readers"]
    assert (rule["rule"], rule["n"], rule["pages"], rule["spared_by_for"]["for_s"]) == ("errors", 6, 6, 300.0)
    assert (rule["precision"]["n"], rule["precision"]["value"]) == (5, 0.0)
    assert (reader["name"], reader["is_person"], reader["at_night"]) == ("ana", True, 1)
    assert report["quiet_rules"] == 1
    span = {"from": "2026-03-10T00:00:00Z", "to": "2026-03-10T15:00:00Z"}
    one = as_ana.get("/api/v1/fatigue/errors", {**about, **span}).json()
    assert one["backtest"]["firings"] == FIRINGS
    retire = next(found for found in one["proposals"] if found["what"] == "retire")
    assert (retire["backtest"]["firings"], sorted(retire["lost"])) == (0, [6])
    assert as_ana.get("/api/v1/fatigue/gone", about).status_code == 404
    for wrong in (
        {"from": "x"},
        {"from": "2026-03-10T00:00:00Z", "to": "2026-03-09T00:00:00Z"},
        {"from": "2020-01-01"},
    ):
        assert as_ana.get("/api/v1/fatigue", {**about, **wrong}).status_code == 400
