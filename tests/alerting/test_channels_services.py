"""Slack, Teams, Telegram, PagerDuty, Alertmanager and apprise: what each is sent, against receivers that judge as they do."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from standardwebhooks import Webhook as Verifier

from alerting.channels import channel_kind, pagerduty, telegram
from alerting.channels.alerts import alerts_of
from alerting.channels.base import ChannelError, Delivery
from alerting.models import Alert, AlertRule, Incident, Notification
from alerting.notify.message import check_message, incident_message
from alerting.notify.test import send_test
from lib.clock import real_now
from lib.vault import seal
from tests.alerting.notify_cast import SECRET, make_channel, make_incident, stored_by_form
from tests.alertmanager import alertmanager
from tests.receiver import reply

TOKEN = "123456789:" + "A" * 35
KEY = "0123456789abcdef0123456789ABCDEF"


@pytest.fixture
def incident(credit_risk, now, settings):
    settings.PUBLIC_URL = "https://panel.example"
    settings.INCIDENT_LINKS = ["tests.alerting.test_notify_outbox.working_links"]
    incident = make_incident(credit_risk, now)
    incident.title = "Accuracy *fell* <!channel> & more"
    return incident


def send(kind: str, incident: Incident, reason: str, *, target: str = "", secret: str = "", now=None) -> None:
    at = now or real_now()
    body = incident_message(incident, reason=reason, now=at, actor=None)
    sealed = seal(secret) if secret else b""
    channel_kind(kind).send(Delivery("0190-id", target, sealed, body, at))


def test_slack_gets_blocks_within_its_limits_and_nothing_that_mentions_anybody(incident, hook):
    hook.answer = lambda handler: reply(handler, 200, b"ok")
    incident.title += "x" * 4_000
    send("slack", incident, "opened", secret=hook.url())
    message = json.loads(hook.received[0].body)
    header, fields, alerts, actions = message["blocks"]
    assert "<!channel>" not in json.dumps([message["text"], fields])
    assert "&lt;!channel&gt; &amp; more" in message["text"]
    assert len(header["text"]["text"]) == 150
    assert all(len(field["text"]) <= 2_000 for field in fields["fields"])
    assert alerts["text"]["text"] == "- Accuracy · accuracy 71.0% over 5\u00a0min"
    [button] = actions["elements"]
    assert (button["text"]["text"], button["url"]) == ("Incident", "https://panel.example/incidents/7/")


def test_what_answers_but_is_not_slack_is_named(incident, hook):
    hook.answer = lambda handler: reply(handler, 200, b"<html>Welcome</html>")
    with pytest.raises(ChannelError, match="not Slack") as caught:
        send("slack", incident, "opened", secret=hook.url("/services/T0/B0/secret"))
    assert "secret" not in str(caught.value)


def test_teams_gets_an_adaptive_card_whose_markdown_is_its_own(incident, hook):
    hook.answer = lambda handler: reply(handler, 202)
    send("teams", incident, "opened", secret=hook.url())
    [attachment] = json.loads(hook.received[0].body)["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["type"] == "AdaptiveCard"
    title, facts, alerts = card["body"]
    assert title["text"] == r"INC-7 opened \(page\): Accuracy \*fell\* <!channel\> & more"
    assert title["color"] == "Attention"
    assert {"title": "How bad", "value": "page"} in facts["facts"]
    assert "Accuracy · accuracy 71.0% over 5\u00a0min" in alerts["text"]
    assert card["actions"][0]["url"] == "https://panel.example/incidents/7/"


def test_telegram_gets_plain_text_and_its_answer_is_read(incident, hook, monkeypatch):
    monkeypatch.setattr(telegram, "API", hook.url(""))
    hook.answer = lambda handler: reply(handler, 200, b'{"ok": true, "result": {}}')
    incident.title += "x" * 5_000
    send("telegram", incident, "resolved", target="-1001234567890", secret=TOKEN)
    [got] = hook.received
    message = json.loads(got.body)
    assert got.path == f"/bot{TOKEN}/sendMessage"
    assert message["chat_id"] == "-1001234567890"
    assert message["text"].startswith("INC-7 resolved: Accuracy *fell* <!channel> & more")
    assert len(message["text"]) == 4_096
    assert "parse_mode" not in message
    hook.answer = lambda handler: reply(handler, 200, b"[]")
    with pytest.raises(ChannelError, match="Telegram did not take") as caught:
        send("telegram", incident, "opened", target="1", secret=TOKEN)
    assert TOKEN not in str(caught.value)


def test_pagerduty_is_told_of_beginning_taking_over_and_end_under_one_key(incident, hook):
    hook.answer = lambda handler: reply(handler, 202)
    for reason in ("opened", "escalated", "acknowledged", "resolved"):
        send("pagerduty", incident, reason, target=hook.url(""), secret=KEY)
    events = [json.loads(got.body) for got in hook.received]
    assert [event["event_action"] for event in events] == ["trigger", "trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in events} == {"https://panel.example/INC-7"}
    assert {event["routing_key"] for event in events} == {KEY}
    assert {got.path for got in hook.received} == {"/v2/enqueue"}
    payload = events[0]["payload"]
    assert (payload["severity"], payload["source"], payload["class"]) == ("critical", "credit-risk", "accuracy")
    assert len(payload["summary"]) <= 1_024
    assert payload["custom_details"]["alerts"] == ["Accuracy · accuracy 71.0% over 5\u00a0min"]
    assert "payload" not in events[2]


def test_a_test_of_pagerduty_leaves_no_open_incident_behind(incident, hook, ana, now):
    hook.answer = lambda handler: reply(handler, 202)
    channel = make_channel(incident.project, "pagerduty", target=hook.url(""), secret=seal(KEY))
    assert send_test(channel, by=ana, now=now).state == "sent"
    first, second = (json.loads(got.body) for got in hook.received)
    assert (first["event_action"], second["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == second["dedup_key"]


def test_apprise_sends_through_a_service_it_knows(incident, hook):
    hook.answer = lambda handler: reply(handler, 200)
    send("apprise", incident, "opened", secret=f"json://127.0.0.1:{hook.port}/x")
    message = json.loads(hook.received[0].body)
    assert message["title"].startswith("INC-7 opened (page)")
    assert "accuracy 71.0% over 5\u00a0min" in message["message"]
    hook.answer = lambda handler: reply(handler, 500)
    with pytest.raises(ChannelError, match="did not take") as caught:
        send("apprise", incident, "opened", secret=f"json://127.0.0.1:{hook.port}/x")
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "url", ["syslog://", "json://127.0.0.1/x", "gotify://intranet/token", "mailto://a:b@smtp.example", "nonsense://x"]
)
def test_apprise_calls_neither_this_machine_nor_a_host_that_somebody_names(url, settings):
    settings.OUTGOING_ALLOW_PRIVATE = False
    with pytest.raises(ChannelError) as caught:
        channel_kind("apprise").check(target="", secret=url)
    assert caught.value.permanent


def test_the_webhook_of_alertmanager_version_4(incident, hook):
    settle(incident)
    send("alertmanager_webhook", incident, "grew", target=hook.url(), secret="t0ken")
    [got] = hook.received
    payload = json.loads(got.body)
    assert got.headers["authorization"] == "Bearer t0ken"
    assert set(payload) == {
        *("version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels"),
        *("commonAnnotations", "externalURL", "alerts", "notification_reason"),
    }
    assert (payload["version"], payload["status"], payload["truncatedAlerts"]) == ("4", "firing", 0)
    assert [alert["status"] for alert in payload["alerts"]] == ["firing", "resolved"]
    assert payload["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert payload["commonLabels"] == {"model": "credit-risk", "severity": "page"}
    send("alertmanager_webhook", incident, "resolved", target=hook.url())
    assert json.loads(hook.received[1].body)["status"] == "resolved"
    assert "authorization" not in hook.received[1].headers


def settle(incident: Incident) -> Alert:
    """A second alert that is over; both with the labels that evaluation gives them."""
    first = incident.alerts.get()
    first.labels = {"rule": "accuracy", "model": "credit-risk"}
    first.save()
    rule = first.rule
    rule.pk, rule.slug, rule.name = None, "recall", "Recall"
    rule.save()
    return Alert.objects.create(
        rule=AlertRule.objects.get(slug="recall"),
        labels={"rule": "recall", "model": "credit-risk"},
        fingerprint="x",
        state="inactive",
        severity="page",
        incident=incident,
        fired_at=incident.opened_at,
        resolved_at=incident.opened_at + timedelta(minutes=1),
    )


@pytest.mark.programs("prometheus-alertmanager")
def test_a_running_alertmanager_has_our_alerts_and_loses_them_with_the_incident(incident, tmp_path, settings):
    settings.OUTGOING_ALLOW_PRIVATE = True
    settle(incident)
    alert = incident.alerts.get(state="firing")
    alert.severity = "ticket"
    alert.save()
    with alertmanager(tmp_path) as running:
        send("alertmanager", incident, "opened", target=running.url + "/")
        [shown] = running.wait("/api/v2/alerts", len)
        assert shown["labels"] == {
            "alertname": "accuracy",
            "rule": "accuracy",
            "model": "credit-risk",
            "severity": "ticket",
        }
        assert shown["generatorURL"] == "https://panel.example/incidents/7/"
        assert shown["status"]["state"] in ("active", "unprocessed")
        mine = _fingerprints(incident)
        assert shown["fingerprint"] in mine
        alert.severity = "page"
        alert.save()
        send("alertmanager", incident, "escalated", target=running.url)
        found = running.wait("/api/v2/alerts", lambda rows: [row["labels"]["severity"] for row in rows] == ["page"])
        assert [row["labels"]["severity"] for row in found] == ["page"]
        send("alertmanager", incident, "resolved", target=running.url)
        assert running.wait("/api/v2/alerts", lambda rows: not rows) == []
        alert.rule.kind, alert.labels = "external", {"alertname": "Theirs", "team": "b"}
        alert.rule.save()
        alert.save()
        send("alertmanager", incident, "opened", target=running.url)
        [theirs] = running.wait("/api/v2/alerts", len)
        assert theirs["labels"] == alert.labels, "an alert of another program keeps its labels"
        send("alertmanager", incident, "resolved", target=running.url)
        assert running.wait("/api/v2/alerts", lambda rows: not rows) == []
        test = check_message(SimpleNamespace(name="AM"), by=SimpleNamespace(get_username=str), now=real_now())
        channel_kind("alertmanager").send(Delivery("id", running.url, b"", test, real_now()))
        [shown] = running.wait("/api/v2/alerts", len)
        assert shown["labels"]["alertname"] == "AtalaiaTest"
        body = incident_message(incident, reason="opened", now=real_now(), actor=None)
        body["data"]["alerts"] = [{**body["data"]["alerts"][0], "labels": {"severity": "ticket", "": "x"}}]
        refused = Delivery("id", running.url, b"", body, real_now())
        with pytest.raises(ChannelError, match="400") as caught:
            channel_kind("alertmanager").send(refused)
        assert caught.value.permanent


def _fingerprints(incident: Incident) -> set[str]:
    body = incident_message(incident, reason="opened", now=incident.opened_at, actor=None)
    return {alert["fingerprint"] for alert in alerts_of(body)}


def test_the_authors_of_standard_webhooks_accept_our_signature(incident, hook):
    send("webhook", incident, "opened", target=hook.url(), secret=SECRET)
    [got] = hook.received
    payload = Verifier(SECRET).verify(got.body, got.headers)
    assert payload["type"] == "incident.opened"


@pytest.mark.parametrize(
    ("kind", "target", "secret"),
    [
        ("slack", "#ops", "http://hooks.slack.com/x"),
        ("slack", "#ops", "xoxb-token"),
        ("teams", "", "nonsense"),
        ("telegram", "ana", ""),
        ("telegram", "-100", "hunter2"),
        ("pagerduty", "", "short"),
        ("pagerduty", "nonsense", ""),
        ("alertmanager", "https://am.example/api/v2/alerts", ""),
        ("alertmanager", "", ""),
        ("alertmanager_webhook", "nonsense", ""),
    ],
)
def test_a_form_learns_at_once_that_a_service_cannot_be_reached_so(kind, target, secret):
    with pytest.raises(ChannelError) as caught:
        channel_kind(kind).check(target=target, secret=secret)
    assert caught.value.permanent
    assert secret == "" or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "target", "secret"),
    [
        ("slack", "#ops", "https://hooks.slack.com/services/T/B/x"),
        ("teams", "", "https://prod-1.westeurope.logic.azure.com/workflows/x?sig=y"),
        ("telegram", "@ops_channel", TOKEN),
        ("pagerduty", "", KEY),
        ("pagerduty", "https://events.eu.pagerduty.com", KEY),
        ("alertmanager", "https://am.example/prefix", ""),
        ("apprise", "", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"),
    ],
)
def test_a_form_takes_what_works(project, kind, target, secret):
    assert stored_by_form(project, kind, target, secret) == (target, secret)


def test_pagerduty_is_called_at_its_usual_address(incident, monkeypatch):
    called = []
    monkeypatch.setattr(pagerduty, "post", lambda url, *_args, **_kwargs: called.append(url))
    send("pagerduty", incident, "opened", secret=KEY)
    assert called == ["https://events.pagerduty.com/v2/enqueue"]


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams", "telegram", "pagerduty", "apprise"])
def test_a_channel_whose_secret_was_never_written_says_so(incident, kind):
    assert channel_kind(kind).needs_secret
    with pytest.raises(ChannelError, match="Write") as caught:
        send(kind, incident, "opened", target="https://a.example/")
    assert caught.value.permanent


def test_failed_tests_do_not_stay_in_the_outbox(incident, hook, ana, now):
    hook.answer = lambda handler: reply(handler, 403)
    channel = make_channel(incident.project, "slack", target="#ops", secret=seal(hook.url()))
    row = send_test(channel, by=ana, now=now)
    assert (row.state, row.decision) == ("dead", "gave_up")
    assert Notification.objects.filter(state__in=["queued", "sending"]).count() == 0
