"""The tabs Segments and Business, two versions side by side, and classes of errors: in words, worst first, never a 500."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.summaries.segment_keys import declare_key
from tests.monitoring.conftest import micros, put_body

AGO = timedelta(minutes=40)


@pytest.fixture
def played(credit_risk: Model, stopped_clock: datetime) -> Model:
    """South is right in 60 of 200, north in 190 of 200, west in 3 of 4; version 2 answers in the north alone."""
    declare_key(credit_risk, "region", now=stopped_clock)
    credit_risk.label_delay = timedelta(0)
    credit_risk.save()
    items, labels = [], []
    for region, version, count, right in (("south", "1", 200, 60), ("north", "2", 200, 190), ("west", "1", 4, 3)):
        for n in range(count):
            name = f"{region}{n}"
            items.append(
                {
                    "id": name,
                    "model": "credit-risk",
                    "version": version,
                    "prediction": "paid",
                    "ts": micros(stopped_clock - AGO),
                    "segments": {"region": region},
                }
            )
            labels.append(
                {
                    "id": name,
                    "prediction_id": name,
                    "label": "paid" if n < right else "default",
                    "ts": micros(stopped_clock),
                }
            )
    failed = [
        {"id": f"f{n}", "model": "credit-risk", "version": "1", "status": "error", "error_type": "<Timeout>", "ts": micros(stopped_clock - AGO)}
        for n in range(3)
    ]  # fmt: skip
    events = [
        {"id": f"e{n}", "name": "<loan>", "model": "credit-risk", "version": "1", "value": 100, "ts": micros(stopped_clock - AGO)}
        for n in range(5)
    ]  # fmt: skip
    for kind, given in (("prediction", items + failed), ("outcome", labels), ("event", events)):
        put_body(credit_risk.project, kind, given, received=stopped_clock)
    drain_until_empty(now=stopped_clock)
    return credit_risk


def tab(client: Client, model: Model, slug: str, **query: Any) -> str:
    address = reverse("panel:model", args=[model.project.slug, model.slug]) + (f"{slug}/" if slug else "")
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(page: str) -> list[str]:
    return [part.split("</th>")[0].split(">")[-1] for part in page.split("<tbody>")[1].split('<th scope="row"')[1:]]


def test_segments_are_listed_worst_first_and_marked_where_it_is_no_chance(played: Model, as_ana: Client) -> None:
    page = tab(as_ana, played, "segments", key="region", measure="accuracy")
    assert rows(page) == ["south", "west", "north", "(no value)"], "what has no data comes last"
    south, west, north = page.split("<tbody>")[1].split("<tr>")[1:4]
    assert ("Worse" in south, "few events" in west, "Better" in north) == (True, True, True)
    assert "The whole model" in page
    assert "30.0%" in south


def test_errors_sort_the_other_way(played: Model, as_ana: Client) -> None:
    assert rows(tab(as_ana, played, "segments", key="region", measure="error_rate"))[0] == "(no value)"


@pytest.mark.parametrize(
    "query", [{"key": "nonsense"}, {"measure": "tokens"}, {"key": "version"}, {"key": "environment"}]
)
def test_what_cannot_be_asked_for_is_the_default(played: Model, as_ana: Client, query: dict[str, str]) -> None:
    assert "by segment" in tab(as_ana, played, "segments", **query)


def test_two_versions_are_compared_in_a_sentence(played: Model, as_ana: Client) -> None:
    page = tab(as_ana, played, "versions")
    assert "2 is better than 1: Accuracy" in page
    other = tab(as_ana, played, "versions", champion="2", challenger="1")
    assert "1 is worse than 2: Accuracy" in other
    assert "2 is better than 1" in tab(as_ana, played, "versions", champion="2", challenger="2")
    as_ana.cookies["django_language"] = "pt-br"
    assert "2 é melhor que 1: Acurácia" in tab(as_ana, played, "versions")


def test_business_shows_events_and_the_matrix(played: Model, as_ana: Client) -> None:
    page = tab(as_ana, played, "business")
    assert "&lt;loan&gt;" in page
    assert "<loan>" not in page
    assert "500.00" in page
    assert "No value matrix" in page
    played.value_matrix = {"default": {"default": 0, "paid": -10}, "paid": {"default": -1, "paid": 2}}
    played.save()
    page = tab(as_ana, played, "business")
    cells = page.split("<tbody>")[2].split("</tbody>")[0].split("<tr>")[1:]
    assert "−1,510.00" in cells[0], "what costs most comes first: 151 defaults that were called paid"
    assert "506.00" in cells[-1]
    assert "have" not in page.split("banner")[0]
    played.value_matrix = {"default": {"default": 0, "piad": -10}, "piad": {"default": -1, "piad": 2}}
    played.save()
    assert "neither decided nor been told yet: piad" in tab(as_ana, played, "business")


def test_the_overview_names_the_classes_of_errors(played: Model, as_ana: Client) -> None:
    page = tab(as_ana, played, "")
    assert "&lt;Timeout&gt;" in page
    assert "Processor use" not in page, "nobody sends it"


def test_only_what_decides_is_invited_to_a_value_matrix(played: Model, as_ana: Client) -> None:
    assert "What decisions are worth" in tab(as_ana, played, "business")
    for kind in (Model.Kind.REGRESSION, Model.Kind.LLM):
        Model.objects.filter(pk=played.pk).update(kind=kind)
        page = tab(as_ana, played, "business")
        assert "Business events" in page
        assert "What decisions are worth" not in page
        assert "value matrix" not in page
