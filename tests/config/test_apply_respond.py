"""The incident policy and quiet hours in a file: written once, unchanged the second time, every mistake at its line."""

from datetime import time, timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

from alerting.models import Channel, IncidentPolicy, QuietHours, incident_policy
from models_registry.models import Project, User
from tests.config.definitions import complaint

pytestmark = pytest.mark.django_db

POLICY = """\
project: {slug: aurora}
incident_policy:
  labels: [model, environment]
  reopen_within: 2h
  hold_flapping: false
"""


def exported(slug: str = "aurora") -> tuple[str, str]:
    """(document, warnings)."""
    out, said = StringIO(), StringIO()
    call_command("export", "--project", slug, stdout=out, stderr=said)
    return out.getvalue(), said.getvalue()


def test_the_policy_is_written_once(write) -> None:
    assert "created incident_policy" in write(POLICY)
    assert {line.split()[0] for line in write(POLICY)} == {"unchanged"}
    found = incident_policy(Project.objects.get().pk)
    assert (found.labels, found.reopen_within, found.hold_flapping) == (
        ["model", "environment"],
        timedelta(hours=2),
        False,
    )


def test_what_a_file_leaves_out_of_it_stays_and_a_dry_run_compares(write) -> None:
    write(POLICY)
    shorter = "project: aurora\nincident_policy: {labels: [], reopen_within: 0s}\n"
    assert write(shorter, dry_run=True)[1:-1] == [
        "changed incident_policy (labels, reopen_within)",
        '    labels: ["model", "environment"] → []',
        "    reopen_within: 2h → 0s",
    ]
    assert IncidentPolicy.objects.get().labels == ["model", "environment"]
    write(shorter)
    write("project: aurora\nincident_policy:\n")
    found = IncidentPolicy.objects.get()
    assert (found.labels, found.reopen_within, found.hold_flapping) == ([], timedelta(0), False)


def test_one_incident_of_everything_comes_back_as_it_left(write) -> None:
    write("project: aurora\nincident_policy: {labels: []}\n")
    text, said = exported()
    assert (said, "labels: []" in text) == ("", True)
    Project.objects.all().delete()
    write(text)
    assert exported() == (text, "")
    assert IncidentPolicy.objects.get().labels == []


def test_a_project_without_a_policy_of_its_own_exports_none(write) -> None:
    write("project: aurora\n")
    assert "incident_policy" not in exported()[0]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  reopen_within: 2h", "  reopen_within: 8d", ":4: incident_policy.reopen_within: Choose from 00:00:00"),
        (
            "  reopen_within: 2h",
            "  reopen_within: soon",
            ":4: incident_policy.reopen_within: must be a duration such as 90s",
        ),
        ("  reopen_within: 2h", "  reopen_within:", ":4: incident_policy.reopen_within: must not be empty"),
        ("labels: [model, environment]", "labels: model", ":3: incident_policy.labels: Write at most"),
        ("labels: [model, environment]", 'labels: ["a b"]', ":3: incident_policy.labels: “a b” is no name of a label"),
        ("hold_flapping: false", "hold_flapping: perhaps", ":5: incident_policy.hold_flapping: “perhaps”"),
        ("hold_flapping: false", "hold: false", ":5: incident_policy.hold: unknown; "),
        (POLICY[POLICY.index("\n  labels") :], " [model]", ":2: incident_policy: must be a mapping of fields"),
        ("incident_policy:", "incident_polici:", ":2: incident_polici: unknown; did you mean 'incident_policy'?"),
    ],
)
def test_a_mistake_of_the_policy_is_told_at_its_line(write, old: str, new: str, problem: str) -> None:
    assert old in POLICY
    assert problem in complaint(write, POLICY.replace(old, new))
    assert not IncidentPolicy.objects.exists()


HOURS = """\
project: {slug: aurora}
channels:
  team: {kind: console}
quiet_hours:
  nights:
    channel: team
    starts: "22:00"
    ends: 07:00
    days: [sun, mon]
    zone: America/Sao_Paulo
    pages_pass: false
  lunch: {person: ana, starts: 12:00, ends: 13:30, zone: UTC}
"""


def test_quiet_hours_of_channels_and_people_are_written_once(write, ana: User) -> None:
    assert {"created quiet_hours.nights", "created quiet_hours.lunch"} < set(write(HOURS))
    assert {line.split()[0] for line in write(HOURS)} == {"unchanged"}
    lunch, nights = QuietHours.objects.order_by("name")
    assert (nights.channel, nights.person, nights.days, nights.pages_pass) == (
        Channel.objects.get(),
        None,
        [0, 6],
        False,
    )
    assert (nights.starts, nights.ends, nights.zone) == (time(22), time(7), "America/Sao_Paulo")
    assert (lunch.channel, lunch.person, lunch.starts, lunch.ends) == (None, ana, time(12), time(13, 30))
    assert (lunch.days, lunch.pages_pass) == (list(range(7)), True)


def test_quiet_hours_come_back_as_they_left(write, ana: User) -> None:
    write(HOURS)
    text, said = exported()
    assert said == ""
    assert {line.split()[0] for line in write(text)} == {"unchanged"}
    Project.objects.all().delete()
    assert {line.split()[0] for line in write(text)} == {"created"}
    assert exported() == (text, "")


def test_whoever_left_keeps_their_hours_in_an_export(write, ana: User) -> None:
    write(HOURS)
    User.objects.update(is_active=False)
    assert {line.split()[0] for line in write(exported()[0])} == {"unchanged"}


def test_quiet_hours_are_handed_over_and_a_dry_run_says_what_was(write, ana: User, bia: User) -> None:
    write(HOURS)
    other = """
project: aurora
quiet_hours:
  lunch: {person: bia, ends: 14:00}
  nights: {channel: ~, person: ana}
"""
    assert write(other, dry_run=True)[1:-1] == [
        "changed quiet_hours.lunch (person, ends)",
        "    person: ana → bia",
        "    ends: 13:30 → 14:00",
        "changed quiet_hours.nights (channel, person)",
        "    channel: team → (nothing)",
        "    person: (nothing) → ana",
    ]
    write(other)
    assert list(QuietHours.objects.order_by("name").values_list("person__username", flat=True)) == ["bia", "ana"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("person: ana", "person: bruno", ":12: quiet_hours.lunch.person: there is no person 'bruno'; people are"),
        ("person: ana", "person: 7", ":12: quiet_hours.lunch.person: there is no person 7"),
        ("person: ana", "person: [ana]", ":12: quiet_hours.lunch.person: must be one value, not a list"),
        ("person: ana", 'person: ""', ":12: quiet_hours.lunch.person: must not be empty"),
        ("channel: team", "channel: gone", ":6: quiet_hours.nights.channel: there is no channel 'gone'"),
        ("channel: team", "person: ~", ":5: quiet_hours.nights: Choose a channel or a person, and not both."),
        (
            "{person: ana",
            "{channel: team, person: ana",
            ":12: quiet_hours.lunch: Choose a channel or a person, and not",
        ),
        ('starts: "22:00"', "starts: late", ":7: quiet_hours.nights.starts: must be a time such as 02:30, not 'late'"),
        ('    starts: "22:00"\n', "", ":5: quiet_hours.nights.starts: This field cannot be null."),
        ("days: [sun, mon]", "days: [someday]", ":9: quiet_hours.nights.days: 'someday' is no day"),
        ("days: [sun, mon]", "days: []", ":9: quiet_hours.nights.days: This field cannot be blank."),
        ("zone: America/Sao_Paulo", "zone: Mars/Base", ":10: quiet_hours.nights.zone: “Mars/Base” is no time zone"),
        (
            "pages_pass: false",
            "page_pass: false",
            ":11: quiet_hours.nights.page_pass: unknown; did you mean 'pages_pass'",
        ),
        ("  lunch:", '  "":', ":12: quiet_hours..name: This field cannot be blank."),
    ],
)
def test_a_mistake_of_quiet_hours_is_told_at_its_line(write, ana: User, old: str, new: str, problem: str) -> None:
    assert old in HOURS
    assert problem in complaint(write, HOURS.replace(old, new))
    assert not QuietHours.objects.exists()


def test_quiet_hours_of_before_are_named(write, ana: User) -> None:
    write(HOURS)
    lunch = QuietHours.objects.get(name="lunch")
    QuietHours.objects.create(project=lunch.project, name="x", person=ana, starts=time(12), ends=time(14), zone="UTC")
    import_module("alerting.migrations.0003_name_quiet_hours").name_all(apps, None)
    assert list(QuietHours.objects.order_by("pk").values_list("name", flat=True)) == [
        "team 22:00",
        "ana 12:00",
        "ana 12:00 2",
    ]
