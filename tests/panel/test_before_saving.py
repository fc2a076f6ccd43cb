"""Forms of objectives and rules show what they will do before anything is saved, lose nothing typed, and start filled in."""

import pytest
from django.test import Client
from django.utils.translation import override

from alerting.models import AlertRule
from models_registry.models import Model, User
from monitoring.models import SLO
from tests.alerting.rule_cast import burn_rule, serve
from tests.monitoring.test_foresight import two_weeks
from tests.panel.test_admin_definitions import _rule

pytestmark = pytest.mark.django_db
SLO_FORM = "/admin/monitoring/slo/add/"
RULE_FORM = "/admin/alerting/alertrule/add/"


@pytest.fixture
def editor(ana: User, stopped_clock: object) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def slo_fields(model: Model, **more: object) -> dict[str, object]:
    fields = {"project": model.project_id, "model": model.pk, "environment": "production", "sli": "availability"}
    return {**fields, "name": "Up", "slug": "up", "target": "0.999", "window": "30 00:00:00", **more}


def test_an_objective_is_previewed_and_not_saved(editor: Client, credit_risk: Model) -> None:
    two_weeks(credit_risk, ok=60, failing=1)
    asked = editor.get(SLO_FORM).content.decode()
    assert "press “Preview”" in asked
    page = editor.post(SLO_FORM, {**slo_fields(credit_risk, name="Typed name"), "_preview": "1"})
    told = page.content.decode().replace("\xa0", " ")
    assert page.status_code == 200
    assert 'value="Typed name"' in told
    assert "errornote" not in told
    for text in (
        "noticed in 2 min 59 s",
        "False pages expected in 30 days",
        "60 events an hour",
        "3 and 2",
        "never noticed",
    ):
        assert text in told, text
    assert SLO.objects.count() == 0
    assert editor.post(SLO_FORM, slo_fields(credit_risk)).status_code == 302
    saved = editor.get(f"/admin/monitoring/slo/{SLO.objects.get().pk}/change/").content.decode()
    assert "False pages expected in 30 days" in saved


def test_a_form_with_errors_keeps_them_and_foretells_nothing(editor: Client, credit_risk: Model) -> None:
    page = editor.post(SLO_FORM, {**slo_fields(credit_risk, target="1.5"), "_preview": "1"}).content.decode()
    assert "between 0 and 1" in page
    assert "Mend what is marked" in page
    assert 'value="1.5"' in page


def test_a_rule_is_previewed_with_its_backtest(editor: Client, credit_risk: Model) -> None:
    serve(credit_risk, start=-60, end=180)
    number = {"kind": "threshold", "measure": "error_rate", "threshold": "0.1", "model": credit_risk.pk}
    page = editor.post(RULE_FORM, {**_rule(credit_risk.project, **number), "_preview": "1"})
    told = page.content.decode()
    assert page.status_code == 200
    assert "What it would have done" in told
    assert AlertRule.objects.count() == 0
    rule = burn_rule(credit_risk)
    change = f"/admin/alerting/alertrule/{rule.pk}/change/"
    told = editor.get(change).content.decode()
    assert f"/p/{credit_risk.project.slug}/rules/burn/?from=" in told
    with override("pt-br"):
        assert editor.get(change, headers={"accept-language": "pt-br"}).status_code == 200


def test_a_broken_rule_still_opens(editor: Client, credit_risk: Model) -> None:
    rule = burn_rule(credit_risk)
    AlertRule.objects.filter(pk=rule.pk).update(kind="threshold", model=credit_risk, threshold=1, measure="gone")
    assert editor.get(f"/admin/alerting/alertrule/{rule.pk}/change/").status_code == 200


def test_a_suggestion_is_one_click_from_a_form_that_is_filled_in(editor: Client, credit_risk: Model) -> None:
    page = f"/p/{credit_risk.project.slug}/suggested-slos/"
    assert "Nothing to suggest" in editor.get(page).content.decode()
    two_weeks(credit_risk)
    [row] = [row for row in editor.get(page).context["rows"] if row.suggestion.slo.sli == "availability"]
    assert "99.8%" in editor.get(page).content.decode()
    form = editor.get(row.form)
    initial = form.context["adminform"].form.initial
    assert {name: str(initial[name]) for name in ("sli", "target", "slug", "model")} == {
        "sli": "availability",
        "target": "0.998",
        "slug": "credit-risk-availability",
        "model": str(credit_risk.pk),
    }
