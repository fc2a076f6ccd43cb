"""A rule's page: what it asks, how it stands, what it did, what it or a variant would have done."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from alerting.models import AlertRule
from alerting.wording import describe_value, told_as
from models_registry.models import Model, User
from monitoring.models import SLO
from tests.alerting.rule_cast import MINUTE, error_rule, serve, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(credit_risk: Model, ana: User, stopped_clock: object) -> Client:
    rule = error_rule(credit_risk, severity="page", keep_firing_for=5 * MINUTE)
    error_rule(credit_risk, "silent", enabled=False)
    serve(credit_risk, start=-60, end=-20)
    serve(credit_risk, start=-20, end=-14, ok=5, failed=5)
    serve(credit_risk, start=-14, end=0)
    tick(-30, -10)
    assert AlertRule.objects.get(pk=rule.pk).health == "ok"
    client = Client()
    client.force_login(ana)
    return client


def test_the_list_leads_to_each_rule_with_its_state(reader: Client, credit_risk: Model) -> None:
    url = f"/p/{credit_risk.project.slug}/rules/"
    told = reader.get(url).content.decode()
    assert f"{url}errors/" in told
    assert "Error rate of Credit risk above" in told
    assert "Switched off" in told


def test_what_it_asks_its_state_its_history_and_its_backtest(reader: Client, credit_risk: Model) -> None:
    url = f"/p/{credit_risk.project.slug}/rules/errors/"
    told = reader.get(url).content.decode()
    for text in (
        "What it asks",
        "Its state now",
        "Backtest",
        "What it did",
        "INC-1",
        "What it saw",
        "Incidents caught",
    ):
        assert text in told, text
    assert '<span class="pill pill--bad">Firing</span>' in told
    context = reader.get(url).context["page"]
    assert [len(one.firings) for _name, one in context.columns] == [1]
    assert context.result.caught
    variant = reader.get(url, {"threshold": "0.9", "for": "2", "range": "7d"}).context["page"]
    assert [len(one.firings) for _name, one in variant.columns] == [1, 0]
    assert not variant.trial.problems


def test_what_it_did_is_told_in_the_readers_language(reader: Client, credit_risk: Model) -> None:
    url = f"/p/{credit_risk.project.slug}/rules/errors/"
    whys = [turn.why.replace("\N{NO-BREAK SPACE}", " ") for turn in reader.get(url).context["page"].changes]
    assert whys[-1] == "error rate 20.0% over 5 min, above 10.0%"
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "pt-br"
    turns = reader.get(url).context["page"].changes
    assert turns[-1].why.replace("\N{NO-BREAK SPACE}", " ") == "taxa de erro 20,0 % em 5 min"


@pytest.mark.parametrize(
    ("query", "mend"),
    [({"threshold": "much"}, "is not a number"), ({"threshold": "1.5"}, "write 0.05"), ({"for": "-3"}, "Choose from")],
)
def test_a_variant_that_makes_no_rule_is_refused_where_it_was_typed(
    reader: Client, credit_risk: Model, query: dict[str, str], mend: str
) -> None:
    answer = reader.get(f"/p/{credit_risk.project.slug}/rules/errors/", query)
    assert answer.status_code == 200
    assert mend in answer.content.decode()
    assert next(iter(query.values())) in answer.content.decode()


def test_a_broken_rule_says_what_is_wrong_and_others_see_nothing(
    reader: Client, credit_risk: Model, caio: User
) -> None:
    url = f"/p/{credit_risk.project.slug}/rules/errors/"
    AlertRule.objects.update(measure="gone")
    assert reader.get(url).status_code == 200
    reader.force_login(caio)
    assert reader.get(url).status_code == 404


def test_any_past_is_asked_and_what_is_none_stays_where_it_was_typed(reader: Client, credit_risk: Model) -> None:
    url = f"/p/{credit_risk.project.slug}/rules/errors/"
    calm, bad = ("2026-03-10T11:10:00Z", "2026-03-10T11:35:00Z"), ("2026-03-10T11:30:00Z", "2026-03-10T12:00:00Z")
    fired = [
        len(reader.get(url, {"from": start, "to": end}).context["page"].result.firings) for start, end in (calm, bad)
    ]
    assert fired == [0, 1]
    page = reader.get(url, {"from": bad[0], "to": bad[1], "threshold": "0.9"}).content.decode()
    assert 'value="2026-03-10T08:30:00"' in page
    assert "aria-current" not in page.split("What it would have done")[1].split("What it saw")[0]
    for query, mend in (
        ({"from": "soon"}, "is not a time"),
        ({"from": bad[1], "to": bad[0]}, "It must end after it starts."),
        ({"from": "2026-03-11T00:00:00Z", "to": "2026-03-12T00:00:00Z"}, "start before now"),
    ):
        assert mend in reader.get(url, query).content.decode()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.4, ""),
        (8.8, "; it fires above 14.4, over 1 h and 5 min alike"),
        (20.0, "; above the 14.4 that it fires at, but over 5 min no longer, or on too few bad events"),
    ],
)
def test_a_burn_that_ended_says_why_it_is_over_although_it_burns(credit_risk: Model, value: float, told: str) -> None:
    slo = SLO.objects.create(
        project=credit_risk.project, slug="up", name="Up", model=credit_risk, sli="availability", target=0.999
    )
    rule = AlertRule.objects.create(project=credit_risk.project, slug="burn", name="Burn", kind="burn_rate", slo=slo)
    seen = describe_value(rule, value)
    assert told_as(rule, value, seen).replace("\N{NO-BREAK SPACE}", " ") == seen + told


def test_what_was_seen_before_a_rule_was_changed_is_told_as_it_was(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    written = describe_value(rule, 0.012)
    rule.window = 10 * MINUTE
    assert told_as(rule, 0.012, written) == written
    rule.measure = "requests"
    assert told_as(rule, 0.012, written) == written
    with override("pt-br"):
        assert told_as(rule, 0.012, written) == describe_value(rule, 0.012)
