"""What people and machines do to an incident, and what its timeline tells."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from alerting.errors import Refused
from alerting.incidents.course import (
    acknowledge_incident,
    comment_incident,
    escalate_incident,
    open_incident,
    resolve_incident,
    silence_incident,
)
from alerting.models import Channel, Incident, Notification
from alerting.selectors.incidents import incident_timeline, open_incidents, suspect_changes
from config.definitions.apply import apply_document
from config.definitions.document import read_document
from models_registry.models import Job, Model, User
from monitoring.models import OwnPrice
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, alert_of, error_rule, serve, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(credit_risk: Model) -> Incident:
    Channel.objects.create(project=credit_risk.project, name="console", kind="console")
    return make(credit_risk)


def make(model: Model, **more: object) -> Incident:
    fields = {"group": {"model": model.slug}, "title": "Too many errors", "severity": "ticket", **more}
    return open_incident(
        project_id=model.project_id, model=model, impact_started_at=NOON - 10 * MINUTE, now=NOON, **fields
    )


def kinds(incident: Incident) -> list[str]:
    return [event.kind for event in incident.events.exclude(kind__in=["suppressed", "notified"])]


def test_numbers_count_per_installation_and_a_group_has_one_open_incident(
    incident: Incident, support_assistant: Model
) -> None:
    assert make(incident.model).pk == incident.pk
    other = make(support_assistant)
    assert (str(incident), str(other)) == ("INC-1", "INC-2")
    assert [one.number for one in open_incidents(incident.project)] == [2, 1]


def test_the_first_to_acknowledge_stays(incident: Incident, ana: User, bia: User) -> None:
    acknowledge_incident(incident, by=bia, now=NOON + MINUTE)
    acknowledge_incident(incident, by=ana, now=NOON + 2 * MINUTE)
    assert (incident.state, incident.acknowledged_by, incident.acknowledged_at) == ("acknowledged", bia, NOON + MINUTE)
    incident.refresh_from_db()
    assert (incident.acknowledged_by, kinds(incident)) == (bia, ["opened", "acknowledged"])


def test_resolving_twice_changes_nothing(incident: Incident, ana: User, bia: User) -> None:
    resolve_incident(incident, by=bia, now=NOON + HOUR)
    resolve_incident(incident, by=ana, now=NOON + 2 * HOUR)
    incident.refresh_from_db()
    assert (incident.resolved_by, incident.resolved_at) == (bia, NOON + HOUR)
    assert kinds(incident) == ["opened", "resolved"]
    assert list(open_incidents(incident.project)) == []


def test_what_is_over_can_be_neither_acknowledged_nor_silenced(incident: Incident, bia: User) -> None:
    resolve_incident(incident, by=bia, now=NOON)
    for act in (
        lambda: acknowledge_incident(incident, by=bia, now=NOON),
        lambda: silence_incident(incident, by=bia, hours=4, now=NOON),
    ):
        with pytest.raises(Refused, match="INC-1 is resolved already"):
            act()


def test_a_silence_has_an_owner_and_an_end_and_keeps_the_incident_open(incident: Incident, bia: User) -> None:
    silence = silence_incident(incident, by=bia, hours=4, comment="Labels are being repaired.", now=NOON)
    assert (list(map(str, silence.asked)), silence.owner) == (['model="credit-risk"'], bia)
    assert silence.ends_at == NOON + 4 * HOUR
    incident.refresh_from_db()
    assert (incident.state, kinds(incident)) == ("open", ["opened", "silenced"])


@pytest.mark.parametrize("hours", [0, -1, 721])
def test_a_silence_without_a_sensible_end_is_refused(incident: Incident, bia: User, hours: int) -> None:
    with pytest.raises(Refused, match="at most 720 hours"):
        silence_incident(incident, by=bia, hours=hours, now=NOON)


def test_an_empty_comment_is_refused(incident: Incident, bia: User) -> None:
    with pytest.raises(Refused):
        comment_incident(incident, by=bia, text="  ", now=NOON)
    assert comment_incident(incident, by=bia, text=" Look at the inputs. ", now=NOON).text == "Look at the inputs."


def test_severity_is_only_raised_and_only_told_once(incident: Incident) -> None:
    steps = (("ticket", "Less"), ("page", "Nothing works"), ("page", "Another"), ("ticket", "Less again"))
    raised = [escalate_incident(incident, severity=severity, title=title, now=NOON) for severity, title in steps]
    assert raised == [False, True, False, False]
    incident.refresh_from_db()
    assert (incident.severity, incident.title) == ("page", "Nothing works")
    assert Notification.objects.filter(incident=incident, reason="escalated").count() == 1


def test_what_changed_near_the_onset_is_suspect(incident: Incident) -> None:
    version = incident.model.versions.get()
    for note, at in (
        ("last week", NOON - 7 * DAY),
        ("just before", NOON - 20 * MINUTE),
        ("during", NOON - 5 * MINUTE),
        ("afterwards", NOON + HOUR),
    ):
        version.deployments.create(at=at, note=note)
    assert [change.note for change in suspect_changes(incident)] == ["during", "just before"]


def test_prices_that_change_are_in_the_timeline_of_an_llm_application(support_assistant: Model) -> None:
    project = support_assistant.project
    for name, day in (("old", 1), ("new", 10), ("next", 11)):
        OwnPrice.objects.create(
            project=project, name=name, model="gpt-4o", valid_from=NOON.replace(day=day).date(), input=1
        )
    report = {"changed": 3, "seen": 9}
    jobs = {"project": project, "kind": "reprice", "report": report, "created_at": NOON, "finished_at": NOON}
    Job.objects.create(**jobs, state="done")
    Job.objects.create(**jobs, state="done", arguments={"dry_run": True})
    incident = resolve_incident(make(support_assistant), by=None, now=NOON + HOUR)
    told = [(entry.title, entry.text) for entry in incident_timeline(incident) if entry.kind == "price"]
    assert told == [
        ("Price change: gpt-4o", "new"),
        ("Past calls were priced again", "3 of 9 calls have another price now."),
    ]


def test_edits_of_own_prices_write_themselves_into_the_timeline(
    support_assistant: Model, ana: User, as_admin: Client, tmp_path: Path
) -> None:
    """By a file, by API, in the admin; who did it is told where a person did, and nothing where nothing changed."""
    project = support_assistant.project
    for output in ("10", "10.00", "12"):
        file = tmp_path / "prices.yml"
        file.write_text(f"project: {project.slug}\nprices: {{ours: {{model: gpt-4o, input: 2.5, output: {output}}}}}\n")
        apply_document(file, read_document(file), now=NOON - HOUR)
    apply_document(file, read_document(file), now=NOON - HOUR, by=ana, dry_run=True)
    price = OwnPrice.objects.get()
    form = {"project": project.pk, "name": "ours", "model": "gpt-4o", "input": "3", "output": "12", "tiers": "[]"}
    assert as_admin.post(f"/admin/monitoring/ownprice/{price.pk}/change/", form).status_code == 302
    assert as_admin.post(f"/admin/monitoring/ownprice/{price.pk}/change/", form).status_code == 302
    assert as_admin.delete(f"/api/v1/definitions/prices/ours?project={project.slug}").status_code == 204
    incident = make(support_assistant)
    told = [
        (entry.title, entry.text, str(entry.actor)) for entry in incident_timeline(incident) if entry.kind == "price"
    ]
    assert told == [
        ("Price set: gpt-4o", "ours: language model — → gpt-4o, input — → 2.5, output — → 10", "None"),
        ("Price edited: gpt-4o", "ours: output 10 → 12", "None"),
        ("Price edited: gpt-4o", "ours: input 2.5 → 3", "root"),
        ("Price removed: gpt-4o", "ours", "root"),
    ]


def play(model: Model, bia: User) -> Incident:
    """Half an hour of errors that a person takes care of."""
    Channel.objects.create(project=model.project, name="console", kind="console")
    model.versions.get().deployments.create(at=NOON - 10 * MINUTE, note="new scorer")
    error_rule(model, for_duration=MINUTE)
    serve(model, start=-10, end=0)
    serve(model, start=0, end=10, ok=5, failed=5)
    serve(model, start=10, end=30)
    tick(0, 6)
    incident = Incident.objects.get()
    acknowledge_incident(incident, by=bia, now=NOON + 7 * MINUTE)
    comment_incident(incident, by=bia, text="The new scorer times out.", now=NOON + 8 * MINUTE)
    tick(6, 30)
    incident.refresh_from_db()
    return incident


def test_the_timeline_tells_the_story_in_order(credit_risk: Model, bia: User) -> None:
    incident = play(credit_risk, bia)
    entries = incident_timeline(incident)
    assert [entry.kind for entry in entries if entry.kind not in ("suppressed", "notified")] == [
        *["deploy", "alert", "alert", "opened", "acknowledged", "comment", "alert", "resolved"]
    ]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    titles = [entry.title for entry in entries]
    assert titles[1:3] == ["Errors: breached, waiting to be sure", "Errors: firing"]
    assert titles[-1] == "Resolved: every alert is quiet again"
    assert entries[2].text.startswith("error rate 30.0% over")
    assert next(entry.actor for entry in entries if entry.kind == "comment") == bia


def test_the_timeline_costs_the_same_for_a_long_story(
    credit_risk: Model, bia: User, django_assert_max_num_queries
) -> None:
    incident = play(credit_risk, bia)
    for place in range(30):
        comment_incident(incident, by=bia, text=f"note {place}", now=NOON + timedelta(hours=1, minutes=place))
    assert incident.model == credit_risk  # loaded, as pages and the API have it
    with django_assert_max_num_queries(3):
        assert len(incident_timeline(incident)) >= 38


def test_a_person_may_resolve_what_still_fires_and_it_stays_resolved(credit_risk: Model, bia: User) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-5, end=8, ok=5, failed=5)
    serve(credit_risk, start=8, end=20)
    tick(0, 3)
    incident = Incident.objects.get()
    resolve_incident(incident, by=bia, now=NOON + 3 * MINUTE)
    assert incident.events.get(kind="resolved").data == {"still_firing": 1}
    tick(4, 20)
    incident.refresh_from_db()
    assert (incident.resolved_by, alert_of(rule).state, Incident.objects.count()) == (bia, "inactive", 1)


def test_the_opening_is_announced_once(credit_risk: Model) -> None:
    Channel.objects.create(project=credit_risk.project, name="console", kind="console")
    error_rule(credit_risk)
    error_rule(credit_risk, "worse", threshold=0.2)
    serve(credit_risk, start=-5, end=8, ok=5, failed=5)
    tick(0, 8)
    assert [row.reason for row in Notification.objects.all()] == ["opened"]


def test_a_title_is_in_the_language_of_the_installation_whoever_ticks(credit_risk: Model) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=-5, end=1, ok=5, failed=5)
    with translation.override("pt-br"):
        tick(0, 1)
    assert Incident.objects.get().title == "Error rate of Credit risk above 10.0%"


def test_the_summary_of_a_rule_is_the_title(credit_risk: Model) -> None:
    error_rule(credit_risk, summary="Requests fail.")
    serve(credit_risk, start=-5, end=1, ok=5, failed=5)
    tick(0, 1)
    assert Incident.objects.get().title == "Requests fail."
