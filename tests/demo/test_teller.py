"""A story told ahead is the story told on the spot, and its process never outlives the one that asked."""

from datetime import UTC, datetime, timedelta
from multiprocessing import active_children

import pytest

from demo.sender import pack
from demo.story import Story, batches
from demo.teller import Teller
from demo.traffic import Traffic

ORIGIN = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def story(cards) -> Story:
    return Story(7, Traffic(ORIGIN.timestamp(), flat=True), cards)


def on_the_spot(story, start, end):
    return [pack(kind, items) for kind, items in batches(story.events(start.timestamp(), end.timestamp()))]


def test_what_was_asked_for_ahead_is_what_is_taken(story):
    expected = [on_the_spot(story, ORIGIN + hour * HOUR, ORIGIN + (hour + 1) * HOUR) for hour in range(3)]
    with Teller(story) as teller:
        for hour in range(3):
            assert teller.take(ORIGIN + hour * HOUR, ORIGIN + (hour + 1) * HOUR) == expected[hour]
            teller.ask(ORIGIN + (hour + 1) * HOUR, ORIGIN + (hour + 2) * HOUR)
    assert all(expected)


def test_what_was_asked_for_in_vain_is_dropped(story):
    with Teller(story) as teller:
        teller.ask(ORIGIN, ORIGIN + HOUR)
        teller.ask(ORIGIN, ORIGIN + 3 * HOUR)
        assert teller.take(ORIGIN + HOUR, ORIGIN + 2 * HOUR) == on_the_spot(story, ORIGIN + HOUR, ORIGIN + 2 * HOUR)


def test_the_process_ends_with_the_block_though_it_was_not_listened_to(story):
    with Teller(story) as teller:
        teller.ask(ORIGIN, ORIGIN + 6 * HOUR)
    assert active_children() == []
