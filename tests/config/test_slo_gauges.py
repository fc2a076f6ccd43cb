"""SLIs, SLOs and rules in Prometheus' words."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.slo_gauges import read_rule_gauges, read_slo_gauges, remembered_slos
from models_registry.models import Model
from monitoring.slo.status import slo_status
from tests.alerting.rule_cast import NOON, burn_rule, error_rule, serve, tick
from tests.monitoring.series import served

pytestmark = pytest.mark.django_db
LINE = re.compile(r"(\w+)\{([^}]*)\} (\S+)")


@pytest.fixture(autouse=True)
def forgotten():
    remembered_slos.forget()
    yield
    remembered_slos.forget()


def read(client: Client) -> dict[tuple[str, ...], float]:
    """(name, slo or rule, window or state or health or group) → value."""
    remembered_slos.forget()
    found = {}
    for name, text, value in LINE.findall(client.get("/metrics").content.decode()):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', text))
        last = next((labels[one] for one in ("window", "state", "health", "group") if one in labels), "")
        found[name, labels.get("slo") or labels.get("rule", ""), last] = float(value)
    return found


def test_an_slo_is_told_as_its_page_shows_it(client: Client, credit_risk: Model, stopped_clock: datetime) -> None:
    slo = burn_rule(credit_risk, pairs=[{"long_s": 600, "short_s": 60, "factor": 2, "severity": "page"}]).slo
    served(credit_risk, stopped_clock - timedelta(minutes=2), ok=70, failed=30)
    served(credit_risk, stopped_clock - timedelta(minutes=30), ok=100)
    told = read(client)
    status = slo_status(slo, now=stopped_clock)
    assert told["atalaia_slo_target_ratio", "burn", ""] == 0.99
    assert told["atalaia_slo_window_seconds", "burn", ""] == 30 * 86_400
    assert told["atalaia_sli_ratio", "burn", ""] == status.attained == 0.85
    assert told["atalaia_slo_error_budget_remaining_ratio", "burn", ""] == status.budget_left
    assert told["atalaia_slo_state", "burn", "exhausted"] == 1
    assert told["atalaia_slo_state", "burn", "ok"] == 0
    assert (told["atalaia_sli_good_events", "burn", "10m"], told["atalaia_sli_valid_events", "burn", "10m"]) == (
        70,
        100,
    )
    assert (told["atalaia_sli_good_events", "burn", "1m"], told["atalaia_sli_valid_events", "burn", "1m"]) == (0, 0)
    assert ("atalaia_slo_burn_rate", "burn", "1m") not in told, "nothing is not zero"
    for window, rate in status.burn.items():
        assert told["atalaia_slo_burn_rate", "burn", window] == rate


def test_a_rule_tells_its_health_its_alerts_and_what_it_saw(client: Client, credit_risk: Model) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=-5, end=1, ok=5, failed=5)
    tick(0, 1)
    told = read(client)
    assert told["atalaia_rule_enabled", "errors", ""] == 1
    assert told["atalaia_rule_health", "errors", "ok"] == 1
    assert told["atalaia_rule_health", "errors", "error"] == 0
    assert told["atalaia_rule_alerts", "errors", "firing"] == 1
    assert told["atalaia_rule_alerts", "errors", "pending"] == 0
    assert told["atalaia_rule_value", "errors", ""] == 0.5
    assert NOON.timestamp() <= told["atalaia_rule_last_evaluation_timestamp_seconds", "errors", ""]
    assert told["atalaia_rule_interval_seconds", "errors", ""] == 60


def test_any_number_costs_the_same_queries(credit_risk: Model, stopped_clock: datetime) -> None:
    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as slos:
            read_slo_gauges(now=stopped_clock)
        with CaptureQueriesContext(connection) as rules:
            read_rule_gauges()
        return len(slos), len(rules)

    served(credit_risk, stopped_clock - timedelta(minutes=2), ok=70, failed=30)
    burn_rule(credit_risk)
    one = cost()
    for number in range(4):
        burn_rule(credit_risk, slug=f"burn-{number}")
    assert cost() == one
