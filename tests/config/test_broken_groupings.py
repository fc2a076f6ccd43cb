"""What a rule groups by stays: forms and files refuse the change that would break it, name the rule, and lose nothing typed."""

from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from alerting.models import AlertRule
from models_registry.models import Model, User
from monitoring.models import SLO, SegmentKey
from monitoring.summaries.segment_keys import declare_key
from tests.alerting.rule_cast import NOON, burn_rule, error_rule
from tests.monitoring.test_composites import compose, promise
from tests.monitoring.test_segments import make_model
from tests.panel.test_before_saving import slo_fields

pytestmark = pytest.mark.django_db
KEYS = "/admin/monitoring/segmentkey/"
FILE = """\
project: {slug: aurora}
models:
  churn: {name: Churn, kind: binary, segments: [region]}
  score: {name: Score, kind: binary}
slos:
  up: {name: Up, model: churn, sli: availability, target: 0.99}
"""
RULES = """\
rules:
  burns: {name: Burns, kind: burn_rate, slo: up, group_by: region}
  errors: {name: Errors, kind: threshold, model: churn, measure: error_rate, threshold: 0.1, group_by: region}
"""


@pytest.fixture
def editor(ana: User, stopped_clock: object) -> Client:
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def moved(credit_risk: Model) -> Model:
    """Where an objective might go; it does not declare the key."""
    declare_key(credit_risk, "region", now=NOON)
    return make_model(credit_risk.project, "churn", kind="binary")


def refused(write: Any, text: str) -> str:
    """What a file is complained of; nothing of it is written."""
    before = list(AlertRule.objects.values()), list(SLO.objects.values()), list(SegmentKey.objects.values())
    with pytest.raises(CommandError) as caught:
        write(text)
    assert before == (list(AlertRule.objects.values()), list(SLO.objects.values()), list(SegmentKey.objects.values()))
    return str(caught.value)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_an_objective_does_not_move_where_its_rules_cannot_be_grouped(
    editor: Client, credit_risk: Model, moved: Model
) -> None:
    rule = burn_rule(credit_risk, "up", group_by="region")
    assert rule.slo
    address = f"/admin/monitoring/slo/{rule.slo.pk}/change/"
    told = text_of(editor.post(address, slo_fields(moved, name="Typed name")))
    assert (
        "could then no longer make their alerts: Burn (region). churn does not declare the segment key region" in told
    )
    assert 'value="Typed name"' in told
    assert SLO.objects.get().model == credit_risk
    AlertRule.objects.update(enabled=False)
    assert editor.post(address, slo_fields(moved)).status_code == 302, "a rule that is not asked stands in no way"
    AlertRule.objects.update(enabled=True)
    assert editor.post(address, slo_fields(moved, name="New")).status_code == 302, "nor does one that was broken before"
    declare_key(moved, "region", now=NOON)
    assert editor.post(address, slo_fields(credit_risk, group_by="version")).status_code == 302, "here it finds its key"


def test_a_component_and_a_composite_do_not_change_where_a_rule_on_the_whole_cannot_be_grouped(
    editor: Client, credit_risk: Model, moved: Model
) -> None:
    parts = promise(credit_risk, "one"), promise(credit_risk, "two")
    stranger = promise(moved, "three")
    whole = compose(*parts, target=0.9)
    AlertRule.objects.create(
        project=whole.project, slug="w", name="Whole burns", kind="burn_rate", slo=whole, group_by="region"
    )
    told = text_of(editor.post(f"/admin/monitoring/slo/{parts[1].pk}/change/", slo_fields(moved, slug="two")))
    assert "Whole burns (region). Its component “two” is of churn, which does not declare" in told
    composite = {"sli": "composite", "composition": "weighted", "slug": whole.slug, "target": "0.9"}
    address, fields = f"/admin/monitoring/slo/{whole.pk}/change/", slo_fields(credit_risk, **composite)
    told = text_of(editor.post(address, {**fields, "components": f"one\n{stranger.slug}"}))
    assert "Whole burns (region). Its component “three” is of churn, which does not declare" in told
    assert editor.post(address, {**fields, "components": "one"}).status_code == 302


def test_a_key_that_rules_group_by_is_not_withdrawn(editor: Client, credit_risk: Model, moved: Model) -> None:
    free = declare_key(credit_risk, "channel", now=NOON)
    declare_key(moved, "region", now=NOON)
    error_rule(credit_risk, "measure", group_by="region")
    burn_rule(credit_risk, "own", group_by="region")
    burn_rule(credit_risk, "of-the-slo")
    SLO.objects.filter(slug="of-the-slo").update(group_by="region")
    AlertRule.objects.filter(slug="of-the-slo").update(name="Grouped by its SLO")
    whole = compose(promise(moved, "part"), target=0.9, group_by="region")
    AlertRule.objects.create(project=whole.project, slug="w", name="Whole", kind="burn_rate", slo=whole)
    chosen = [one.pk for one in SegmentKey.objects.all()]
    told = text_of(editor.post(KEYS, {"action": "withdraw", "_selected_action": chosen}, follow=True))
    assert (
        "The segment key region of credit-risk stays: these rules make an alert for each of its values: Burn (region), "
        "Grouped by its SLO (region), Measure (region)." in told
    )
    assert "region of churn stays: these rules make an alert for each of its values: Whole (region)." in told
    assert [one.pk for one in SegmentKey.objects.exclude(until=None)] == [free.pk]
    AlertRule.objects.update(enabled=False)
    editor.post(KEYS, {"action": "withdraw", "_selected_action": chosen})
    assert not SegmentKey.objects.filter(until=None).exists()


def test_a_file_that_breaks_a_rule_is_refused_as_a_whole_and_one_that_mends_it_too_is_taken(write: Any) -> None:
    write(FILE + RULES)
    told = refused(write, FILE.replace("segments: [region]", "segments: []"))
    assert "models.churn: These rules could then no longer make their alerts: Errors (region)." in told
    assert SegmentKey.objects.filter(until=None).count() == 1
    told = refused(write, FILE.replace("model: churn, sli", "model: score, sli"))
    assert "slos.up: These rules could then no longer make their alerts: Burns (region). score does not declare" in told
    assert told.count("Burns") == 1
    told = refused(write, FILE.replace("model: churn, sli", "model: score, sli") + RULES)
    assert "rules.burns.group_by: score does not declare the segment key region" in told
    assert "could then no longer" not in told, "said once, where it stands"
    write(FILE.replace("segments: [region]", "segments: [city]") + RULES.replace("region", "city"))
    assert set(AlertRule.objects.values_list("group_by", flat=True)) == {"city"}


def test_a_file_is_not_held_up_by_a_rule_that_was_broken_before(write: Any) -> None:
    write(FILE + RULES)
    SegmentKey.objects.update(until=1)
    write(FILE.replace("segments: [region]", "segments: []").replace("name: Up", "name: Answered"))
    assert SLO.objects.get().name == "Answered"
