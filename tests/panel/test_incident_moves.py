"""Everything that people do to an incident, by plain forms on its page; and the list by state and person."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from alerting.incidents.course import resolve_incident
from alerting.incidents.moves.snooze import snooze_incident
from alerting.models import AlertRule, Incident
from models_registry.models import Model, Project, User
from runbooks.models import Review
from tests import cast
from tests.panel import story


@pytest.fixture
def rule(credit_risk: Model) -> AlertRule:
    return story.make_rule(credit_risk)


@pytest.fixture
def incident(rule: AlertRule, stopped_clock: datetime) -> Incident:
    return story.make_incident(rule, stopped_clock - timedelta(hours=2))


def post(client: Client, move: str, status: int = 200, **data: object) -> str:
    answer = client.post(f"/incidents/7/{move}/", data, follow=True)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def test_a_whole_life_by_the_buttons_of_the_page(incident: Incident, as_bia: Client, bia: User) -> None:
    assert "Acknowledged: it is yours." in post(as_bia, "acknowledge")
    assert "Marked as mitigated." in post(as_bia, "mitigate")
    assert "Mitigated after" in post(as_bia, "resolve")
    assert "is not published" in post(as_bia, "close", status=409)
    text = post(as_bia, "close", text="It was a drill.")
    assert "It was a drill." in text
    assert "Open again; people are told." in post(as_bia, "reopen", text="It was none.")
    incident.refresh_from_db()
    assert (incident.state, incident.answered_at is not None) == ("open", True)


def test_who_is_second_is_told_who_was_first(incident: Incident, as_bia: Client, as_ana: Client) -> None:
    post(as_ana, "acknowledge")
    assert "Ana was first" in post(as_bia, "acknowledge")


def test_it_is_taken_given_and_left(incident: Incident, as_bia: Client, ana: User) -> None:
    assert "Bia&#x27;s now" in post(as_bia, "assign", me="1", revision="0")
    assert "Ana&#x27;s now" in post(as_bia, "assign", assignee="ana")
    assert "nobody&#x27;s now" in post(as_bia, "assign", assignee="")
    assert "Choose one of the list" in post(as_bia, "assign", status=409, assignee="zoe")


def test_what_moved_on_meanwhile_is_told_and_what_was_typed_stays(
    incident: Incident, as_bia: Client, as_ana: Client
) -> None:
    post(as_ana, "assign", me="1", revision="0")
    text = post(as_bia, "severity", status=409, severity="ticket", text="All of Europe is down", revision="0")
    assert "has moved on since you looked" in text
    assert "Assigned to Ana" in text
    assert 'value="All of Europe is down"' in text


def test_what_helped_is_kept_as_a_note_where_it_was_over_meanwhile(
    incident: Incident, as_bia: Client, ana: User, stopped_clock: datetime
) -> None:
    resolve_incident(incident, by=ana, now=stopped_clock)
    text = post(as_bia, "mitigate", status=409, text="Rolled back to 7.1")
    assert ">Rolled back to 7.1</textarea>" in text


def test_who_has_it_and_can_work_on_it_no_longer_keeps_it(incident: Incident, as_bia: Client, ana: User) -> None:
    post(as_bia, "assign", assignee="ana")
    ana.groups.clear()
    assert '<option value="ana" selected>' in as_bia.get("/incidents/7/").content.decode()


@pytest.mark.parametrize(
    ("given", "hours"), [({"hours": "4"}, 4), ({"until": "2026-03-10T13:30"}, 1.5), ({"morning": "1"}, 21)]
)
def test_a_snooze_lasts_some_hours_or_until_a_time_of_the_wall(
    incident: Incident, as_bia: Client, stopped_clock: datetime, given: dict[str, str], hours: float
) -> None:
    assert "Snoozed until" in post(as_bia, "snooze", **given)
    incident.refresh_from_db()
    assert incident.snoozed_until == stopped_clock + timedelta(hours=hours)
    assert "what it put off is told now" in post(as_bia, "wake")


@pytest.mark.parametrize(
    "given", [{}, {"hours": "0"}, {"hours": "9" * 30}, {"until": "tomorrow"}, {"until": "0001-01-01T00:00"}]
)
def test_an_absurd_snooze_is_refused_and_keeps_its_reason(
    incident: Incident, as_bia: Client, given: dict[str, str]
) -> None:
    text = post(as_bia, "snooze", status=409, text="Until the vendor calls", **given)
    assert 'value="Until the vendor calls"' in text


def test_a_merged_incident_leads_to_the_other(incident: Incident, as_bia: Client, project: Project) -> None:
    other = cast.make_incident(project, 8, title="The same")
    text = as_bia.get("/incidents/7/").content.decode()
    assert "INC-8 · The same" in text
    for wrong in ("", "99", "seven", "9" * 30):
        assert "Choose one of the list" in post(as_bia, "merge", status=409, into=wrong)
    assert "Merged into INC-8." in post(as_bia, "merge", into="8")
    page = as_bia.get("/incidents/7/").content.decode()
    assert "Go to INC-8" in page
    assert "/incidents/7/reopen/" not in page
    assert "Merged into it:" in as_bia.get(f"/incidents/{other.number}/").content.decode()


def test_a_reviewed_incident_is_closed_with_one_button(
    incident: Incident, as_bia: Client, bia: User, stopped_clock: datetime
) -> None:
    resolve_incident(incident, by=bia, now=stopped_clock)
    Review.objects.create(incident=incident, created_at=stopped_clock, published_at=stopped_clock, state="published")
    assert "Close it without a review" not in as_bia.get("/incidents/7/").content.decode()
    assert "Closed." in post(as_bia, "close")


def test_who_may_only_look_sees_no_forms(incident: Incident, client: Client) -> None:
    client.force_login(cast.make_person("vera", "viewer"))
    page = client.get("/incidents/7/").content.decode()
    assert 'method="post" action="/incidents/' not in page
    for move in ("assign", "snooze", "merge", "severity", "reopen", "close", "mitigate", "wake"):
        assert client.post(f"/incidents/7/{move}/").status_code == 403


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["INC-7", "INC-8", "INC-9", "INC-10"]),
        ("?state=open", ["INC-7"]),
        ("?state=acknowledged", ["INC-8"]),
        ("?state=resolved", ["INC-9"]),
        ("?state=closed", ["INC-10"]),
        ("?state=merged", ["INC-11"]),
        ("?mine=1", ["INC-8"]),
        ("?mine=1&state=open", []),
    ],
)
def test_the_list_by_state_and_person(
    incident: Incident, project: Project, as_bia: Client, bia: User, query: str, shown: list[str]
) -> None:
    more = {"acknowledged": {"assignee": bia}, "resolved": {}, "closed": {}, "merged": {"merged_into": incident}}
    for number, (state, fields) in enumerate(more.items(), start=8):
        cast.make_incident(project, number, state=state, **fields)
    text = as_bia.get(f"/p/aurora/incidents/{query}").content.decode()
    numbers = [name for name in ("INC-7", "INC-8", "INC-9", "INC-10", "INC-11") if f"/incidents/{name[4:]}/" in text]
    assert numbers == shown


def test_a_state_that_is_none_is_told(incident: Incident, as_bia: Client) -> None:
    answer = as_bia.get("/p/aurora/incidents/?state=burning")
    assert answer.status_code == 400
    assert "There is no such state" in answer.content.decode()


def test_a_snoozed_incident_says_so_in_the_list(
    incident: Incident, as_bia: Client, bia: User, stopped_clock: datetime
) -> None:
    snooze_incident(incident, until=stopped_clock + timedelta(hours=1), by=bia, now=stopped_clock)
    assert "snoozed until" in as_bia.get("/p/aurora/incidents/").content.decode()
