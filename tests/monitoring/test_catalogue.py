"""Every entry of the catalogue says all it must, in both languages, and the API hands it on."""

import pytest
from django.test import Client
from django.utils import translation

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.catalogue import MEASURES, NEEDS, SLIS, measures_for
from monitoring.catalogue.base import ALL, Indicator, Measure

ENTRIES = [*MEASURES.values(), *SLIS.values()]


def test_names_are_keys_and_names_of_the_field() -> None:
    for entries in (MEASURES, SLIS):
        assert all(name == entry.name for name, entry in entries.items())
        assert all(name.isidentifier() and name == name.lower() for name in entries)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_measure_is_complete(measure: Measure) -> None:
    definition = str(measure.definition)
    assert definition.endswith(".")
    assert len(definition) > 20
    assert len(measure.source) >= 5
    assert set(measure.needs) <= set(NEEDS)
    assert ("labels" in measure.needs) == (measure.settle == "labels")


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_measure_is_told_in_portuguese_too(measure: Measure) -> None:
    english = str(measure.definition)
    with translation.override("pt-br"):
        assert str(measure.definition) != english


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{type(entry).__name__}-{entry.name}")
def test_an_entry_fits_kinds_that_exist_and_reads_something(entry: Measure | Indicator) -> None:
    assert entry.kinds
    assert entry.kinds <= ALL
    assert entry.metrics


@pytest.mark.parametrize("kind", Model.Kind.values)
def test_the_catalogue_of_a_kind_keeps_the_order(kind: str) -> None:
    names = [measure.name for measure in measures_for(kind)]
    assert names == [name for name in MEASURES if kind in MEASURES[name].kinds]
    assert names[0] == "requests"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "label"), [("en", "accuracy"), ("pt-br", "acurácia")])
def test_the_api_tells_all_of_it_in_the_readers_language(project: Project, language: str, label: str) -> None:
    _, token = create_key(project=project, name="tests", scopes=["read"])
    client = Client(headers={"authorization": f"Bearer {token}", "accept-language": language})
    found = {entry["name"]: entry for entry in client.get("/api/v1/measures").json()}
    assert list(found) == list(MEASURES)
    with translation.override(language):
        definition = str(MEASURES["accuracy"].definition)
    assert found["accuracy"] == {
        "name": "accuracy",
        "label": label,
        "unit": "ratio",
        "definition": definition,
        "source": "scikit-learn accuracy_score; Wilson 1927",
        "settle": "labels",
        "needs": ["labels"],
        "better": "higher",
        "kinds": ["binary", "multiclass"],
        "settles_with": "labels",
        "is_ratio": True,
    }
