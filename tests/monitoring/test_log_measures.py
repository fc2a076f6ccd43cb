"""Log lines as measures: whose they are, what they add up to, and that a recount of the raw lines says the same."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_registry.models import Model, ModelVersion, Project
from monitoring.drain import drain
from monitoring.measures.breakdown import ByError, series_by
from monitoring.measures.series import measure_window
from monitoring.models import SLO, Bucket, LogRecord, RetentionFloor
from monitoring.retention import retain
from monitoring.selectors.event_filters import read_filter
from monitoring.selectors.events import filtered
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import event_to_wire
from monitoring.slo.status import slo_status
from monitoring.stats.log_levels import ERRORS, LEVELS
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db
IDS = count()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def scope(project: Project, slug: str, **more: Any) -> Scope:
    return Scope(project.pk, Model.objects.get(project=project, slug=slug).pk, **more)


def read(project: Project, name: str, slug: str, now: datetime, **more: Any) -> tuple[float | None, int]:
    reading = measure_window(name, scope(project, slug, **more), start=now - HOUR, end=now + HOUR)
    return reading.value, reading.n


def lines(*levels: str, model: str = "", start: int = 0, **more: Any) -> list[dict[str, Any]]:
    named = {"model": model} if model else {}
    return [
        {"id": f"{model}-{start + n}", "message": "m", "level": level, **named, **more}
        for n, level in enumerate(levels)
    ]


def test_the_environment_of_a_line_is_kept_told_and_searched(put: Put, project: Project, now: datetime) -> None:
    put("log", {"id": "a", "message": "m", "environment": "staging"}, {"id": "b", "message": "m"})
    drain(now=now)
    told = {
        row.event_id: event_to_wire(row)["environment"] for row in LogRecord.objects.select_related("version__model")
    }
    assert told == {"a": "staging", "b": "production"}
    asked = read_filter("log", {"environment": "staging"}, now=now + MINUTE)
    assert [row.event_id for row in filtered("log", project, asked)] == ["a"]


def test_levels_are_counted_by_model_version_and_environment(put: Put, project: Project, now: datetime) -> None:
    put(
        "log",
        *lines("info", "error", "critical", "audit", model="shop", version="1"),
        *lines("info", model="shop", start=9, environment="staging"),
    )
    drain(now=now)
    assert read(project, "log_records", "shop", now) == (5, 5)
    assert read(project, "error_logs", "shop", now) == (2, 5)
    assert read(project, "error_log_rate", "shop", now, environment="production") == (0.5, 4)
    assert read(project, "error_log_rate", "shop", now, environment="staging") == (0.0, 1)
    assert ModelVersion.objects.filter(model__slug="shop").count() == 1  # a line without a version is of the newest


def test_a_line_that_names_nobody_is_of_the_unknown_service(put: Put, project: Project, now: datetime) -> None:
    put("log", *lines("error", "info"))
    drain(now=now)
    assert read(project, "error_log_rate", "unknown-service", now) == (0.5, 2)
    assert Model.objects.get(slug="unknown-service").kind == Model.Kind.SERVICE
    asked = read_filter("log", {"model": "unknown-service"}, now=now + MINUTE)
    assert filtered("log", project, asked).count() == 2


def test_lines_of_a_model_that_serves_join_it(put: Put, credit_risk: Model, now: datetime) -> None:
    put("log", *lines("error", model="credit-risk"))
    drain(now=now)
    credit_risk.refresh_from_db()
    assert credit_risk.kind == Model.Kind.BINARY
    assert LogRecord.objects.get().version == credit_risk.versions.get()


@pytest.mark.parametrize(
    ("kind", "item", "becomes"),
    [
        ("prediction", {"prediction": 12.5}, Model.Kind.REGRESSION),
        ("prediction", {"prediction": "yes"}, Model.Kind.BINARY),
        ("llm_call", {"provider": "openai", "response": "hi"}, Model.Kind.LLM),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_a_service_becomes_what_its_first_answer_shows(
    put: Put, now: datetime, kind: str, item: dict[str, Any], becomes: str, together: bool
) -> None:
    put("log", *lines("info", model="m"))
    if not together:
        drain(now=now)
        assert Model.objects.get().kind == Model.Kind.SERVICE
    put(kind, {"id": "p", "model": "m", "version": "2", **item})
    drain(now=now)
    assert Model.objects.get().kind == becomes
    assert recount(start=now - DAY, end=now + DAY) == []


def test_what_a_person_has_reviewed_stays_what_it_is(put: Put, project: Project, now: datetime) -> None:
    Model.objects.create(project=project, slug="m", kind=Model.Kind.SERVICE, reviewed=True)
    put("log", *lines("info", model="m"))
    put("prediction", {"id": "p", "model": "m", "prediction": 12.5})
    drain(now=now)
    assert Model.objects.get().kind == Model.Kind.SERVICE


def test_a_resend_counts_once(put: Put, project: Project, now: datetime) -> None:
    for _ in range(2):
        put("log", *lines("error", "info", model="shop"))
        put("log", *lines("error", "info", "info", model="shop"))
        drain(now=now)
    assert read(project, "log_records", "shop", now) == (3, 3)
    assert recount(start=now - DAY, end=now + DAY) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sent=st.lists(
        st.tuples(st.sampled_from([*LEVELS, "audit"]), st.sampled_from(["", "shop", "desk"]), st.integers(0, 5_000)),
        max_size=30,
    )
)
def test_summaries_equal_a_recount_and_a_count_by_hand(put: Put, project: Project, now: datetime, sent: Any) -> None:
    LogRecord.objects.all().delete()
    Bucket.objects.all().delete()
    items = [
        {
            "id": f"line-{next(IDS)}",
            "message": "m",
            "level": level,
            "model": model,
            "ts": micros(now - minutes * MINUTE),
        }
        for level, model, minutes in sent
    ]
    if items:
        put("log", *items)
    drain(now=now)
    rollup(now=now)
    assert recount(start=now - 5 * DAY, end=now + DAY) == []
    for slug in ("shop", "desk"):
        mine = [level for level, model, _ in sent if model == slug]
        if mine:
            reading = measure_window("error_logs", scope(project, slug), start=now - 5 * DAY, end=now + DAY)
            assert (reading.value, reading.n) == (sum(level in ERRORS for level in mine), len(mine))


def test_raw_lines_are_dropped_by_whole_days_and_a_recount_knows(put: Put, project: Project, now: datetime) -> None:
    old = now - 9 * DAY
    put("log", *lines("error", "info", model="shop", ts=micros(old)), *lines("info", model="shop", start=5))
    put("prediction", {"id": "p", "model": "m", "prediction": "yes", "ts": micros(old)})
    drain(now=now)
    rollup(now=now)
    retain(now=now)
    assert LogRecord.objects.count() == 1
    floor = RetentionFloor.objects.get(kind="logs").start
    assert floor % 86_400 == 0
    assert floor <= (now - 7 * DAY).timestamp()
    assert recount(start=old - DAY, end=now + DAY) == []
    assert measure_window("log_records", scope(project, "shop"), start=old - DAY, end=now + HOUR).n == 3


def test_lines_of_before_count_nowhere_and_are_found_by_the_name_they_say(
    put: Put, project: Project, now: datetime
) -> None:
    put("log", *lines("error", model="shop"))
    drain(now=now)
    Bucket.objects.all().delete()
    LogRecord.objects.update(version=None)
    assert recount(start=now - DAY, end=now + DAY) == []
    asked = read_filter("log", {"model": "shop"}, now=now + MINUTE)
    assert filtered("log", project, asked).count() == 1
    assert "version" not in event_to_wire(LogRecord.objects.get())


def test_by_level(put: Put, project: Project, now: datetime) -> None:
    put("log", *lines("info", "info", "error", "audit", model="shop"))
    drain(now=now)
    model = Model.objects.get(slug="shop")
    edges = [now - HOUR, now + HOUR]

    def parts(name: str) -> dict[str, float | None]:
        found = series_by("level", name, scope(project, "shop"), model, edges=edges, now=now)
        return {part.value: part.points[0].value for part in found.parts}

    assert parts("log_records") == {"error": 1, "info": 2, "(other)": 1}
    assert parts("error_log_rate") == {"error": 0.25, "info": 0.5, "(other)": 0.25}
    with pytest.raises(ByError, match="error_log_rate and log_records"):
        parts("requests")


def test_an_objective_over_log_lines(put: Put, project: Project, now: datetime) -> None:
    put("log", *lines(*["info"] * 97, *["error"] * 3, model="shop", ts=micros(now - HOUR)))
    drain(now=now)
    shop = Model.objects.get(slug="shop")
    slo = SLO.objects.create(project=project, slug="quiet", name="Quiet", model=shop, sli="logs_not_error", target=0.95)
    status = slo_status(slo, now=now)
    assert (status.good, status.valid, status.state) == (97, 100, "ok")
    assert status.budget_left == pytest.approx(0.4)


def test_a_migration_keeps_words_and_what_takes_them_out(put: Put, project: Project, now: datetime) -> None:
    """SQLite copied the table to say whose lines are; retention must still take the words out with the lines."""
    put("log", {"id": "a", "message": "declined", "ts": micros(now - 9 * DAY)}, {"id": "b", "message": "declined"})
    drain(now=now)
    retain(now=now)
    asked = read_filter("log", {"q": "declined"}, now=now + MINUTE)
    assert [row.event_id for row in filtered("log", project, asked)] == ["b"]
