"""The estimate between two looks at the inbox never falls below what waits, however threads overtake each other."""

from typing import Any

import pytest

from lib import clock
from monitoring.ingest import backpressure
from monitoring.ingest.codes import Refusal
from monitoring.selectors.ledger import Backlog


@pytest.fixture
def inbox(monkeypatch, settings):
    """Looks find what the test puts here, one after the other; a function stands for what happens meanwhile."""
    settings.INGEST = {**settings.INGEST, "inbox_max_items": 100}
    found: list[Any] = []

    def look() -> Backlog:
        waiting = found.pop(0)
        return Backlog(waiting() if callable(waiting) else waiting, None)

    monkeypatch.setattr(backpressure, "inbox_backlog", look)
    backpressure.forget()
    return found


def is_full() -> bool:
    try:
        backpressure.check_room(now=clock.real_now())
    except Refusal:
        return True
    return False


def test_what_is_added_since_the_look_counts_until_the_next(inbox):
    inbox += [40, 90, 10]
    assert not is_full()
    backpressure.note_accepted(60)
    assert is_full()
    backpressure.forget()
    assert not is_full()
    backpressure.note_accepted(10)
    assert is_full()
    backpressure.forget()
    assert not is_full()


def test_a_slow_look_that_ends_after_a_newer_one_forgets_nothing(inbox):
    def meanwhile() -> int:
        backpressure.note_accepted(100)
        backpressure.forget()
        assert is_full()
        return 0

    inbox += [meanwhile, 100]
    assert is_full()
