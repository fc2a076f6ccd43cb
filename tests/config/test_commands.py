"""What is done from a terminal: objectives as a gate, incidents, test messages, replays and following along."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as installed
from django.core.management import call_command
from django.core.management.base import CommandError

from alerting.models import Incident, Notification
from config.tail import Events, arrived, newest
from config.terminal import table
from models_registry.models import Model, Project, User
from monitoring.drain import drain_until_empty
from monitoring.models import SLO, DeadLetter, InboxBody, Span
from monitoring.selectors.event_filters import EventFilter
from tests.alerting.notify_cast import make_channel, make_incident
from tests.alerting.rule_cast import error_rule, serve, tick
from tests.monitoring.conftest import micros, put_body
from tests.receiver import Receiver, reply

pytestmark = pytest.mark.django_db


def say(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> tuple[int, str, str]:
    """The exit code, the words on standard error, what was printed before."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*words, stdout=out)
    return caught.value.returncode, str(caught.value), out.getvalue()


@pytest.fixture
def put(project: Project, now: datetime) -> Callable[..., InboxBody]:
    """Log lines in the inbox, in one body."""

    def put(*names: str, **more: str) -> InboxBody:
        lines = [{"id": name, "message": name, "level": "error", "ts": micros(now), **more} for name in names]
        return put_body(project, "log", lines, received=now)

    return put


@pytest.fixture
def slo(credit_risk: Model) -> SLO:
    about = {"slug": "answered", "name": "Answered", "sli": "availability", "target": 0.99}
    return SLO.objects.create(project=credit_risk.project, model=credit_risk, **about)


def test_an_objective_that_is_kept_passes(slo: SLO, stopped_clock: datetime) -> None:
    serve(slo.model, start=120, end=180, ok=50)
    assert "ok  answered  ok" in say("slo", "check")
    (told,) = json.loads(say("slo", "check", "answered", "--json"))
    assert (told["passes"], told["state"], told["attained"], told["budget_left"]) == (True, "ok", 1.0, 1.0)


def test_an_objective_that_is_spent_stops_a_deployment(slo: SLO, stopped_clock: datetime) -> None:
    serve(slo.model, start=120, end=180, ok=5, failed=5)
    code, said, table = refused("slo", "check")
    assert (code, said) == (1, "1 of 1 do not pass: answered")
    assert "FAIL  answered  exhausted" in table
    assert "FAIL" not in say("slo", "check", "--allow", "exhausted,burning")


def test_options_may_stand_before_and_between_names(slo: SLO, stopped_clock: datetime) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="do not pass"):
        call_command("slo", "check", "--project", "aurora", slo.slug, stdout=out)
    assert slo.slug in out.getvalue()


@pytest.mark.parametrize(
    "asked",
    [
        ("export", "--project", "nope"),
        ("openslo", "--project", "nope"),
        ("create_key", "--project", "p", "--scopes", "bogus"),
        ("apply", "/nowhere/at/all.yml"),
        ("tick", "--now", "bogus"),
        ("tick", "--now", "2026-03-10T08:00:00"),
    ],
)
def test_what_cannot_be_read_or_found_ends_with_2(db: None, asked: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command(*asked, stdout=StringIO(), stderr=StringIO())
    assert refused.value.returncode == 2 or "argument --now" in str(refused.value)


def test_silence_does_not_pass_unless_it_may(slo: SLO, stopped_clock: datetime) -> None:
    assert refused("slo", "check")[0] == 1
    say("slo", "check", "--allow", "no_data", "--budget", "0.5")


def test_a_share_of_the_budget_may_be_asked_for(slo: SLO, stopped_clock: datetime) -> None:
    serve(slo.model, start=120, end=180, ok=399, failed=1)
    say("slo", "check", "--allow", "burning")
    assert refused("slo", "check", "--allow", "burning", "--budget", "0.9")[0] == 1


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["slo", "check", "gone"], "there is no SLO 'gone'; there are: answered"),
        (["slo", "check", "--project", "gone"], "there is no project 'gone'; there are: aurora"),
        (["slo", "check", "--allow", "fine"], "'fine' is none of ok, burning"),
        (["incident", "ack"], "name incidents by their numbers"),
        (["incident", "ack", "seven"], "is no number of an incident"),
        (["incident", "ack", "7", "--by", "ana"], "there is no incident '7'; there are: none"),
        (["incident", "list", "--state", "gone"], "is none of open"),
        (["send_test", "gone", "--by", "ana"], "there is no channel 'gone'; there are: none"),
        (["send_test", "--by", "nobody"], "there is no active user 'nobody': --by USER"),
        (["tail", "everything"], "is none of predictions"),
        (["tail", "logs", "--where", "level"], "--where takes FIELD=VALUE"),
        (["tail", "logs", "--where", "colour=red"], "--where colour: Unknown filter"),
        (["tail", "--where", "level=error"], "--where filters events"),
    ],
)
def test_a_name_that_leads_nowhere_ends_with_2_and_says_what_is_there(
    slo: SLO, ana: User, words: list[str], mend: str
) -> None:
    code, said, _ = refused(*words)
    assert code == 2
    assert mend in said


def test_a_project_without_objectives_is_no_success(project: Project) -> None:
    assert refused("slo", "check") == (
        2,
        "this project has no SLO: define one, or take one of the objectives that the panel suggests",
        "",
    )


def test_one_of_several_projects_must_be_named(slo: SLO, other_project: Project) -> None:
    assert refused("slo", "check") == (2, "name the project with --project; there are: aurora, boreal", "")


def test_incidents_are_listed_acknowledged_and_resolved(credit_risk: Model, ana: User, stopped_clock: datetime) -> None:
    make_incident(credit_risk, stopped_clock - timedelta(hours=3))
    told = say("incident", "list")
    assert "INC-7     open   page" in told
    assert "3 h" in told
    assert say("incident", "ack", "INC-7", "--by", "ana", "--text", "Looking.") == "INC-7  acknowledged\n"
    incident = Incident.objects.get()
    assert incident.acknowledged_by == ana
    assert incident.events.filter(kind="comment", text="Looking.", actor=ana).exists()
    (document,) = json.loads(say("incident", "resolve", "7", "--by", "ana", "--json"))
    assert (document["number"], document["state"], document["model"]) == (7, "resolved", "credit-risk")
    code, said, _ = refused("incident", "ack", "7", "--by", "ana")
    assert code == 1
    assert said.startswith("INC-7: ")
    assert say("incident", "list") == "none\n"
    assert "resolved" in say("incident", "list", "--state", "all")


def test_a_test_message_arrives_or_says_why_not(project: Project, ana: User, hook: Receiver) -> None:
    make_channel(project, "webhook", "hook", target=hook.url())
    make_channel(project, "webhook", "off", target=hook.url(), enabled=False)
    assert "ok  hook     webhook  arrived" in say("send_test", "--by", "ana")
    assert len(hook.received) == 1
    hook.answer = lambda handler: reply(handler, 500)
    code, said, told = refused("send_test", "hook", "--by", "ana", "--json")
    assert (code, said) == (1, "1 of 1 did not arrive: hook")
    assert "500" in json.loads(told)[0]["error"]


def test_dead_letters_are_listed_and_put_back(project: Project, now: datetime) -> None:
    for kind, error in (("log", "too odd"), ("prediction", "out of range")):
        DeadLetter.objects.create(project=project, kind=kind, item=b'{"id": "a"}', error=error, at=now)
    assert "2 of 2; --all puts all of them back" in say("replay")
    listed = json.loads(say("replay", "--json", "--kind", "log"))
    assert [one["error"] for one in listed["items"]] == ["too odd"]
    assert say("replay", str(listed["items"][0]["id"])) == "1 items are back in the inbox\n"
    assert json.loads(say("replay", "--all", "--error", "range", "--json")) == {"back": 1}
    assert say("replay") == "none\n"
    assert sorted(InboxBody.objects.values_list("kind", "replayed")) == [("log", True), ("prediction", True)]


def test_messages_that_were_given_up_are_sent_again(credit_risk: Model, ana: User, now: datetime) -> None:
    channel, incident = make_channel(credit_risk.project), make_incident(credit_risk, now)
    row = Notification.objects.create(
        uid="0198c0de-0000-7000-8000-000000000001",
        incident=incident,
        channel=channel,
        generation="1",
        reason="opened",
        state="dead",
        last_error="refused",
        created_at=now,
        not_before=now,
    )
    assert "refused" in say("replay", "--messages")
    assert say("replay", "--messages", str(row.uid), "--by", "ana") == "1 messages are back in the outbox\n"
    row.refresh_from_db()
    assert row.state == "queued"


def test_what_arrives_is_shown_once_whatever_order_it_is_stored_in(
    project: Project, put: Any, stopped_clock: datetime
) -> None:
    put("a", "b")
    drain_until_empty(now=stopped_clock)
    logs = Events("logs", project, EventFilter(None, None))
    assert [one.wire["id"] for one in newest([logs], 1)] == ["b"]
    first = put("c")
    put("d")
    drain_until_empty(now=stopped_clock)
    waits = InboxBody.objects.create(  # of a drain that another worker has not finished
        id=first.id, project=project, kind="log", received_us=0, arrived_at=stopped_clock, items=b"[]", accepted=0
    )
    assert arrived([logs]) == []
    waits.delete()
    assert [one.wire["id"] for one in arrived([logs])] == ["c", "d"]
    assert arrived([logs]) == []


def test_spans_are_followed_too(project: Project, stopped_clock: datetime) -> None:
    at = int(stopped_clock.timestamp()) * 1_000_000
    Span.objects.create(
        id=1, project=project, event_id="aa", trace_id="bb", name="charge card", service="shop", ts_us=at,
        ingested_us=at, duration_us=2_500, status=2,
    )  # fmt: skip
    assert " spans       error shop charge card 2.5 bb" in say("tail", "spans", "--once", "--where", "status=error")


def test_lines_of_events_and_of_alerts(credit_risk: Model, put: Any, stopped_clock: datetime) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=0, end=5, ok=1, failed=9)
    tick(0, 6)
    put("a", message="out of\x1b[2Jmemory\nsoon", logger="app")
    drain_until_empty(now=stopped_clock)
    told = say("tail", "--once")
    assert "logs        error app out of·[2Jmemory·soon" in told
    assert "alerts      errors" in told
    assert "firing" in told
    rows = [json.loads(row) for row in say("tail", "logs", "alerts", "--once", "--json", "-n", "9").splitlines()]
    assert [row["source"] for row in rows].count("logs") == 1
    assert say("tail", "logs", "--once", "--where", "level=info") == ""


def test_a_table_fits_a_terminal_and_its_cells_are_one_line() -> None:
    rows = [("a", "one\ntwo"), ("bcd", "x" * 50)]
    assert table(("id", "text"), rows, width=20) == ["ID   TEXT", "a    one·two", "bcd  xxxxxxxxxxxxxx…"]
    assert len(table(("id", "text"), rows)[2]) == 55


@pytest.mark.parametrize("name", ["send-test", "send_test"])
def test_a_dash_does_for_an_underscore_and_no_color_is_kept_to(name: str, tmp_path: Any) -> None:
    ask: Callable[..., Any] = subprocess.run
    done = ask(
        [sys.executable, "manage.py", name, "--help"],
        cwd=installed.BASE_DIR,
        env={**os.environ, "ATALAIA_DATA_DIR": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "manage.py send_test" in done.stdout
