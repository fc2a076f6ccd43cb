"""Patterns of stored lines: counted by the hour, the same by a recount, seen first and last in any order, capped with an honest other."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_registry.models import Model, Project
from monitoring.drain import codes, drain
from monitoring.models import Bucket, LogPattern, LogRecord
from monitoring.models.summaries import Tier
from monitoring.retention import retain
from monitoring.selectors.event_filters import FilterError, read_filter
from monitoring.selectors.events import filtered
from monitoring.selectors.patterns import Pattern, read_patterns, samples_of
from monitoring.stats.layouts import PATTERNS
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def line(number: int, message: str, at: datetime, level: str = "info", **more: Any) -> dict[str, Any]:
    return {"id": f"l{number}", "message": message, "level": level, "model": "shop", "ts": micros(at), **more}


def patterns(project: Project, now: datetime, **more: Any) -> dict[str, Pattern]:
    found = read_patterns(project, [now - DAY, now - HOUR, now + HOUR], **more)
    return {one.template: one for one in found.items}


def test_lines_are_grouped_by_level_and_pattern(put: Put, project: Project, now: datetime) -> None:
    put(
        "log",
        line(1, "order 1 declined", now - 3 * HOUR),
        line(2, "order 22 declined", now - MINUTE),
        line(3, "order 3 declined", now, "error"),
        line(4, "hello", now),
    )
    drain(now=now)
    found = read_patterns(project, [now - DAY, now - HOUR, now + HOUR])
    assert found.total == 4
    assert [(one.level, one.template, one.count, one.trend) for one in found.items] == [
        ("info", "order <num> declined", 2, (1, 1)),
        ("info", "hello", 1, (0, 1)),
        ("error", "order <num> declined", 1, (0, 1)),
    ]
    first = found.items[0]
    assert (first.first, first.last) == (now - 3 * HOUR, now - MINUTE)
    assert samples_of([first])[first.sample_ref].message == "order 22 declined"
    assert set(Bucket.objects.filter(series__metric=PATTERNS).values_list("tier", flat=True)) == {Tier.HOUR}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_the_template_of_a_client_comes_before_the_message(put: Put, project: Project, now: datetime) -> None:
    put(
        "log",
        line(1, "Maria paid", now, template="%s paid"),
        line(2, "Ana paid", now, template="%s paid"),
        line(3, "order 7 of Ana", now, template="order 7 of {name}"),  # an f-string put the number there
    )
    drain(now=now)
    assert {name: one.count for name, one in patterns(project, now).items()} == {
        "%s paid": 2,
        "order <num> of {name}": 1,
    }
    assert recount(start=now - DAY, end=now + DAY) == []


@pytest.mark.parametrize("seed", range(3))
def test_any_order_any_batches_and_any_repetition_give_the_same(
    put: Put, project: Project, now: datetime, seed: int
) -> None:
    dice = random.Random(seed)
    sent = [line(n, f"step {n} of part {'abc'[n % 3]}", now - n * 7 * MINUTE) for n in range(60)]
    twice = [*sent, *dice.sample(sent, 20)]
    dice.shuffle(twice)
    while twice:
        some, twice = twice[: (size := dice.randint(1, 25))], twice[size:]
        put("log", *some)
        drain(now=now)
    rollup(now=now)
    found = patterns(project, now)
    assert {name: one.count for name, one in found.items()} == {f"step <num> of part {part}": 20 for part in "abc"}
    assert {name[-1]: (one.first, one.last) for name, one in found.items()} == {
        part: (now - (57 + place) * 7 * MINUTE, now - place * 7 * MINUTE) for place, part in enumerate("abc")
    }
    assert recount(start=now - DAY, end=now + DAY) == []


def test_what_began_in_the_range_is_new(put: Put, project: Project, now: datetime) -> None:
    put("log", line(1, "old", now - 3 * DAY), line(2, "old", now), line(3, "fresh", now))
    drain(now=now)
    assert {name: one.is_new for name, one in patterns(project, now).items()} == {"old": False, "fresh": True}
    assert list(patterns(project, now, only_new=True)) == ["fresh"]
    assert patterns(project, now, level="error") == {}


def test_past_the_cap_there_is_an_honest_other(
    put: Put, project: Project, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MAX_PATTERNS", 3)
    put("log", *[line(n, f"word {'abcdefgh'[n]}", now) for n in range(8)])
    drain(now=now)
    put("log", *[line(10 + n, f"word {'abcdefgh'[n]}", now) for n in range(8)])
    drain(now=now)
    found = read_patterns(project, [now - DAY, now + HOUR])
    assert found.total == sum(one.count for one in found.items) == 16
    other = next(one for one in found.items if not one.id)
    assert (other.count, other.template, other.is_new, len(found.items)) == (10, "", False, 4)
    assert recount(start=now - DAY, end=now + DAY) == []


def test_lines_of_a_pattern_are_found_by_its_id(put: Put, project: Project, now: datetime) -> None:
    put("log", line(1, "order 1 declined", now), line(2, "order 2 declined", now), line(3, "order 2 shipped", now))
    drain(now=now)
    wanted = patterns(project, now)["order <num> declined"].id
    asked = read_filter("log", {"pattern": wanted}, now=now + MINUTE)
    assert {row.event_id for row in filtered("log", project, asked)} == {"l1", "l2"}
    with pytest.raises(FilterError, match="16 hexadecimal digits"):
        read_filter("log", {"pattern": "order"}, now=now)


def test_sums_outlive_lines_and_the_sample_goes_with_its_line(put: Put, project: Project, now: datetime) -> None:
    old = now - 9 * DAY
    put("log", line(1, "order 1 declined", old))
    drain(now=now)
    rollup(now=now)
    retain(now=now)
    assert not LogRecord.objects.exists()
    [one] = read_patterns(project, [now - 10 * DAY, now]).items
    assert (one.count, one.first) == (1, old)
    assert samples_of([one]) == {}
    assert recount(start=now - 10 * DAY, end=now + DAY) == []


def test_lines_of_before_have_no_pattern(put: Put, project: Project, now: datetime) -> None:
    put("log", line(1, "hello", now))
    drain(now=now)
    LogRecord.objects.update(pattern=None)
    Bucket.objects.filter(series__metric=PATTERNS).delete()
    LogPattern.objects.all().delete()
    assert recount(start=now - DAY, end=now + DAY) == []
    assert patterns(project, now) == {}


def test_the_api_tells_the_same(put: Put, project: Project, stopped_clock: datetime, as_ana: Client) -> None:
    now = stopped_clock
    put("log", line(1, "order 1 declined", now - HOUR, "error"), line(2, "hello", now - HOUR))
    drain(now=now)
    told = as_ana.get("/api/v1/log-patterns", {"project": project.slug, "level": "ERROR"}).json()
    assert (told["total"], told["left_out"], len(told["edges"])) == (2, 0, 25)
    [one] = told["items"]
    assert (one["template"], one["count"], one["new"], one["sample"]) == (
        "order <num> declined",
        1,
        True,
        "order 1 declined",
    )
    assert sum(one["trend"]) == 1
    [found] = as_ana.get("/api/v1/logs", {"project": project.slug, "pattern": one["id"]}).json()["items"]
    assert (found["id"], found["pattern"]) == ("l1", one["id"])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2020-01-01T00:00:00Z"}, "from"),
        ({"limit": "0"}, "limit"),
        ({"new": "yes"}, "new"),
        ({"model": "nobody"}, ""),
    ],
)
def test_what_cannot_be_asked_is_told(
    project: Project, stopped_clock: datetime, as_ana: Client, asked: dict[str, str], field: str
) -> None:
    answer = as_ana.get("/api/v1/log-patterns", {"project": project.slug, **asked})
    assert answer.status_code == (400 if field else 404)
    assert field in answer.content.decode()


def test_ten_services_cost_the_queries_of_one(put: Put, project: Project, now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            samples_of(read_patterns(project, [now - DAY, now + HOUR]).items)
        return len(found)

    put("log", line(1, "hello", now))
    drain(now=now)
    before = queries()
    put("log", *[line(n, f"hello {n}", now, model=f"service-{n}") for n in range(2, 12)])
    drain(now=now)
    assert Model.objects.count() == 11
    assert queries() == before
