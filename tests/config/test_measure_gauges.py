"""Measures of the catalogue in Prometheus' words."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from config.measure_gauges import read_gauges, remembered
from models_registry.models import Model
from monitoring.catalogue import measures_for
from tests.cast import wait_in_inbox
from tests.monitoring.series import add, class_code, labelled, series_of, served

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def forgotten():
    remembered.forget()
    yield
    remembered.forget()


@pytest.fixture
def lived(credit_risk: Model, support_assistant: Model, stopped_clock: datetime) -> Model:
    """It is noon: ten requests an hour ago, twenty in the hour before, whose labels are in."""
    class_code(credit_risk, "default", 1)
    served(credit_risk, stopped_clock - HOUR / 2, ok=9, failed=1)
    served(credit_risk, stopped_clock - HOUR * 3 / 2, ok=20)
    labelled(credit_risk, stopped_clock - HOUR / 2, [(1, 1)] * 4)
    labelled(credit_risk, stopped_clock - HOUR * 3 / 2, [(1, 1)] * 15 + [(2, 1)] * 5)
    add(series_of(support_assistant, "cost"), stopped_clock - HOUR / 2, {600: 2}, total=12_500_000)
    return credit_risk


LINE = re.compile(r'(\w+)\{measure="(\w+)",model="([\w-]+)",project="([\w-]+)",unit="(\w+)"\} (\S+)')


def read(client: Client) -> dict[tuple[str, str, str], float]:
    """(gauge, model, measure) → value."""
    remembered.forget()
    text = client.get("/metrics").content.decode()
    return {(gauge, model, name): float(value) for gauge, name, model, _, _, value in LINE.findall(text)}


def test_the_newest_hour_that_has_settled_with_its_sample(client: Client, lived: Model) -> None:
    told = read(client)
    assert told["atalaia_measure", "credit-risk", "error_rate"] == 0.1
    assert told["atalaia_measure_sample", "credit-risk", "error_rate"] == 10
    assert told["atalaia_measure", "credit-risk", "accuracy"] == 0.75, "labels take half an hour: the hour before"
    assert told["atalaia_measure", "support-assistant", "cost_usd"] == 0.0125
    assert ("atalaia_measure", "support-assistant", "truncation_rate") not in told, "no data is not a number"
    assert told["atalaia_measure_sample", "support-assistant", "truncation_rate"] == 0


def test_every_measure_of_the_kind_is_there_with_its_unit(client: Client, lived: Model) -> None:
    text = client.get("/metrics").content.decode()
    names = {
        name
        for gauge, name, model, *_ in LINE.findall(text)
        if (gauge, model) == ("atalaia_measure_sample", "credit-risk")
    }
    assert names == {measure.name for measure in measures_for("binary")}
    assert 'atalaia_measure{measure="latency_p95"' not in text
    assert f'measure="requests",model="credit-risk",project="{lived.project.slug}",unit="count"}} 10.0' in text


def test_it_is_read_once_a_minute(client: Client, lived: Model, stopped_clock: datetime) -> None:
    key = ("atalaia_measure", "credit-risk", "requests")
    assert read(client)[key] == 10
    served(lived, stopped_clock - HOUR / 2, ok=5)
    text = client.get("/metrics").content.decode()
    assert f'measure="requests",model="credit-risk",project="{lived.project.slug}",unit="count"}} 10.0' in text
    assert read(client)[key] == 15


@pytest.mark.parametrize("models", [1, 12])
def test_any_number_of_models_costs_the_same_queries(
    lived: Model, stopped_clock: datetime, models: int, django_assert_num_queries
) -> None:
    for number in range(models):
        Model.objects.create(project=lived.project, slug=f"more-{number}", kind=Model.Kind.BINARY)
    with django_assert_num_queries(6):
        read_gauges(now=stopped_clock)


def test_models_beyond_the_bound_are_left_off_and_that_is_said(client: Client, lived: Model, settings) -> None:
    settings.METRICS_MODELS = 1
    told = read(client)
    assert {model for _, model, _ in told} == {"credit-risk"}
    assert "atalaia_measure_models_left_off 1.0" in client.get("/metrics").content.decode()
    settings.METRICS_MODELS = 0
    assert read(client) == {}


def test_what_still_waits_in_the_inbox_moves_the_hour_back(
    client: Client, lived: Model, stopped_clock: datetime
) -> None:
    wait_in_inbox(lived, stopped_clock - HOUR - timedelta(minutes=5))
    assert read(client)["atalaia_measure", "credit-risk", "requests"] == 0
