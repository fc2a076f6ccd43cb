"""Costs by user, language model and day equal sums over the calls; pages are whole and bad questions get an answer."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall
from tests.api.test_reads import call as call  # a fixture

DAY = timedelta(days=1)
PRICES = {"gpt-4o": 2.5, "gpt-4o-mini": 0.15}


@pytest.fixture
def spent(call: Callable[..., Any], support_assistant: Model, stopped_clock: datetime) -> Callable[..., Any]:
    """A hundred calls of seven users over nine days of March, some of an unknown model, one of another application."""
    rng = random.Random(7)
    calls = [
        {
            "id": f"c{n}",
            "model": "support-assistant" if n else "other-app",
            "version": "1",
            "ts": (stopped_clock - timedelta(hours=rng.randrange(200))).isoformat(),
            "user_id": f"user-{n % 7}" if n % 10 else "",
            "provider": "openai",
            "response_model": rng.choice(["gpt-4o", "gpt-4o-mini", "mine"]),
            "usage": {"input": rng.randrange(10**6)},
            "prompt_name": "greet" if n % 3 else "",
            "prompt_version": str(n % 2),
        }
        for n in range(100)
    ]
    assert call("post", "llm-calls", calls).json()["accepted"] == 100
    drain_until_empty(now=stopped_clock)
    return call


def by_hand(key: Callable[[LLMCall], Any], **filters: Any) -> dict[Any, tuple[float, int, int]]:
    found: dict[Any, list[LLMCall]] = defaultdict(list)
    for row in LLMCall.objects.filter(**filters):
        found[key(row)].append(row)
    return {
        name: (
            round(sum(row.cost_nano or 0 for row in rows) / 1e9, 9),
            len(rows),
            sum(row.cost_nano is not None for row in rows),
        )
        for name, rows in found.items()
    }


def told(answer: dict[str, Any], *names: str) -> dict[Any, tuple[float, int, int]]:
    return {
        tuple(item[name] for name in names)[0 if len(names) == 1 else slice(None)]: (
            round(item["cost_usd"] or 0, 9),
            item["calls"],
            item["calls_costed"],
        )
        for item in answer["items"]
    }


def test_each_way_of_telling_equals_the_sum_over_calls(spent: Any) -> None:
    users = spent("get", "costs?by=user").json()
    assert told(users, "user_id") == {name: value for name, value in by_hand(lambda row: row.user_id).items() if name}
    assert [item["cost_usd"] for item in users["items"]] == sorted(
        (item["cost_usd"] for item in users["items"]), reverse=True
    )
    last = {item["user_id"]: item["last_seen"] for item in users["items"]}["user-3"]
    newest = LLMCall.objects.filter(user_id="user-3").order_by("-ts_us")[0].ts_us
    assert datetime.fromisoformat(last).timestamp() * 1e6 == newest

    models = spent("get", "costs?by=model").json()
    assert told(models, "provider", "language_model") == by_hand(lambda row: (row.provider, row.response_model))
    assert {item["language_model"]: item["cost_usd"] for item in models["items"]}["mine"] is None

    prompts = spent("get", "costs?by=prompt").json()
    hand = by_hand(lambda row: f"{row.prompt_name}@{row.prompt_version}", prompt_name="greet")
    assert told(prompts, "prompt") == hand

    days = spent("get", "costs?by=day").json()
    assert (days["first_day"], days["last_day"]) == ("2026-03-01", "2026-03-10")
    assert [item["day"] for item in days["items"]] == [f"2026-03-{day:02d}" for day in range(1, 11)]
    hand = by_hand(lambda row: datetime.fromtimestamp(row.ts_us / 1e6, UTC).date().isoformat())
    assert {day: value for day, value in told(days, "day").items() if value[1]} == hand


def test_one_application_and_a_shorter_range(spent: Any) -> None:
    only = spent(
        "get", "costs?by=model&model=support-assistant&from=2026-03-05T00:00:00Z&to=2026-03-06T05:00:00Z"
    ).json()
    start = int(datetime(2026, 3, 5, tzinfo=UTC).timestamp() * 1e6)
    end = start + 2 * 86_400_000_000
    hand = by_hand(
        lambda row: row.response_model, ts_us__gte=start, ts_us__lt=end, version__model__slug="support-assistant"
    )
    assert told(only, "language_model") == hand


@pytest.mark.parametrize("by", ["user", "model", "prompt", "day"])
def test_pages_hold_everything_once(spent: Any, by: str) -> None:
    whole = spent("get", f"costs?by={by}").json()["items"]
    pages, cursor = [], ""
    while cursor is not None:
        answer = spent("get", f"costs?by={by}&limit=2&cursor={cursor}").json()
        pages += answer["items"]
        cursor = answer["next"]
    assert pages == whole
    assert len(whole) > 2 or by == "prompt"


def test_the_month_is_projected_by_its_days_so_far(spent: Any, stopped_clock: datetime) -> None:
    month = spent("get", "costs?by=day").json()["projected_month_usd"]
    everything = sum(row.cost_nano or 0 for row in LLMCall.objects.all()) / 1e9
    first = LLMCall.objects.exclude(cost_nano=None).order_by("ts_us")[0].ts_us // 86_400_000_000
    elapsed = stopped_clock.timestamp() / 86_400 - first
    left = 31 - (stopped_clock - datetime(2026, 3, 1, tzinfo=UTC)) / DAY
    assert month["spent"] == pytest.approx(everything)
    assert month["value"] == pytest.approx(everything + everything / elapsed * left)
    assert everything <= month["low"] < month["value"] < month["high"]
    start = "2026-03-01T00:00:00Z"
    [point] = spent(
        "get",
        f"series?measure=projected_month_usd&model=support-assistant&from={start}&to=2026-03-10T15:00:00Z&step=20d",
    ).json()["points"]
    ours = [
        row for row in LLMCall.objects.filter(version__model__slug="support-assistant") if row.cost_nano is not None
    ]
    assert point["n"] == len(ours)
    assert point["low"] < point["value"] < point["high"]


def test_nothing_spent_is_no_projection(call: Any, stopped_clock: datetime) -> None:
    answer = call("get", "costs?by=user").json()
    assert (answer["items"], answer["next"], answer["projected_month_usd"]) == ([], None, None)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("", 400, "/by"),
        ("by=colour", 400, "/by"),
        ("by=user&from=x", 400, "/from"),
        ("by=user&from=2026-03-10T00:00:00Z&to=2026-03-01T00:00:00Z", 400, "/to"),
        ("by=user&from=2025-01-01T00:00:00Z", 400, "/from"),
        ("by=user&limit=0", 400, "/limit"),
        ("by=user&cursor=xx", 400, "/cursor"),
        ("by=day&cursor=%F0%9F%98%80", 400, "/cursor"),
        ("by=user&cursor=WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAsIngiXQ==", 400, "/cursor"),  # 10^30
        ("by=user&cursor=WzEsImFcdTAwMDAiXQ==", 400, "/cursor"),  # NUL
        ("by=user&model=none", 404, ""),
    ],
)
def test_what_cannot_be_answered_says_what_to_mend(
    call: Any, stopped_clock: datetime, query: str, status: int, pointer: str
) -> None:
    answer = call("get", f"costs?{query}")
    assert answer.status_code == status, answer.content
    assert [error["pointer"] for error in answer.json().get("errors", [])] == ([pointer] if pointer else [])


def test_a_stranger_sees_nothing(spent: Any, as_caio: Client) -> None:
    assert as_caio.get("/api/v1/costs?by=user&project=aurora").status_code == 403
    assert Client().get("/api/v1/costs?by=user").status_code == 401
