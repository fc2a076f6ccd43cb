from datetime import timedelta

import pytest

from alerting.models import AlertRule, Channel
from lib.vault import unseal
from models_registry.models import Model, Project
from monitoring.models import SLO
from runbooks.models import Runbook
from tests.config.definitions import WHOLE, complaint

pytestmark = pytest.mark.django_db


def test_a_file_defines_everything(write):
    write(WHOLE)
    rule = AlertRule.objects.get(slug="accuracy-low")
    assert (rule.model.slug, rule.threshold, rule.window.total_seconds()) == ("credit-risk", 0.8, 3600)
    assert Model.objects.get().reviewed
    assert SLO.objects.get().model == rule.model
    runbook = Runbook.objects.get()
    assert list(runbook.rules.all()) == [rule]
    assert [step.title for step in runbook.steps.all()] == ["Look at the inputs", "Roll back"]
    assert unseal(Channel.objects.get().secret) == "whsec_c2VjcmV0"


def test_the_second_time_nothing_changes(write):
    write(WHOLE)
    before = Channel.objects.get().secret
    assert {line.split()[0] for line in write(WHOLE)} == {"unchanged"}
    assert Channel.objects.get().secret == before


def test_a_change_is_named_and_what_the_file_omits_stays(write):
    write(WHOLE)
    lines = write("project: aurora\nrules:\n  accuracy-low: {threshold: 0.75}\n")
    assert lines == ["unchanged project", "changed rules.accuracy-low (threshold)"]
    rule = AlertRule.objects.get(slug="accuracy-low")
    assert (rule.threshold, rule.name) == (0.75, "Accuracy is low")
    assert Runbook.objects.exists()


def test_a_dry_run_tells_and_writes_nothing(write):
    lines = write(WHOLE, dry_run=True)
    assert "created rules.burn" in lines
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sli: availability", "sli: avail", "slos.available.sli: Unknown indicator"),
        (
            "measure: accuracy",
            "measure: acuracy",
            "rules.accuracy-low.measure: Models of this kind (binary classifier) have",
        ),
        ("threshold: 0.8", "treshold: 0.8", "rules.accuracy-low.treshold: unknown; did you mean 'threshold'?"),
        ("model: credit-risk\n    sli", "model: nobody\n    sli", "slos.available.model: there is no model 'nobody'"),
        ("window: 1h", "window: 1 fortnight", "rules.accuracy-low.window: must be a duration such as 90s"),
        ("target: 0.995", "target: 99.5", "slos.available.target: Write a fraction between 0 and 1"),
        ("https://hooks", "ftp://hooks", "channels.hook.target: The URL must start with https://"),
        ("HOOK_SECRET", "NOT_SET", "channels.hook.secret_env: NOT_SET is not set"),
        ("rules: [accuracy-low]", "rules: [other]", "runbooks.accuracy.rules: there is no alert rule 'other'"),
        ("project: {slug", "projekt: {slug", "project: must be a slug"),
        ("name: Budget burns", "name: ~", "rules.burn.name: must not be empty; without the line it stays as it is"),
        ("threshold: 0.8", "threshold: ''", "rules.accuracy-low.threshold: must not be empty"),
        ("measure: accuracy", "measure: []", "rules.accuracy-low.measure: must be one value, not a list"),
        ("rules: [accuracy-low]", "rules: true", "runbooks.accuracy.rules: must be a list"),
    ],
)
def test_each_problem_has_its_line_and_path(write, old, new, expected):
    text = WHOLE.replace(old, new)
    said = complaint(write, text)
    assert expected in said
    if old in WHOLE and expected.count(".") == 2:
        line = 1 + text[: text.index(new.split("\n")[0])].count("\n")
        assert f"panel.yml:{line}: " in said


def test_all_problems_are_told_at_once(write):
    said = complaint(write, WHOLE.replace("availability", "avail").replace("kind: webhook", "kind: pigeon"))
    assert "slos.available.sli" in said
    assert "channels.hook.kind" in said


def test_a_key_given_twice_is_refused(write):
    assert "panel.yml:3: 'slug' is given twice" in complaint(write, "project:\n  slug: a\n  slug: b\n")


@pytest.mark.parametrize(("given", "minutes"), [("1h30m", 90), ("1 h 30 m", 90), ("2w", 20_160)])
def test_durations_may_have_several_parts(write, given, minutes):
    write(WHOLE.replace("window: 1h", f"window: {given}"))
    assert AlertRule.objects.get(slug="accuracy-low").window == timedelta(minutes=minutes)
