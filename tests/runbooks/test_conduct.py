"""Following a runbook inside an incident."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from alerting.errors import Refused
from alerting.models import IncidentEvent
from alerting.selectors.incidents import incident_timeline
from runbooks.conduct import complete_step, reopen_step, start_run
from runbooks.links import for_incident
from runbooks.models import Run, Runbook
from runbooks.selectors import runbooks_for
from tests.alerting.notify_cast import make_incident


@pytest.fixture
def run(incident, runbook, bia, now) -> Run:
    return start_run(incident=incident, runbook=runbook, by=bia, now=now)


def told(run: Run) -> list[tuple[str, str]]:
    events = IncidentEvent.objects.filter(incident=run.incident, kind="runbook").order_by("id")
    return [(event.data["action"], event.text) for event in events]


def test_a_run_is_a_copy_in_order_that_later_edits_do_not_touch(run, runbook):
    runbook.steps.update(title="Something else")
    assert [(step.title, step.body) for step in run.steps.all()] == [
        ("Compare the inputs", "With **last week**."),
        ("Roll back", ""),
    ]


def test_starting_twice_is_the_same_run(run, incident, runbook, ana, now):
    assert start_run(incident=incident, runbook=runbook, by=ana, now=now + timedelta(hours=1)) == run
    assert run.steps.count() == 2
    assert told(run) == [("started", "▶ Accuracy falls")]


def test_a_step_remembers_who_when_and_what_they_saw(run, bia, now):
    step = complete_step(run.steps.first(), by=bia, note="  income shifted\n", now=now + timedelta(minutes=5))
    assert (step.done_by, step.done_at, step.note) == (bia, now + timedelta(minutes=5), "income shifted")
    assert told(run)[-1] == ("done", "✓ Compare the inputs: income shifted")


def test_the_first_to_complete_a_step_counts(run, ana, bia, now):
    mine, theirs = run.steps.first(), run.steps.first()
    complete_step(mine, by=bia, note="first", now=now)
    with pytest.raises(Refused, match="Reopen"):
        complete_step(theirs, by=ana, note="second", now=now)
    mine.refresh_from_db()
    assert (mine.done_by, mine.note) == (bia, "first")


def test_reopening_keeps_the_note_in_the_timeline(run, ana, bia, now):
    step = complete_step(run.steps.first(), by=bia, note="income shifted", now=now)
    reopen_step(step, by=ana, now=now)
    assert (step.done_at, step.done_by, step.note) == (None, None, "")
    assert told(run)[1:] == [("done", "✓ Compare the inputs: income shifted"), ("reopened", "↺ Compare the inputs")]
    with pytest.raises(Refused):
        reopen_step(step, by=ana, now=now)


def test_what_was_shipped_with_a_translation_is_read_in_the_reader_s_language(incident, runbook, bia, now):
    runbook.steps.update(title="Yes")
    run = start_run(incident=incident, runbook=runbook, by=bia, now=now)
    complete_step(run.steps.first(), by=bia, note="my own words", now=now)
    with override("pt-br"):
        assert incident_timeline(incident)[-1].text == "✓ Sim: my own words"
        assert for_incident(incident)[0][0].endswith(": Sim")
    assert incident_timeline(incident)[-1].text == "✓ Yes: my own words"


def test_a_runbook_of_another_project_is_refused(incident, other_project, bia, now):
    theirs = Runbook.objects.create(project=other_project, slug="x", title="X")
    with pytest.raises(Refused):
        start_run(incident=incident, runbook=theirs, by=bia, now=now)
    assert not Run.objects.exists()


def test_an_incident_finds_its_runbooks_through_its_rules_also_after_the_alert_has_moved_on(
    incident, runbook, credit_risk, now
):
    Runbook.objects.create(project=incident.project, slug="other", title="Other")
    assert runbooks_for(incident) == [runbook]
    later = make_incident(credit_risk, now, number=8)
    incident.alerts.update(incident=later)
    assert runbooks_for(incident) == [runbook]


def test_messages_carry_the_first_step(incident, runbook):
    assert for_incident(incident) == [
        ("Runbook “Accuracy falls”, first step: Compare the inputs", "/p/aurora/runbooks/accuracy/")
    ]
    runbook.steps.all().delete()
    assert for_incident(incident) == [("Runbook “Accuracy falls”", "/p/aurora/runbooks/accuracy/")]
