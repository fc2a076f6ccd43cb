"""A poison item ends alone among the dead letters; everything beside it is stored, and the ledger balances throughout."""

from datetime import datetime

import pytest
from django.db import OperationalError

from models_registry.models import Project
from monitoring import drain as stage
from monitoring.drain import drain
from monitoring.drain.dead_letters import replay
from monitoring.models import DeadLetter, InboxBody, Prediction
from monitoring.selectors.ledger import COLUMNS, read_ledger
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db
# Passes the typed decoder and no database: its microseconds do not fit 64 bits.
POISON = {"id": "poison", "model": "m", "prediction": "1", "ts": 2**70}


def good(event_id: str) -> dict[str, object]:
    return {"id": event_id, "model": "m", "prediction": "1"}


def balanced(project: Project) -> dict[str, int]:
    total = read_ledger(project_id=project.id)["total"]
    assert total["received"] == total["accepted"] + total["rejected"]
    assert total["accepted"] == sum(total[name] for name in ("stored", "duplicate", "dead_lettered", "pending"))
    return {name: total[name] for name in COLUMNS if total[name]}


def test_the_poison_item_alone_is_dead_lettered(project: Project, put: Put, now: datetime):
    put("prediction", *(good(f"a{n}") for n in range(5)))
    put("prediction", *(good(f"b{n}") for n in range(6)), POISON, *(good(f"c{n}") for n in range(4)))
    put("prediction", good("d"))
    drain(now=now)
    assert Prediction.objects.count() == 16
    assert "OverflowError" in DeadLetter.objects.get().error or "range" in DeadLetter.objects.get().error
    assert balanced(project) == {"received": 17, "accepted": 17, "stored": 16, "dead_lettered": 1}
    assert recount(start=now, end=now) == []


def test_items_that_cannot_be_read_are_set_aside(project: Project, put: Put, now: datetime):
    put("prediction", good("a"), {"id": "b", "model": 7}, good("c"))
    InboxBody.objects.filter(id=put("prediction", good("d"), good("e")).id).update(items=b"not json")
    drain(now=now)
    assert Prediction.objects.count() == 2
    assert sorted(DeadLetter.objects.values_list("count", flat=True)) == [1, 2]
    assert balanced(project) == {"received": 5, "accepted": 5, "stored": 2, "dead_lettered": 3}


def test_a_replay_goes_through_the_inbox_again(project: Project, put: Put, now: datetime):
    put("prediction", good("a"), POISON)
    drain(now=now)
    letter = DeadLetter.objects.get()
    letter.item = bytes(letter.item).replace(str(2**70).encode(), b"1773154800000000")
    letter.save()  # the cause is mended
    replay(letter, now=now)
    assert balanced(project) == {"received": 2, "accepted": 2, "stored": 1, "pending": 1}
    assert replay(letter, now=now) is None
    drain(now=now)
    assert balanced(project) == {"received": 2, "accepted": 2, "stored": 2}


def test_what_is_transient_is_tried_again_and_never_dead_lettered(
    project: Project, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    put("prediction", good("a"))
    failures = iter([OperationalError("database is locked"), OperationalError("server closed the connection")])
    really = stage.store

    def sometimes(*args: object) -> None:
        for failure in failures:
            raise failure
        really(*args)

    monkeypatch.setattr(stage, "store", sometimes)
    drain(now=now)
    assert balanced(project) == {"received": 1, "accepted": 1, "stored": 1}


def sent(put: Put, *items: dict[str, object]) -> InboxBody:
    """A body that keeps its sender's own bytes: times as they came."""
    return put("prediction", *items, as_sent=True)


def test_times_of_a_body_kept_as_sent_become_microseconds(put: Put, now: datetime):
    moments = [now.timestamp(), now.timestamp() * 1_000, int(now.timestamp()), now.isoformat()]
    sent(put, *({**good(f"a{n}"), "ts": ts} for n, ts in enumerate(moments)))
    drain(now=now)
    assert set(Prediction.objects.values_list("ts_us", flat=True)) == {micros(now)}


def test_a_dead_letter_of_a_body_kept_as_sent_is_replayed_with_its_own_time(project: Project, put: Put, now: datetime):
    odd = {"id": "b", "model": 7, "prediction": "1", "ts": now.timestamp() - 5}
    sent(put, {**good("a"), "ts": now.timestamp()}, odd, {**good("c"), "ts": "soon"}, {**good("d"), "ts": None})
    sent(put, {**good("e"), "ts": now.timestamp(), "score": 0.5}, {**good("f"), "ts": 2**70})
    drain(now=now)
    assert set(Prediction.objects.values_list("event_id", flat=True)) == {"a", "e"}
    assert balanced(project) == {"received": 6, "accepted": 6, "stored": 2, "dead_lettered": 4}
    (letter,) = (letter for letter in DeadLetter.objects.all() if b'"model":7' in bytes(letter.item))
    letter.item = bytes(letter.item).replace(b":7", b':"m"')
    letter.save()  # the cause is mended
    replay(letter, now=now)
    drain(now=now)
    assert Prediction.objects.get(event_id="b").ts_us == micros(now) - 5_000_000
    assert set(Prediction.objects.exclude(event_id="b").values_list("ts_us", flat=True)) == {micros(now)}
