"""Who would be told and what was told, as people and programs see it; forms refuse trees that could not stand."""

from datetime import time, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from alerting.labels.matchers import parse_lines, to_json
from alerting.models import Channel, EscalationStep, Notification, QuietHours, Route
from alerting.notify.breaker import OPENS_AFTER
from alerting.notify.enqueue import enqueue
from alerting.notify.log import what_became
from alerting.notify.preview import preview
from alerting.notify.send import send
from models_registry.keys import create_key
from tests.alerting.notify_cast import HandClock, make_channel, make_incident

pytestmark = pytest.mark.django_db
PAGE = {"severity": "page", "model": "credit-risk"}


@pytest.fixture
def as_viewer(as_caio: Client, caio) -> Client:
    caio.groups.add(Group.objects.get(name="viewer"))
    return as_caio


@pytest.fixture
def tree(project, bia, stopped_clock) -> Route:
    """ops at the root, risk for the model, and night after a quarter of an hour; bia sleeps through tickets."""
    ops, risk = make_channel(project, name="ops"), make_channel(project, name="risk", owner=bia)
    night = make_channel(project, name="night", minimum_severity="page")
    make_channel(project, name="off", enabled=False)
    make_channel(project, name="nowhere")
    root = Route.objects.create(project=project, name="root")
    root.channels.set([ops])
    child = Route.objects.create(
        project=project, parent=root, name="risk", matchers=to_json(parse_lines('model="credit-risk"'))
    )
    child.channels.set([risk, Channel.objects.get(name="off")])
    EscalationStep.objects.create(route=child, after=timedelta(minutes=15)).channels.add(night)
    QuietHours.objects.create(
        project=project,
        name="noon",
        person=bia,
        starts=time(11),
        ends=time(13),
        zone="America/Sao_Paulo",
        days=[0, 1, 2, 3, 4],
    )
    return root


def lines(project, labels, now) -> dict[str, tuple[str, float, str]]:
    found = preview(project, labels, now=now).lines
    return {
        line.channel.name: (line.route, line.after.total_seconds(), (line.decision or {}).get("code", ""))
        for line in found
    }


def test_everybody_is_named_with_the_way_or_the_reason(tree, project, now):
    assert lines(project, PAGE, now) == {
        "risk": ("risk", 30.0, ""),
        "off": ("risk", 30.0, "channel_off"),
        "night": ("risk", 900.0, ""),
        "ops": ("", 0.0, "not_routed"),
        "nowhere": ("", 0.0, "not_routed"),
    }
    ticket = lines(project, {**PAGE, "severity": "ticket"}, now)
    assert ticket["risk"] == ("risk", 30.0, "quiet_hours")
    assert ticket["night"] == ("risk", 900.0, "below_severity")
    assert lines(project, {}, now)["ops"] == ("root", 30.0, "")
    assert lines(project, {**PAGE, "severity": "critical"}, now)["risk"] == ("risk", 30.0, ""), "as others call a page"


def test_the_preview_keeps_its_promise(tree, project, credit_risk, now, settings):
    settings.INCIDENT_LINKS = []
    incident = make_incident(credit_risk, now)
    incident.alerts.update(labels={"model": "credit-risk"})
    enqueue(incident, reason="opened", now=now)
    planned = {row.channel.name: (row.due_at - now).total_seconds() for row in Notification.objects.all()}
    promised = {name: after for name, (_, after, code) in lines(project, PAGE, now).items() if not code}
    assert planned == promised


def test_programs_read_the_tree_and_try_it(tree, project, client: Client):
    _, token = create_key(project=project, name="reader", scopes=["read"])
    head = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    items = client.get("/api/v1/routes", **head).json()["items"]
    assert [(item["name"], item["depth"], item["matchers"]) for item in items] == [
        *(("root", 0, []), ("risk", 1, ['model="credit-risk"']))
    ]
    assert items[1]["steps"] == [{"after_s": 900.0, "channels": ["night"]}]
    assert items[1]["repeat_interval_s"] == 4 * 3_600
    told = client.post("/api/v1/routes/preview", {"labels": PAGE}, content_type="application/json", **head).json()
    assert [(one["name"], one["chosen"]) for one in told["routes"]] == [("root", False), ("risk", True)]
    [ops] = [line for line in told["channels"] if line["channel"] == "ops"]
    assert not ops["told"]
    assert ops["why_not"] == "ops would not be told: no route that takes the alert leads to it."
    assert client.post("/api/v1/routes/preview", {}, content_type="application/json", **head).status_code == 400


def test_the_page_tries_labels_and_says_what_is_wrong_with_them(tree, project, as_viewer: Client):
    url = reverse("panel:routes", args=[project.slug])
    page = as_viewer.get(url, {"labels": 'model="credit-risk", severity="page"'})
    text = page.content.decode()
    assert page.status_code == 200
    assert "after 15 min without acknowledgement" in text.replace("\xa0", " ")
    assert "no route that takes the alert leads to it" in text
    for wrong in ('model=~"credit.*"', "nonsense"):
        page = as_viewer.get(url, {"labels": wrong})
        assert page.status_code == 400
        assert "field-error" in page.content.decode()
    assert as_viewer.get(url).status_code == 200


def test_the_log_can_be_filtered_and_what_was_given_up_sent_again(
    tree, project, credit_risk, as_ana: Client, as_viewer: Client, now, settings
):
    settings.INCIDENT_LINKS = []
    for number in (7, 8):
        enqueue(make_incident(credit_risk, now, number=number), reason="opened", now=now)
    dead = Notification.objects.filter(incident__number=7).first()
    Notification.objects.filter(pk=dead.pk).update(state="dead", attempts=3, last_error="410 Gone")
    url = reverse("panel:notifications", args=[project.slug])
    page = as_viewer.get(url, {"incident": "INC-7", "state": "dead"}).content.decode()
    assert "Given up after 3 attempts: 410 Gone" in page
    assert "INC-8" not in page
    assert "Send again" not in page, "who may only look gets no button"
    assert as_viewer.post(reverse("panel:notification_again", args=[project.slug, dead.pk])).status_code == 403
    page = as_ana.post(reverse("panel:notification_again", args=[project.slug, dead.pk]), follow=True)
    assert "The message is queued again." in page.content.decode()
    for wrong in ({"incident": "seven"}, {"state": "lost"}, {"channel": "9" * 30}):
        page = as_viewer.get(url, wrong)
        assert page.status_code == 400
        assert "field-error" in page.content.decode()


def test_the_log_by_api(tree, project, credit_risk, client: Client, now, settings):
    settings.INCIDENT_LINKS = []
    _, token = create_key(project=project, name="reader", scopes=["read"])
    head = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    enqueue(make_incident(credit_risk, now), reason="opened", now=now)
    [item] = client.get("/api/v1/notifications", {"incident": 7, "reason": "opened"}, **head).json()["items"]
    assert (item["channel"], item["route"], item["state"]) == ("risk", "risk", "queued")
    assert item["told"].startswith("Planned for 2026-03-10 12:00:30")
    assert client.get("/api/v1/notifications", {"state": "lost"}, **head).status_code == 400


def test_every_state_has_its_sentence_in_both_languages(tree, credit_risk, now, settings):
    settings.INCIDENT_LINKS = []
    [row] = enqueue(make_incident(credit_risk, now), reason="opened", now=now)
    later, failing = now + timedelta(minutes=1), Channel(failures=OPENS_AFTER)
    said = []
    for state, at, attempts, channel in (
        *(("queued", now, 0, row.channel), ("queued", later, 0, row.channel), ("queued", later, 2, row.channel)),
        *(("queued", later, 2, failing), ("sending", later, 1, row.channel), ("sent", later, 2, row.channel)),
        ("dead", later, 1, row.channel),
    ):
        row.state, row.attempts, row.channel, row.last_error = state, attempts, channel, "HTTP 500."
        with override("en"):
            english = what_became(row, now=at)
        with override("pt-br"):
            assert what_became(row, now=at) != english
        said.append(english)
    assert len(set(said)) == len(said)
    row.state, row.attempts = "sent", 1
    assert what_became(row, now=later) == ""


def test_a_channel_that_fails_is_loud_on_every_page_and_in_the_metrics(
    tree, project, as_viewer: Client, client: Client
):
    Channel.objects.filter(name="ops").update(failures=OPENS_AFTER, last_error="The receiver answered HTTP 503.")
    page = as_viewer.get(reverse("panel:home", args=[project.slug])).content.decode()
    assert "The channel ops does not work: The receiver answered HTTP 503. (5 failures in a row)" in page
    metrics = client.get("/metrics").content.decode()
    assert f'atalaia_channel_failing{{channel="ops",project="{project.slug}"}} 1.0' in metrics
    assert f'atalaia_channel_failing{{channel="risk",project="{project.slug}"}} 0.0' in metrics


def form(route: Route, **changes) -> dict:
    empty = {f"steps-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
    told = {"project": route.project_id, "parent": route.parent_id or "", "name": route.name, "position": 0, **empty}
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


def test_a_tree_that_could_not_stand_is_refused_with_the_mend(tree, project, other_project, as_ana: Client):
    add = reverse("admin:alerting_route_add")
    child = Route.objects.get(name="risk")
    theirs = make_channel(other_project, name="theirs")
    refused = {
        "has a root already": (add, form(child, name="second", parent="")),
        "of the same project": (add, form(child, name="x", channels=[theirs.pk])),
        "is no matcher": (add, form(child, name="x", matchers="nonsense")),
        "no regular expression": (add, form(child, name="x", matchers='a=~"("')),
        "under itself": (reverse("admin:alerting_route_change", args=[child.pk]), form(child, parent=child.pk)),
        "takes everything": (reverse("admin:alerting_route_change", args=[tree.pk]), form(tree, matchers='a="b"')),
    }
    for words, (url, data) in refused.items():
        page = as_ana.post(url, data)
        assert page.status_code == 200, words
        assert words in page.content.decode(), words
    assert as_ana.post(add, form(child, name="tickets", matchers='severity!="page"')).status_code == 302
    assert str(Route.objects.get(name="tickets").matchers[0]["isEqual"]) == "False"


def test_quiet_hours_belong_to_one_and_have_a_zone_that_exists(tree, project, bia, as_ana: Client):
    add = reverse("admin:alerting_quiethours_add")
    good = {
        "project": project.pk,
        "name": "weekend",
        "channel": Channel.objects.get(name="ops").pk,
        "starts": "22:00",
        "ends": "07:00",
        "days": ["0", "6"],
        "zone": "Europe/Berlin",
    }
    assert "is no time zone" in as_ana.post(add, {**good, "zone": "Mars/Olympus"}).content.decode()
    for wrong in ({"person": bia.pk}, {"channel": ""}):
        errors = as_ana.post(add, {**good, **wrong}).context["adminform"].form.errors
        told = ["Choose a channel or a person, and not both."]
        assert errors == {"channel": told, "person": told}
    errors = as_ana.post(add, {**good, "channel": "999999"}).context["adminform"].form.errors
    assert list(errors) == ["channel"]
    assert "not both" not in str(errors)
    empty = as_ana.get(add, headers={"accept-language": "pt-br"}).content.decode()
    assert 'value="America/Sao_Paulo"' in empty
    assert "Como America/Sao_Paulo, Europe/Berlin, UTC." in empty
    assert as_ana.post(add, good).status_code == 302
    assert "already exists" in as_ana.post(add, good).content.decode()
    assert QuietHours.objects.get(zone="Europe/Berlin").days == [0, 6]


def test_a_channel_that_cannot_send_is_refused_at_the_field_to_mend(project, as_ana: Client):
    add = reverse("admin:alerting_channel_add")
    data = {"project": project.pk, "name": "chat", "kind": "slack", "target": "#ops", "minimum_severity": "ticket"}
    page = as_ana.post(add, data)
    assert "cannot send without a secret" in page.content.decode()
    page = as_ana.post(add, {**data, "new_secret": "ftp://nowhere"})
    assert "new_secret" in page.context["adminform"].form.errors
    assert as_ana.post(add, {**data, "new_secret": "https://hooks.slack.com/services/T/B/x"}).status_code == 302
    made = Channel.objects.get(name="chat")
    url = reverse("admin:alerting_channel_change", args=[made.pk])
    assert as_ana.post(url, {**data, "name": "chat 2"}).status_code == 302, "the stored secret stays"
    assert "hooks.slack.com" not in as_ana.get(url).content.decode()
    assert "cannot send without" in as_ana.post(url, {**data, "kind": "teams"}).content.decode(), "not another kind's"


def test_two_passes_at_one_moment_send_one_message(tree, credit_risk, now, settings):
    settings.INCIDENT_LINKS = []
    enqueue(make_incident(credit_risk, now), reason="opened", now=now)
    clock, later = HandClock(), now + timedelta(minutes=1)
    assert [send(now=later, clock=clock).written for _ in range(2)] == [1, 0]
