"""Exactly once, whatever happens: SIGKILL at random, requests sent twice, parallel clients, truth before its event."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import House, house, web
from tests.monitoring.chaos import BATCH, CLIENTS, Killer, Posted, Posting, story

TABLES = {
    "predictions": "monitoring_prediction",
    "llm-calls": "monitoring_llmcall",
    "outcomes": "monitoring_outcome",
    "feedback": "monitoring_feedback",
}


def assert_balanced(mine: House) -> dict[str, int]:
    """The ledger balances at this instant."""
    ledger = mine.get("/api/v1/ledger")
    for counts in (ledger["total"], *ledger["kinds"].values()):
        assert counts["received"] == counts["accepted"] + counts["rejected"]
        assert counts["accepted"] == sum(counts[n] for n in ("stored", "duplicate", "dead_lettered", "pending"))
    return ledger["total"]


def assert_exactly_once(mine: House, posted: Posted) -> None:
    """Everything acknowledged is stored once, nothing else is, and every summary equals a recount."""
    for kind, table in TABLES.items():
        stored = [event_id for (event_id,) in mine.query(f"SELECT event_id FROM {table}")]
        assert len(stored) == len(set(stored))
        assert set(stored) == posted.acknowledged.get(kind, set())
    total = assert_balanced(mine)
    assert (total["pending"], total["dead_lettered"], total["rejected"]) == (0, 0, 0)
    assert total["stored"] == sum(len(ids) for ids in posted.acknowledged.values())
    mine.manage("recount")


def endure(folder: Path, *, events: int, kills: int, seed: int) -> str:
    """Post while the worker is killed; the figures."""
    with house(folder, ATALAIA_INBOX_MAX_ITEMS="100000000") as mine, web(mine):
        killer = Killer(mine, kills=kills, seed=seed)
        killer.start()
        posting = Posting(mine, story(events, seed=seed))
        began = time.monotonic()
        posting.start()
        while not killer.done.wait(0.2):
            assert_balanced(mine)
        killer.finish()
        posted = posting.finish()
        mine.manage("drain")
        seconds = time.monotonic() - began
        assert posted.sent_twice
        assert_exactly_once(mine, posted)
    told = sum(len(ids) for ids in posted.acknowledged.values())
    return (
        f"{told} events, {kills} kills, {posted.sent_twice} requests sent twice, {seconds:.0f} s to the last one stored"
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_thousand_events_and_five_kills(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
):
    record_property("figures", endure(tmp_path, events=100_000, kills=5, seed=seed))


@pytest.mark.slow
def test_with_the_drain_stopped_ingest_refuses_at_its_limit_and_everything_appears_afterwards(tmp_path: Path):
    with house(tmp_path, ATALAIA_INBOX_MAX_ITEMS="1000") as mine, web(mine):
        posting = Posting(mine, story(3_000, seed=3))
        posting.start()
        refusal = posting.first_refusal()
        assert (refusal.status, refusal.retry_after.isdigit()) == (503, True)
        assert 1_000 <= assert_balanced(mine)["pending"] < 1_000 + CLIENTS * BATCH
        worker = mine.start("manage.py", "tick", "--loop")
        try:
            posted = posting.finish()
        finally:
            worker.kill()
            worker.wait()
        mine.manage("drain")
        assert_exactly_once(mine, posted)
