"""Alertmanager's API v2 in: what programs send becomes alerts, incidents and silences like any other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from alerting.evaluate.external import Incoming, expire, receive
from alerting.labels.identity import fingerprint
from alerting.models import Alert, AlertRule, Incident, IncidentPolicy, Notification, Silence
from lib.clock import real_now
from models_registry.clock import set_clock
from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.models import StageRun
from tests.alerting.rule_cast import error_rule, serve, tick

DOWN = {"alertname": "InstanceDown", "instance": "a:9100", "severity": "critical", "model": "credit-risk", "empty": ""}


def client(project: Project, *scopes: str) -> Client:
    _, token = create_key(project=project, name="prometheus", scopes=scopes)
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def api(credit_risk: Model, stopped_clock: datetime) -> Client:
    credit_risk.project.channels.create(name="Ops", kind="console")
    return client(credit_risk.project, "read", "respond", "ingest")


def post(api: Client, *alerts: object) -> int:
    return api.post("/api/v2/alerts", list(alerts), "application/json").status_code


def at(moment: datetime, **more: float) -> str:
    return (moment + timedelta(**more)).isoformat()


def test_an_alert_opens_an_incident_of_its_model_and_is_shown_as_it_came(api: Client, now: datetime) -> None:
    sent = {
        "labels": DOWN,
        "annotations": {"summary": "a:9100 is down"},
        "startsAt": "2026-03-10T14:50:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
    }
    assert post(api, sent) == 200
    incident = Incident.objects.get()
    assert (incident.title, incident.severity, str(incident.model)) == ("a:9100 is down", "page", "Credit risk")
    assert now - incident.impact_started_at == timedelta(minutes=10, microseconds=-123456)
    assert [row.reason for row in Notification.objects.all()] == ["opened"]
    [shown] = api.get("/api/v2/alerts").json()
    labels = {name: value for name, value in DOWN.items() if value}
    assert (shown["labels"], shown["fingerprint"]) == (labels, fingerprint(labels))
    assert shown["startsAt"] == "2026-03-10T14:50:00.123Z"
    assert shown["endsAt"] == at(now, minutes=5).replace("+00:00", ".000Z")
    assert shown["status"] == {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"}
    assert shown["receivers"] == [{"name": "Ops"}]
    assert (shown["annotations"], shown["generatorURL"]) == (sent["annotations"], sent["generatorURL"])
    rule = AlertRule.objects.get()
    assert (rule.kind, rule.name, rule.health) == ("external", "InstanceDown", "ok")


def test_what_came_without_annotations_is_shown_without(api: Client) -> None:
    post(api, {"labels": DOWN})
    [shown] = api.get("/api/v2/alerts").json()
    assert shown["annotations"] == {}


def test_it_ends_when_it_says_so_or_when_nobody_sends_it_again(api: Client, now: datetime) -> None:
    post(api, {"labels": DOWN, "endsAt": at(now, minutes=4)}, {"labels": {"alertname": "Alone"}})
    assert Incident.objects.count() == 2
    set_clock(story=now + timedelta(minutes=2), rate=0, real=real_now())
    post(api, {"labels": DOWN, "startsAt": at(now), "endsAt": at(now, minutes=1)})
    assert Alert.objects.get(labels__alertname="InstanceDown").state == "inactive"
    assert Incident.objects.get(model__slug="credit-risk").state == "resolved"
    assert expire(now=now + timedelta(minutes=4, seconds=59)).written == 0
    assert expire(now=now + timedelta(minutes=5)).written == 1
    assert expire(now=now + timedelta(minutes=5)).written == 0
    assert set(Incident.objects.values_list("state", flat=True)) == {"resolved"}
    assert api.get("/api/v2/alerts").json() == []


def test_copies_of_several_senders_are_one_alert(api: Client, now: datetime) -> None:
    post(api, {"labels": DOWN, "startsAt": at(now, minutes=-5), "endsAt": at(now, minutes=9)})
    post(api, {"labels": dict(reversed(DOWN.items())), "startsAt": at(now, minutes=-1)})
    [shown] = api.get("/api/v2/alerts").json()
    assert (shown["startsAt"], shown["endsAt"]) == ("2026-03-10T14:55:00.000Z", "2026-03-10T15:09:00.000Z")
    assert Incident.objects.count() == Notification.objects.count() == 1


def test_the_end_of_something_unheard_of_is_nothing(api: Client, now: datetime) -> None:
    assert post(api, {"labels": DOWN, "endsAt": at(now, minutes=-1)}) == 200
    assert not Alert.objects.exists()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "labels must be"),
        ({"labels": {}}, "at least one label pair"),
        ({"labels": {"a": ""}}, "at least one label pair"),
        ({"labels": {"a-b": "c"}}, "invalid name 'a-b'"),
        ({"labels": {"a": 1}}, "labels.a must be text"),
        ({"labels": {"a": "\0"}}, "zero byte"),
        ({"labels": {"a": "x" * 10_001}}, "longer than 10000"),
        ({"labels": {f"a{n}": "x" for n in range(65)}}, "at most 64"),
        ({"labels": {"a": "b"}, "startsAt": "yesterday"}, "RFC 3339"),
        ({"labels": {"a": "b"}, "startsAt": "2026-03-10T12:00:00"}, "RFC 3339"),
        ({"labels": {"a": "b"}, "startsAt": "2026-03-10T12:00:00Z", "endsAt": "2026-03-10T11:00:00Z"}, "before end"),
        ({"labels": {"a": "b"}, "annotations": []}, "annotations must be"),
        ("alert", "must be an object"),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_is_taken(api: Client, sent: object, says: str) -> None:
    answer = api.post("/api/v2/alerts", [sent, {"labels": {"alertname": "Fine"}}], "application/json")
    assert answer.status_code == (400 if sent != {"labels": {"a": "b"}, "annotations": []} else 200)
    assert says in answer.json() if answer.status_code == 400 else True
    assert Alert.objects.filter(labels__alertname="Fine", state="firing").exists()


@pytest.mark.parametrize("body", [{}, "alerts", 1, None])
def test_a_body_of_another_shape_is_refused(api: Client, body: object) -> None:
    assert api.post("/api/v2/alerts", body, "application/json").status_code == 400


def test_times_beyond_every_calendar_and_halves_of_letters_break_nothing(api: Client) -> None:
    for starts, ends in (("0001-01-02T00:00:00+14:00", None), ("0100-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00")):
        post(api, {"labels": {"alertname": "Odd \ud800"}, "startsAt": starts, "endsAt": ends})
    assert (
        post(
            api, {"labels": {"alertname": "Odd"}, "startsAt": "0100-01-01T00:00:00Z", "endsAt": "9000-01-01T00:00:00Z"}
        )
        == 200
    )
    assert Alert.objects.filter(state="firing").count() >= 1


def test_our_own_alerts_are_there_too_and_all_are_filtered(api: Client, credit_risk: Model, now: datetime) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=-5, end=1, ok=5, failed=5)
    tick(0, 1)
    post(api, {"labels": DOWN})

    def names(**query: object) -> list[str]:
        answer = api.get("/api/v2/alerts", query)
        assert answer.status_code == 200, answer.content
        return sorted(alert["labels"]["alertname"] for alert in answer.json())

    assert names() == ["InstanceDown", "errors"]
    assert names(filter=['severity="critical"', "instance=~a.*"]) == ["InstanceDown"]
    assert names(filter='model="credit-risk"') == ["InstanceDown", "errors"]
    assert names(filter="alertname!=errors") == ["InstanceDown"]
    assert names(receiver="Op.") == ["InstanceDown", "errors"]
    assert names(receiver="O") == []
    for wrong in ({"filter": "nonsense"}, {"filter": 'a=~"("'}, {"receiver": "("}, {"active": "maybe"}):
        assert api.get("/api/v2/alerts", wrong).status_code == 400
    uid = silence(api, now, "alertname=errors").json()["silenceID"]
    assert names(silenced="false") == ["InstanceDown"]
    assert names(active="false") == ["errors"]
    [silenced] = api.get("/api/v2/alerts", {"filter": "alertname=errors"}).json()
    assert (silenced["status"]["state"], silenced["status"]["silencedBy"]) == ("suppressed", [uid])


def test_the_watchdog_fires_while_everything_moves(api: Client, credit_risk: Model, now: datetime) -> None:
    real = real_now()
    run = StageRun.objects.create(stage="watch", started_at=real, succeeded_at=real, story_at=now)
    (alert,) = api.get("/api/v2/alerts").json()
    assert alert["labels"] == {"alertname": "Watchdog", "project": "aurora", "severity": "none"}
    assert (alert["status"]["state"], alert["receivers"], alert["fingerprint"]) == (
        "active",
        [{"name": "none"}],
        fingerprint(alert["labels"]),
    )
    assert api.get("/api/v2/alerts", {"receiver": "none"}).json() == [alert]
    assert api.get("/api/v2/alerts", {"filter": 'alertname!="Watchdog"'}).json() == []
    assert [one["labels"] for one in api.get("/api/v2/alerts/groups").json()] == [{"alertname": "Watchdog"}]
    for broken in ({"seen": 1}, {"last_error": "gone"}, {"succeeded_at": real - timedelta(minutes=6)}):
        StageRun.objects.filter(pk=run.pk).update(seen=0, last_error="", succeeded_at=real)
        StageRun.objects.filter(pk=run.pk).update(**broken)
        assert api.get("/api/v2/alerts").json() == []


def test_groups_are_those_of_the_incidents(api: Client, project: Project) -> None:
    post(api, {"labels": DOWN}, {"labels": {**DOWN, "instance": "b:9100"}}, {"labels": {"alertname": "Other"}})
    groups = api.get("/api/v2/alerts/groups").json()
    assert [(group["labels"], len(group["alerts"])) for group in groups] == [
        ({"alertname": "Other"}, 1),
        ({"model": "credit-risk"}, 2),
    ]
    assert Incident.objects.count() == 2
    IncidentPolicy.objects.create(project=project, labels=["instance"])
    assert len(api.get("/api/v2/alerts/groups").json()) == 3


def silence(api: Client, now: datetime, asked: str, **more: object):
    name, _, value = asked.partition("=")
    body = {
        "matchers": [{"name": name, "value": value, "isRegex": False}],
        "startsAt": at(now, minutes=-1),
        "endsAt": at(now, hours=2),
        "createdBy": "ana from amtool",
        "comment": "retraining",
        **more,
    }
    return api.post("/api/v2/silences", body, "application/json")


def test_silences_are_made_changed_replaced_and_ended_as_in_alertmanager(api: Client, now: datetime) -> None:
    uid = silence(api, now, "model=credit-risk").json()["silenceID"]
    one = api.get(f"/api/v2/silence/{uid}").json()
    assert (one["createdBy"], one["status"], one["startsAt"]) == (
        "ana from amtool",
        {"state": "active"},
        at(now).replace("+00:00", ".000Z"),
    )
    assert one["matchers"] == [{"name": "model", "value": "credit-risk", "isRegex": False, "isEqual": True}]
    longer = silence(api, now, "model=credit-risk", id=uid, startsAt=one["startsAt"], endsAt=at(now, hours=5))
    assert longer.json()["silenceID"] == uid
    other = silence(api, now, "model=other", id=uid).json()["silenceID"]
    assert other != uid
    states = {row["id"]: row["status"]["state"] for row in api.get("/api/v2/silences").json()}
    assert states == {uid: "expired", other: "active"}
    assert [row["id"] for row in api.get("/api/v2/silences", {"filter": "model=other"}).json()] == [other]
    assert api.delete(f"/api/v2/silence/{other}").status_code == 200
    assert {row["status"]["state"] for row in api.get("/api/v2/silences").json()} == {"expired"}
    assert Silence.objects.get(uid=other).ends_at == now


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"id": "018f0000-0000-7000-8000-000000000000"}, 404),
        ({"id": "nonsense"}, 404),
        ({"endsAt": "2026-03-10T14:00:00Z", "startsAt": "2026-03-10T13:00:00Z"}, 400),
        ({"endsAt": "2020-01-01T00:00:00Z"}, 400),
        ({"endsAt": None}, 400),
        ({"endsAt": "2030-01-01T00:00:00Z"}, 400),
        ({"matchers": []}, 400),
        ({"matchers": [{"name": "a", "value": ".*", "isRegex": True}]}, 400),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400),
        ({"createdBy": None}, 400),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(api: Client, now: datetime, more: dict, code: int) -> None:
    answer = silence(api, now, "a=b", **more)
    assert answer.status_code == code
    assert isinstance(answer.json(), str)
    assert not Silence.objects.exists()


def test_silenced_alerts_open_incidents_that_nobody_is_told_of(api: Client, now: datetime) -> None:
    silence(api, now, "instance=a:9100")
    post(api, {"labels": DOWN})
    assert [(row.reason, row.decision) for row in Notification.objects.all()] == [("opened", "silenced")]
    assert Incident.objects.get().state == "open"


def test_a_rule_that_is_switched_off_lets_its_alerts_pass_unheard(api: Client) -> None:
    post(api, {"labels": DOWN})
    AlertRule.objects.update(enabled=False)
    assert post(api, {"labels": {**DOWN, "instance": "b:9100"}}) == 200
    assert Alert.objects.count() == 1
    tick(0, 1)
    assert Incident.objects.get().state == "resolved"


def test_each_part_needs_its_scope_and_each_project_is_its_own(
    api: Client, project: Project, other_project: Project, now: datetime
) -> None:
    sender, reader = client(project, "ingest"), client(project, "read")
    assert post(sender, {"labels": DOWN}) == 200
    assert sender.get("/api/v2/alerts").status_code == 403
    assert post(reader, {"labels": DOWN}) == 403
    assert silence(reader, now, "a=b").status_code == 403
    assert silence(sender, now, "a=b").status_code == 403
    assert Client().get("/api/v2/alerts").status_code == 401
    uid = silence(api, now, "a=b").json()["silenceID"]
    stranger = client(other_project, "read", "respond")
    assert stranger.get("/api/v2/alerts").json() == stranger.get("/api/v2/silences").json() == []
    assert (
        stranger.get(f"/api/v2/silence/{uid}").status_code
        == stranger.delete(f"/api/v2/silence/{uid}").status_code
        == 404
    )
    assert reader.get("/api/v2/receivers").json() == [{"name": "Ops"}, {"name": "none"}]
    assert reader.get("/api/v2/status").json()["cluster"] == {"status": "disabled"}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_senders_that_meet_make_one_alert_and_one_incident(credit_risk: Model, now: datetime) -> None:
    def send(place: int) -> None:
        try:
            sent = [
                Incoming({"alertname": name, "model": "credit-risk"}, {}, now, now + timedelta(hours=1))
                for name in ("A", "B", "C")
            ]
            receive(credit_risk.project, sent if place % 2 else sent[::-1], now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(8)))
    assert (AlertRule.objects.count(), Alert.objects.count(), Incident.objects.count()) == (3, 3, 1)
    assert set(Alert.objects.values_list("state", "incident__number")) == {("firing", 1)}


def webhook(now: datetime, *alerts: dict[str, object]) -> dict[str, object]:
    """Version 4 of an Alertmanager's payload."""
    shared = {"version": "4", "receiver": "atalaia", "status": "firing", "groupKey": "{}:{}", "truncatedAlerts": 0}
    empty = {"annotations": {}, "startsAt": at(now, minutes=-5), "endsAt": "0001-01-01T00:00:00Z", "generatorURL": ""}
    return {**shared, "alerts": [{**empty, "status": "firing", **alert} for alert in alerts]}


def test_a_webhook_begins_and_ends_an_alert(api: Client, now: datetime) -> None:
    body = webhook(now, {"labels": DOWN, "annotations": {"summary": "a:9100 is down"}})
    assert api.post("/api/v2/webhook", body, "application/json").status_code == 200
    assert Incident.objects.get().title == "a:9100 is down"
    expire(now=now + timedelta(days=2))
    assert Alert.objects.get().state == "firing", "it is told again only when its receiver repeats itself"
    over = {"labels": DOWN, "status": "resolved", "endsAt": at(now, minutes=3)}
    assert api.post("/api/v2/webhook", webhook(now, over), "application/json").status_code == 200
    assert (Alert.objects.get().state, Incident.objects.get().state) == ("inactive", "resolved")
    assert Alert.objects.get().ends_at == now, "another clock puts no end ahead of ours"


def test_a_webhook_leaves_out_what_came_from_here_and_says_what_is_wrong(api: Client, now: datetime, settings) -> None:
    settings.PUBLIC_URL = "https://panel.example"
    ours = {"labels": {"alertname": "Ours"}, "generatorURL": "https://panel.example/p/aurora/incidents/7/"}
    other = {"labels": {"alertname": "Other"}, "generatorURL": "https://panel.example.evil/graph"}
    odd = {"labels": {"alertname": "Odd"}, "status": "perhaps"}
    answer = api.post("/api/v2/webhook", webhook(now, ours, other, odd), "application/json")
    assert answer.status_code == 400
    assert answer.json() == "alert 1: status must be firing or resolved, not 'perhaps'"
    assert [alert.labels["alertname"] for alert in Alert.objects.all()] == ["Other"]


@pytest.mark.parametrize("body", [[], {}, {"alerts": {}}, {"alerts": [3]}, {"alerts": [{"status": "firing"}]}])
def test_a_webhook_that_is_none_is_refused(api: Client, body: object) -> None:
    answer = api.post("/api/v2/webhook", body, "application/json")
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)
    assert not Alert.objects.exists()
