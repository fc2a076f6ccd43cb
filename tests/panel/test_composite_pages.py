"""Composites where people make and read them: the form with its preview, the list, the page, the model, home."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerting.evaluate.rules import evaluate
from alerting.models import AlertRule
from models_registry.models import Model, User
from monitoring.models import SLO, Component
from monitoring.slo.status import slo_status
from monitoring.summaries.segment_keys import declare_key
from tests.alerting.rule_cast import serve
from tests.cast import make_incident
from tests.monitoring.series import served
from tests.monitoring.test_composites import compose, promise
from tests.panel.test_before_saving import slo_fields

pytestmark = pytest.mark.django_db
FORM = "/admin/monitoring/slo/add/"


@pytest.fixture
def parts(credit_risk: Model, support_assistant: Model, stopped_clock: datetime) -> tuple[SLO, SLO]:
    served(credit_risk, stopped_clock - timedelta(hours=5), ok=95, failed=5)
    served(support_assistant, stopped_clock - timedelta(hours=5), ok=80, failed=20)
    return promise(credit_risk, "scores"), promise(support_assistant, "answers")


def fields(model: Model, **more: object) -> dict[str, object]:
    made = {"sli": "composite", "composition": "weighted", "components": "scores 3\nanswers", "target": "0.9"}
    return slo_fields(model, **{**made, **more})


@pytest.fixture
def editor(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def test_the_form_previews_and_makes_one(editor: Client, parts: tuple[SLO, SLO]) -> None:
    model = parts[0].model
    told = editor.post(FORM, {**fields(model), "_preview": "1"}).content.decode()
    assert "errornote" not in told
    assert "False pages expected in 30 days" in told
    assert "scores 3\nanswers</textarea>" in told
    assert SLO.objects.count() == 2
    assert editor.post(FORM, fields(model)).status_code == 302
    whole = SLO.objects.get(slug="up")
    assert whole.without_data == "left_out"
    assert {one.slo.slug: one.weight for one in whole.components.all()} == {"scores": 3, "answers": 1}
    address = f"/admin/monitoring/slo/{whole.pk}/change/"
    assert "scores 3\nanswers 1</textarea>" in editor.get(address).content.decode()
    assert editor.post(address, fields(model, components="answers 2")).status_code == 302
    assert [one.slo.slug for one in whole.components.all()] == ["answers"]


def test_the_form_groups_one_by_what_all_of_its_models_know(editor: Client, parts: tuple[SLO, SLO]) -> None:
    model = parts[0].model
    declare_key(model, "region", now=parts[0].created_at)
    told = editor.post(FORM, fields(model, group_by="region")).content.decode()
    assert "Its component “answers” is of support-assistant, which does not declare the segment key region" in told
    declare_key(parts[1].model, "region", now=parts[0].created_at)
    assert editor.post(FORM, fields(model, group_by="region")).status_code == 302
    assert SLO.objects.get(slug="up").group_by == "region"


@pytest.mark.parametrize(
    ("typed", "mend"),
    [
        ("", "name them, one a line"),
        ("gone", "There is no SLO “gone”"),
        ("scores two", "“scores” is no number"),
        ("scores\nscores", "“scores” is named twice"),
        ("scores 0", "leave out what shall not count"),
    ],
)
def test_what_cannot_be_one_comes_back_as_it_was_typed(
    editor: Client, parts: tuple[SLO, SLO], typed: str, mend: str
) -> None:
    told = editor.post(FORM, fields(parts[0].model, components=typed, name="Typed")).content.decode()
    assert mend in told
    assert 'value="Typed"' in told
    assert f"{typed}</textarea>" in told
    assert not Component.objects.exists()


def test_a_component_is_not_deleted_and_the_page_says_where_it_is(as_admin: Client, parts: tuple[SLO, SLO]) -> None:
    compose(*parts)
    told = as_admin.get(f"/admin/monitoring/slo/{parts[0].pk}/delete/").content.decode()
    assert "whole: scores" in told
    as_admin.post(f"/admin/monitoring/slo/{parts[0].pk}/delete/", {"post": "yes"})
    assert SLO.objects.filter(pk=parts[0].pk).exists()


def test_its_page_tells_who_spends_the_budget(as_ana: Client, parts: tuple[SLO, SLO]) -> None:
    whole = compose(*parts, weights=(3, 1), target=0.8)
    page = as_ana.get(f"/p/aurora/slos/{whole.slug}/").content.decode().replace("\xa0", " ")
    assert slo_status(whole, now=whole.created_at).state in ("ok", "no_data", "burning", "stale")
    for text in (
        "Components",
        "The weighted mean of 2 SLOs",
        "scores",
        "answers",
        "80 / 100",
        "95 / 100",
        "25%",
        "75%",
    ):
        assert text in page, text
    assert page.index("answers</a>") < page.index("scores</a>")
    assert "Attained: latest 91.2% at" in page, "three quarters of 95 and one of 80"
    assert '"v": [' in page
    assert '"threshold": [0.8, "objective 80%"]' in page


def test_its_groups_stand_on_its_page(as_ana: Client, parts: tuple[SLO, SLO], stopped_clock: datetime) -> None:
    at = stopped_clock - timedelta(hours=5)
    served(parts[0].model, at, ok=90, failed=5, segment="region=south")
    served(parts[1].model, at, ok=40, failed=20, segment="region=north")
    whole = compose(*parts, weights=(3, 1), target=0.8, group_by="region")
    told = as_ana.get(f"/p/aurora/slos/{whole.slug}/").content.decode().replace("\xa0", " ")
    groups = told[told.index('id="groups"') : told.index('id="components"')]
    assert "(other) is what is in none of them" in groups
    assert "Good of valid" not in groups, "a composite has no events of its own"
    for value, attained in {"north": "66.66%", "south": "94.73%", "(other)": "100.00%"}.items():
        row = groups[groups.index(f">{value}</th>") :]
        assert attained in row[: row.index("</tr>")]
    SLO.objects.filter(pk=parts[1].pk).update(method="timeslices", slice=timedelta(hours=1), slice_target=0.9)
    told = as_ana.get(f"/p/aurora/slos/{whole.slug}/").content.decode()
    assert "what is in none of them is not told" in told
    assert ">(other)</th>" not in told


def test_the_page_of_a_rule_names_the_group_of_each_alert(
    as_ana: Client, parts: tuple[SLO, SLO], stopped_clock: datetime
) -> None:
    for one, value in zip(parts, ("south", "north"), strict=True):
        declare_key(one.model, "region", now=stopped_clock - timedelta(hours=6))
        served(one.model, stopped_clock - timedelta(hours=5), ok=9, segment=f"region={value}")
    whole = compose(*parts, target=0.9, group_by="region")
    AlertRule.objects.create(project=whole.project, slug="burns", name="Burns", kind="burn_rate", slo=whole)
    evaluate(now=stopped_clock)
    told = as_ana.get("/p/aurora/rules/burns/").content.decode()
    assert "one alert per region" in told
    assert "<strong>south</strong>" in told
    assert "<strong>north</strong>" in told


def test_lists_and_other_pages_have_it_too(as_ana: Client, parts: tuple[SLO, SLO], stopped_clock: datetime) -> None:
    whole = compose(*parts, how="minimum", target=0.99)
    assert "of 2 SLOs" in as_ana.get("/p/aurora/slos/").content.decode()
    rule = AlertRule.objects.create(project=whole.project, slug="burns", name="Burns", kind="burn_rate", slo=whole)
    incident = make_incident(whole.project, model=whole.model, at=stopped_clock)
    rule.alerts.create(fingerprint="f", severity="page", state="firing", incident=incident)
    serve(whole.model, start=-3, end=0)
    for address in (
        "/p/aurora/",
        "/p/aurora/models/credit-risk/",
        reverse("panel:incident", args=[incident.number]),
        "/p/aurora/rules/burns/",
    ):
        assert as_ana.get(address, follow=True).status_code == 200, address
