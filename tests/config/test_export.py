"""Every definition as a file, and what a file would change, field by field."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from alerting.evaluate.external import Incoming, receive
from alerting.models import AlertRule, Channel, Inhibition, Maintenance
from config.definitions.kinds import KINDS
from models_registry.models import Model, Project, Prompt, PromptVersion
from runbooks.models import Runbook
from tests.alerting.rule_cast import NOON
from tests.config.definitions import complaint

pytestmark = pytest.mark.django_db
BLOCK = re.compile(r"```yaml\n(project:.*?)```", re.DOTALL)
PAGE = Path(settings.BASE_DIR) / "docs" / "definitions.md"


@pytest.fixture
def defined(write) -> Project:
    """The example of the documentation, which has something of every section."""
    [text] = BLOCK.findall(PAGE.read_text())
    write(text)
    return Project.objects.get(slug="mine")


def exported() -> tuple[str, str]:
    """(document, warnings)."""
    out, said = StringIO(), StringIO()
    call_command("export", "--project", "mine", stdout=out, stderr=said)
    return out.getvalue(), said.getvalue()


def test_what_is_exported_changes_nothing_where_it_came_from(defined: Project, write) -> None:
    text, said = exported()
    assert said == ""
    assert {line.split()[0] for line in write(text)} == {"unchanged"}
    assert set(yaml.safe_load(text)) == {"project", "incident_policy", *(kind.section for kind in KINDS)}


def test_what_nobody_has_looked_at_stays_so(defined: Project, write) -> None:
    Model.objects.filter(slug="churn").update(reviewed=False)
    Prompt.objects.update(reviewed=False)
    PromptVersion.objects.update(reviewed=False)
    text, _ = exported()
    assert {line.split()[0] for line in write(text)} == {"unchanged"}
    assert not Model.objects.get(slug="churn").reviewed
    write("project: mine\nmodels:\n  churn: {owner: ana}\n")
    assert Model.objects.get(slug="churn").reviewed


def test_and_makes_everything_where_there_is_nothing(defined: Project, write) -> None:
    AlertRule.objects.create(project=defined, slug="both", name="Both", kind="composite", model=defined.models.get(slug="churn"),
                             expression={"all": ["churn-accuracy-low", "churn-availability-burns"]})  # fmt: skip
    AlertRule.objects.filter(slug="churn-accuracy-low").update(policy=None, labels={"team": "é", "a": "1"})
    text, _ = exported()
    defined.delete()
    assert {line.split()[0] for line in write(text)} == {"created"}
    assert exported()[0] == text


def test_secrets_and_rules_of_others_stay_and_that_is_told(defined: Project) -> None:
    Channel.objects.filter(name="team").update(secret=b"sealed")
    receive(defined, [Incoming({"alertname": "Down"}, {}, NOON, NOON + (NOON - NOON.replace(hour=0)))], now=NOON)
    Runbook.objects.get().rules.add(AlertRule.objects.get(kind="external"))
    text, said = exported()
    assert "sealed" not in text
    assert "down-" not in text
    assert "channels.team: its secret stays here" in said
    assert "runbooks.churn-quality: its rules of other programs are left out: down-" in said


def test_a_dry_run_tells_what_every_field_was_and_would_be(defined: Project, write) -> None:
    changed = """
project: mine
slos: {churn-fast: {target: 0.95, window: 7d}}
rules: {churn-accuracy-low: {recovery: 0.8, summary: ""}}
maintenance_windows: {nightly-training: {start: "03:00", days: [sat]}}
"""
    lines = write(changed, dry_run=True)
    assert lines[1:] == [
        "changed slos.churn-fast (target, window)",
        "    target: 0.99 → 0.95",
        "    window: 30d → 7d",
        "changed rules.churn-accuracy-low (recovery)",
        "    recovery: (nothing) → 0.8",
        "changed maintenance_windows.nightly-training (days, start)",
        "    days: [0, 1, 2, 3, 4] → [5]",
        "    start: 02:00 → 03:00",
        "dry run: nothing was written",
    ]
    fresh = write("project: mine\nslos: {new: {name: New, model: churn, sli: availability, target: 0.9}}", dry_run=True)
    assert "    + model: churn" in fresh
    assert "    + target: 0.9" in fresh


def test_maintenance_windows_and_inhibitions_are_read(defined: Project, write) -> None:
    window, inhibition = Maintenance.objects.get(), Inhibition.objects.get()
    assert (window.days, f"{window.start:%H:%M}", f"{window.end:%H:%M}") == ([0, 1, 2, 3, 4], "02:00", "04:30")
    assert [str(one) for one in window.asked] == ['model="churn"', 'severity="ticket"']
    assert (inhibition.equal, inhibition.enabled) == (["model", "environment"], True)
    write("project: mine\nmaintenance_windows: {nightly-training: {start: 12:30, days: [0, Sunday]}}")
    window.refresh_from_db()
    assert (window.days, f"{window.start:%H:%M}") == ([0, 6], "12:30")


WRONG = [
    ("days: [someday]", "maintenance_windows.w.days: 'someday' is no day"),
    ("days: all", "maintenance_windows.w.days: must be"),
    ("days: []", "maintenance_windows.w.days"),
    ("start: soon", "maintenance_windows.w.start: must be a time such as 02:30"),
    ("start: 9999", "maintenance_windows.w.start: must be a time"),
    ("matchers: [model]", "maintenance_windows.w.matchers:"),
    ("matchers: []", "maintenance_windows.w.matchers:"),
    ("time_zone: Mars/Olympus", "maintenance_windows.w.time_zone: “Mars/Olympus” is no time zone"),
]


@pytest.mark.parametrize(("line", "why"), WRONG)
def test_a_wrong_window_is_refused_where_it_stands(write, line: str, why: str) -> None:
    fields: dict[str, Any] = {"owner": "ana", "matchers": ["a=b"], "start": "02:00"}
    fields |= yaml.safe_load(line)
    text = yaml.safe_dump({"project": "aurora", "maintenance_windows": {"w": fields}})
    assert why in complaint(write, text)


def test_a_project_that_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match="there is no project 'none'"):
        call_command("export", "--project", "none")
