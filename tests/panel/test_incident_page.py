"""The incident page and what people do there."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from alerting.evaluate.external import Incoming, receive
from alerting.models import Alert, AlertRule, AlertTransition, Incident, IncidentEvent, Silence
from alerting.selectors.incidents import incident_timeline
from alerting.wording import describe_value
from models_registry.models import Model, User
from monitoring.models import SLO
from runbooks.models import RunStep
from tests.panel import story


@pytest.fixture
def rule(credit_risk: Model) -> AlertRule:
    return story.make_rule(credit_risk)


@pytest.fixture
def incident(rule: AlertRule, stopped_clock: datetime) -> Incident:
    return story.make_incident(rule, stopped_clock - timedelta(hours=2))


def test_the_page_says_what_since_when_how_bad_and_offers_to_acknowledge(incident: Incident, as_bia: Client) -> None:
    text = as_bia.get("/incidents/7/").content.decode()
    assert "Accuracy of Credit risk fell below 80 %" in text
    assert "2\u00a0h" in text
    assert "accuracy 71.0% over" in text
    assert 'action="/incidents/7/acknowledge/"' in text


def test_a_responder_acknowledges_and_resolves_with_plain_forms(incident: Incident, as_bia: Client, bia: User) -> None:
    as_bia.post("/incidents/7/acknowledge/", follow=True)
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by) == (Incident.State.ACKNOWLEDGED, bia)
    page = as_bia.post("/incidents/7/resolve/", follow=True).content.decode()
    incident.refresh_from_db()
    assert incident.state == Incident.State.RESOLVED
    assert "/incidents/7/acknowledge/" not in page


def test_figures_of_an_objective_say_when_they_are_those_of_the_end(
    rule: AlertRule, incident: Incident, as_bia: Client, stopped_clock: datetime
) -> None:
    fields = {"name": "Decisions are right", "sli": "accuracy", "target": 0.85, "window": timedelta(days=30)}
    rule.slo = SLO.objects.create(project=incident.project, slug="right", model=incident.model, **fields)
    rule.save()
    assert "when it was resolved" not in as_bia.get("/incidents/7/").content.decode()
    Incident.objects.filter(pk=incident.pk).update(state=Incident.State.RESOLVED, resolved_at=stopped_clock)
    assert "no data in the window · when it was resolved" in as_bia.get("/incidents/7/").content.decode()


def test_acknowledging_what_is_resolved_is_told_and_changes_nothing(incident: Incident, as_bia: Client) -> None:
    as_bia.post("/incidents/7/resolve/")
    page = as_bia.post("/incidents/7/acknowledge/", follow=True).content.decode()
    assert "Possible now: close it, reopen it, merge it" in page


def test_a_silence_lasts_the_hours_that_were_chosen(incident: Incident, as_bia: Client, bia: User) -> None:
    page = as_bia.post("/incidents/7/silence/", {"hours": "2", "comment": "deploying a fix"}, follow=True)
    silence = Silence.objects.get()
    assert silence.ends_at - silence.starts_at == timedelta(hours=2)
    assert silence.owner == bia
    assert "silent until" in page.content.decode()


@pytest.mark.parametrize("hours", ["", "0", "-1", "two", "100000", "9" * 30])
def test_an_absurd_silence_is_refused_with_a_sentence(incident: Incident, as_bia: Client, hours: str) -> None:
    page = as_bia.post("/incidents/7/silence/", {"hours": hours}, follow=True)
    assert page.status_code == 409
    assert "silence lasts" in page.content.decode()
    assert not Silence.objects.exists()


def test_a_note_is_escaped_and_every_line_of_the_timeline_has_a_permalink(incident: Incident, as_bia: Client) -> None:
    page = as_bia.post("/incidents/7/comment/", {"text": "<b>looking</b>"}, follow=True).content.decode()
    assert "&lt;b&gt;looking&lt;/b&gt;" in page
    event = IncidentEvent.objects.get(kind="comment")
    anchor = f"t{int(event.at.timestamp() * 1_000)}-comment"
    assert f'id="{anchor}"' in page
    assert f'href="#{anchor}"' in page


def test_a_runbook_is_followed_step_by_step_and_a_tick_can_be_taken_back(
    incident: Incident, rule: AlertRule, as_bia: Client, bia: User
) -> None:
    runbook = story.make_runbook(rule)
    assert "Follow this runbook" in as_bia.get("/incidents/7/").content.decode()
    as_bia.post(f"/incidents/7/runbook/{runbook.pk}/start/")
    step = RunStep.objects.order_by("position").first()
    assert step is not None
    page = as_bia.post(f"/incidents/7/step/{step.pk}/", {"note": "version 14 went out"}, follow=True).content.decode()
    step.refresh_from_db()
    assert (step.done_by, step.note) == (bia, "version 14 went out")
    assert "1 of 3 done" in page
    as_bia.post(f"/incidents/7/step/{step.pk}/", {"undo": "1"})
    step.refresh_from_db()
    assert step.done_at is None


def test_notes_and_steps_show_the_markdown_that_people_write(
    incident: Incident, rule: AlertRule, as_bia: Client
) -> None:
    runbook = story.make_runbook(rule)
    runbook.steps.update(title="Look at `max_tokens`", body="")
    as_bia.post(f"/incidents/7/runbook/{runbook.pk}/start/")
    step = RunStep.objects.order_by("position").first()
    as_bia.post(f"/incidents/7/step/{step.pk}/", {"note": "`max_tokens` **fell** <i>\nto 256"})
    as_bia.post("/incidents/7/comment/", {"text": "see `p23`"})
    page = as_bia.get("/incidents/7/").content.decode()
    assert "<h4>Look at <code>max_tokens</code></h4>" in page
    noted = "<code>max_tokens</code> <strong>fell</strong> &lt;i&gt;<br>\nto 256"
    assert page.count(noted) == 2  # below the step and in the timeline
    assert "see <code>p23</code>" in page
    assert "`" not in page.split("<main")[1].split("</main>")[0]


def test_concrete_bad_predictions_of_the_window_are_one_click_away(
    incident: Incident, credit_risk: Model, as_bia: Client, stopped_clock: datetime
) -> None:
    wrong = story.make_prediction(credit_risk, 1, stopped_clock - timedelta(minutes=30))
    story.make_outcome(wrong, 90, stopped_clock, "paid")
    before = story.make_prediction(credit_risk, 2, stopped_clock - timedelta(hours=5))
    story.make_outcome(before, 91, stopped_clock, "paid")
    page = as_bia.get("/incidents/7/").content.decode()
    assert "/p/aurora/predictions/1/" in page
    assert "/p/aurora/predictions/2/" not in page
    assert "correct=false" in page


def test_the_deployment_before_the_onset_is_the_suspect(incident: Incident, as_bia: Client) -> None:
    page = as_bia.get("/incidents/7/").content.decode()
    assert "40\u00a0min before the impact began" in page


def test_a_viewer_sees_but_cannot_act(incident: Incident) -> None:
    client = Client()
    client.force_login(story.make_viewer())
    page = client.get("/incidents/7/")
    assert page.status_code == 200
    assert b"/incidents/7/acknowledge/" not in page.content
    for action in ("acknowledge", "resolve", "silence", "comment"):
        assert client.post(f"/incidents/7/{action}/", {"hours": "1", "text": "x"}).status_code == 403
    incident.refresh_from_db()
    assert incident.state == Incident.State.OPEN


def test_an_outsider_learns_nothing(incident: Incident, as_caio: Client) -> None:
    assert as_caio.get("/incidents/7/").status_code == 404
    assert as_caio.get("/p/aurora/incidents/").status_code == 404
    assert as_caio.post("/incidents/7/acknowledge/").status_code == 404


def test_looking_changes_nothing(incident: Incident, as_bia: Client) -> None:
    page = as_bia.get("/incidents/7/acknowledge/")
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert b"Nothing was changed by opening it." in page.content
    incident.refresh_from_db()
    assert incident.state == Incident.State.OPEN


def test_the_list_has_open_ones_first_and_pages_the_resolved_ones(
    rule: AlertRule, bia: User, as_bia: Client, stopped_clock: datetime
) -> None:
    for number in range(1, 31):
        old = story.make_incident(story.another_rule(rule, number), stopped_clock - timedelta(days=2), number=number)
        story.resolve(old, bia, stopped_clock - timedelta(days=1))
    story.make_incident(rule, stopped_clock - timedelta(hours=1), number=40)
    page = as_bia.get("/p/aurora/incidents/").content.decode()
    assert page.index("INC-40") < page.index("INC-30")
    assert "INC-6 " in page
    assert "INC-5 " not in page
    cursor = page.split("?cursor=")[1].split('"')[0]
    older = as_bia.get(f"/p/aurora/incidents/?cursor={cursor}").content.decode()
    assert "INC-5 " in older
    assert "INC-6 " not in older
    assert as_bia.get("/p/aurora/incidents/?cursor=broken").status_code == 400


def test_the_page_costs_as_much_for_a_long_incident(
    incident: Incident, rule: AlertRule, bia: User, as_bia: Client
) -> None:
    as_bia.get("/incidents/7/")
    first = story.count_queries(lambda: as_bia.get("/incidents/7/"))
    for minute in range(30):
        IncidentEvent.objects.create(
            incident=incident, at=incident.opened_at + timedelta(minutes=minute), kind="comment", actor=bia, text="…"
        )
    assert story.count_queries(lambda: as_bia.get("/incidents/7/")) == first


def test_an_alert_that_is_over_and_sees_nothing_says_what_it_saw_last(
    incident: Incident, rule: AlertRule, as_bia: Client
) -> None:
    alert = incident.alerts.get()
    alert.state, alert.value, alert.reason = "inactive", None, "12 events, 80 are needed to judge."
    alert.save()
    listed = as_bia.get("/incidents/7/").content.decode().split('id="alerts"')[1].split("</section>")[0]
    assert "accuracy 71.0% over" in listed
    assert "needed to judge" not in listed


@pytest.mark.parametrize(
    ("language", "written", "told"),
    [
        ("en", "The rule was switched off.", "The rule was switched off. Last seen: accuracy 71.0% over"),
        ("pt-br", "The rule was switched off.", "A regra foi desligada. Visto por último: acurácia 71,0\u00a0% em"),
        ("en", "5 events, 20 are needed to judge.", "5 events, 20 are needed to judge. Last seen: accuracy 71.0%"),
    ],
)
def test_an_alert_that_ended_for_another_reason_than_its_value_says_so(
    incident: Incident, as_bia: Client, stopped_clock: datetime, language: str, written: str, told: str
) -> None:
    alert = incident.alerts.get(rule__kind="threshold")
    alert.state, alert.reason = Alert.State.INACTIVE, written
    alert.save()
    AlertTransition.objects.create(
        alert=alert,
        incident=incident,
        from_state="firing",
        to_state="inactive",
        value=0.71,
        reason=written,
        at=stopped_clock,
    )
    as_bia.cookies["django_language"] = language
    page = as_bia.get("/incidents/7/").content.decode()
    assert page.count(told) == 3  # on top, the alert, and the line of the timeline


def test_an_alert_that_recovered_is_not_explained(incident: Incident, as_bia: Client, stopped_clock: datetime) -> None:
    alert = incident.alerts.get(rule__kind="threshold")
    reason = describe_value(alert.rule, 0.93)
    AlertTransition.objects.create(
        alert=alert,
        incident=incident,
        from_state="firing",
        to_state="inactive",
        value=0.93,
        reason=reason,
        at=stopped_clock,
    )
    page = as_bia.get("/incidents/7/").content.decode()
    assert reason in page
    assert "Last seen" not in page


def test_the_end_of_another_programs_alert_does_not_repeat_what_was_wrong(
    credit_risk: Model, stopped_clock: datetime
) -> None:
    begin, end = stopped_clock - timedelta(hours=1), stopped_clock - timedelta(minutes=10)
    for now, until in ((begin, stopped_clock), (end, end)):
        sent = Incoming({"alertname": "Disk"}, {"summary": "Disk is full"}, begin, until)
        receive(credit_risk.project, [sent], now=now)
    [alert] = Alert.objects.all()
    assert (alert.state, alert.reason) == ("inactive", "Disk is full")
    assert dict(alert.transitions.values_list("to_state", "reason")) == {
        "pending": "Disk is full",
        "firing": "Disk is full",
        "inactive": "",
    }
    assert [one.text for one in incident_timeline(alert.incident) if one.title == "Disk: over"] == [""]
    AlertTransition.objects.filter(to_state="inactive").update(reason="The rule was switched off.")
    told = [one.text for one in incident_timeline(alert.incident) if one.title == "Disk: over"]
    assert told == ["The rule was switched off."]
