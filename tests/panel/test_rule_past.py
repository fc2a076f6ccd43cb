"""The form of a rule asks any past of the rule as it is typed, beside the rule as it is saved; what is no past says so at its field."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerting.backtest.foresight import RuleForesight
from alerting.models import AlertRule
from models_registry.models import Model
from monitoring.summaries.segment_keys import declare_key, withdraw_key
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, error_rule, serve
from tests.cast import make_incident
from tests.panel.test_admin_definitions import _rule
from tests.panel.test_before_saving import RULE_FORM
from tests.panel.test_before_saving import editor as editor

pytestmark = pytest.mark.django_db


def local(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def typed(model: Model, threshold: str = "0.1", **more: object) -> dict[str, Any]:
    number = {"kind": "threshold", "measure": "error_rate", "threshold": threshold, "model": model.pk}
    past = {f"past-{name}": more.pop(name) for name in ("days", "start", "end") if name in more}
    return {**_rule(model.project, **number), "severity": "page", **past, **more, "_preview": "1"}


def preview(client: Client, address: str, fields: dict[str, Any]) -> tuple[RuleForesight | None, str]:
    answer = client.post(address, fields)
    assert answer.status_code == 200
    return answer.context["foresight"], answer.content.decode().replace("\xa0", " ")


def errors_at(page: str, name: str) -> list[str]:
    """What stands beside a field of the range."""
    [choice] = re.findall(rf'<label for="id_past-{name}">.*?<div data-fresh>(.*?)</div>', page, re.DOTALL)
    return re.findall(r">([^<]+)</p>", choice)


@pytest.fixture
def outage(credit_risk: Model) -> Model:
    """Ten days before the clock's noon, an hour in which half of the requests fail."""
    begin = -10 * 24 * 60
    serve(credit_risk, start=begin - 30, end=begin, ok=10)
    serve(credit_risk, start=begin, end=begin + 60, ok=5, failed=5)
    serve(credit_risk, start=begin + 60, end=begin + 90, ok=10)
    make_incident(credit_risk.project, at=NOON - 10 * DAY, model=credit_risk, resolved_at=NOON - 10 * DAY + HOUR)
    return credit_risk


def test_an_unsaved_rule_is_asked_of_any_past(editor: Client, outage: Model) -> None:
    found, page = preview(editor, RULE_FORM, typed(outage))
    assert found is not None
    assert found.replayed is not None
    assert (found.replayed.firings, found.replayed.end - found.replayed.start) == ([], 7 * DAY)
    for past in ({"days": "12"}, {"start": local(NOON - 11 * DAY), "end": local(NOON - 9 * DAY)}):
        found, page = preview(editor, RULE_FORM, typed(outage, **past))
        assert found is not None
        assert found.replayed is not None
        [firing] = found.replayed.firings
        assert NOON - 10 * DAY < firing.start < NOON - 10 * DAY + 5 * MINUTE
        assert [name for name, _one in found.columns] == ["this rule"]
        for text in (
            "Incidents caught",
            "Incidents missed",
            "False alarms",
            "Time in firing",
            "Pages at night",
            "INC-7",
        ):
            assert text in page, text
        assert all(f'value="{value}' in page for value in past.values()), "what was typed stays"
    assert AlertRule.objects.count() == 0


def test_an_edited_rule_stands_beside_the_saved_one_and_an_untouched_one_alone(editor: Client, outage: Model) -> None:
    rule = error_rule(outage, severity="page")
    address = f"/admin/alerting/alertrule/{rule.pk}/change/"
    assert [name for name, _one in editor.get(address).context["foresight"].columns] == ["this rule"]
    fields = typed(outage, "0.6", name=rule.name, slug=rule.slug, days="12")
    found, page = preview(editor, address, fields)
    assert found is not None
    assert [(name, len(one.firings), len(one.missed)) for name, one in found.columns] == [
        ("as it is saved", 1, 0),
        ("as it is typed", 0, 1),
    ]
    assert "as it is typed" in page
    rule.refresh_from_db()
    assert rule.threshold == 0.1
    with CaptureQueriesContext(connection) as many:
        preview(editor, address, fields)
    with CaptureQueriesContext(connection) as few:
        preview(editor, address, {**fields, "past-days": "11"})
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("past", "field", "told"),
    [
        ({"days": "90"}, "days", "That would be 129600 evaluations; choose a range"),
        ({"days": "0"}, "days", "greater than or equal to 1"),
        ({"days": "many"}, "days", "Enter a whole number"),
        ({"days": "99999999999"}, "days", "less than or equal to 3650"),
        ({"start": "yesterday"}, "start", "Write a date and a time: 2026-11-23T18:00."),
        ({"start": "0001-01-01T00:00"}, "start", "Nothing is known from so long ago"),
        ({"start": "2001-01-01T00:00"}, "start", "evaluations; choose a range"),
        ({"start": "2030-01-01T00:00"}, "start", "This is not over yet"),
        ({"end": "1970-01-01T12:00"}, "end", "Nothing is known from so long ago"),
        ({"start": "2026-03-10T06:00", "end": "2026-03-10T05:00"}, "end", "It must end after it starts."),
    ],
)
def test_what_is_no_past_says_so_at_its_field_and_loses_nothing(
    editor: Client, credit_risk: Model, past: dict[str, str], field: str, told: str
) -> None:
    found, page = preview(editor, RULE_FORM, typed(credit_risk, name="Typed name", **past))
    assert found is not None
    assert found.replayed is None
    [error] = errors_at(page, field)
    assert told in error
    assert [name for name in ("days", "start", "end") if errors_at(page, name)] == [field]
    assert 'value="Typed name"' in page
    assert all(f'value="{value}"' in page for value in past.values())
    assert "Choose another past" in page


def test_a_past_that_makes_no_sense_stops_nobody_from_saving(editor: Client, credit_risk: Model) -> None:
    fields = typed(credit_risk, days="0")
    del fields["_preview"]
    assert editor.post(RULE_FORM, fields).status_code == 302


def test_a_rule_that_can_no_longer_be_asked_says_why_on_its_form(editor: Client, credit_risk: Model) -> None:
    key = declare_key(credit_risk, "region", now=NOON)
    rule = error_rule(credit_risk, group_by="region")
    withdraw_key(key, now=NOON)
    address = f"/admin/alerting/alertrule/{rule.pk}/change/"
    assert "credit-risk does not declare the segment key region" in editor.get(address).content.decode()
    found, page = preview(editor, address, typed(credit_risk, name=rule.name, slug=rule.slug))
    assert found is not None
    assert [name for name, _one in found.columns] == ["this rule"]
    assert "The rule as it is saved cannot be asked: credit-risk does not declare" in page


def test_a_rule_that_moves_to_another_model_is_asked_of_that_one(editor: Client, outage: Model) -> None:
    other = Model.objects.create(project=outage.project, slug="churn", name="Churn", kind="binary")
    rule = error_rule(other, severity="page")
    fields = typed(outage, name=rule.name, slug=rule.slug, days="12")
    found, _page = preview(editor, f"/admin/alerting/alertrule/{rule.pk}/change/", fields)
    assert found is not None
    assert [len(one.firings) for _name, one in found.columns] == [0, 1]
