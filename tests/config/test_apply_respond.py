"""The incident policy in a file: written once, unchanged the second time, every mistake at its line."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from alerting.models import IncidentPolicy, incident_policy
from models_registry.models import Project
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
        ("  reopen_within: 2h", "  reopen_within: soon", ":4: incident_policy.reopen_within: must be a number and s"),
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
