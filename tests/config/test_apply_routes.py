"""Routes in a file: the tree, written once, unchanged the second time, and every mistake at its line."""

from datetime import timedelta

import pytest

from alerting.models import EscalationStep, Route
from alerting.notify.tree import tree_of
from models_registry.models import Project
from tests.config.definitions import complaint

pytestmark = pytest.mark.django_db

ROUTES = """\
project: {slug: aurora}
channels:
  log: {kind: console}
  night: {kind: console}
routes:
  everything: {channels: [log], repeat_interval: 0s}
  risk:
    parent: everything
    matchers: ['model="credit-risk"', 'severity!="ticket"']
    keep_going: true
    group_wait: 1m
    channels: [night]
    steps: {15m: [log, night], 1h: [log]}
"""


def test_a_tree_is_written_once(write):
    write(ROUTES)
    told = write(ROUTES)
    assert not [line for line in told if "routes" in line and "unchanged" not in line]
    tree = tree_of(Project.objects.get(slug="aurora").pk)
    [risk] = tree.children
    assert [str(one) for one in risk.matchers] == ['model="credit-risk"', 'severity!="ticket"']
    assert (risk.keep_going, risk.timing.group_wait, risk.timing.repeat_interval) == (True, timedelta(minutes=1), None)
    assert [(step.after, len(step.channels)) for step in risk.steps] == [
        *((timedelta(minutes=15), 2), (timedelta(hours=1), 1))
    ]


def test_what_changes_is_said_and_what_a_file_omits_stays(write):
    write(ROUTES)
    shorter = ROUTES.replace(", 1h: [log]", "").replace("    channels: [night]\n", "")
    told = [line for line in write(shorter) if "routes.risk" in line]
    assert "steps" in told[0]
    assert EscalationStep.objects.count() == 1
    assert list(Route.objects.get(name="risk").channels.values_list("name", flat=True)) == ["night"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("parent: everything", "parent: nothing", "routes.risk.parent: there is no route 'nothing' before it"),
        ("channels: [night]", "channels: [day]", "routes.risk.channels: there is no channel 'day'"),
        ("15m: [log, night]", "soon: [log]", "must be a duration such as 90s"),
        ("15m: [log, night]", "15m: [day]", "routes.risk.steps.15m: there is no channel 'day'"),
        ("steps: {15m: [log, night], 1h: [log]}", "steps: 3", "must be a mapping of durations"),
        ('severity!="ticket"', "severity", "is no matcher"),
        ("    parent: everything\n", "", "has a root already"),
        (
            "repeat_interval: 0s",
            "repeat_interval: 4m59s",
            "routes.everything.repeat_interval: Repeat no more often than",
        ),
        ("    group_wait: 1m", "    group_weight: 1m", "did you mean 'group_wait'?"),
    ],
)
def test_a_mistake_is_told_with_its_mend_and_nothing_is_written(write, old, new, problem):
    assert old in ROUTES
    assert problem in complaint(write, ROUTES.replace(old, new))
    assert not Route.objects.exists()
