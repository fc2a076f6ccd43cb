"""Flapping by Nagios's measure: equal to its loop where looks and places coincide, and with hysteresis."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from alerting.states.flap_detection import BEGINS_AT, ENDS_BELOW, PLACES, flap_window, flaps, recent, share

LOOK = 180.0
WINDOW = LOOK * PLACES
NOW = 1_000_000.0


def as_nagios_counts(history: list[bool]) -> float:
    """The loop of base/flapping.c, in its own words: 21 results, oldest first."""
    changes = 0.0
    for x in range(1, len(history)):
        if history[x] != history[x - 1]:
            changes += (x - 1) * (1.25 - 0.75) / (len(history) - 2) + 0.75
    return changes / (len(history) - 1)


def turns_of(history: list[bool]) -> list[float]:
    """The moments of the looks that differ from the one before; the newest is now."""
    last = len(history) - 1
    return [NOW - (last - x) * LOOK for x in range(1, len(history)) if history[x] != history[x - 1]]


@given(some.lists(some.booleans(), min_size=PLACES + 1, max_size=PLACES + 1))
def test_the_share_is_that_of_nagios(history: list[bool]) -> None:
    assert share(turns_of(history), at=NOW, window=WINDOW) == pytest.approx(min(as_nagios_counts(history), 1.0))


turns = some.lists(some.floats(0, 2 * WINDOW), max_size=40).map(lambda ages: sorted(NOW - age for age in ages))


@given(turns, some.floats(0, WINDOW))
def test_time_without_a_turn_only_calms(found: list[float], later: float) -> None:
    assert share(found, at=NOW + later, window=WINDOW) <= share(found, at=NOW, window=WINDOW)


@given(turns)
def test_one_more_turn_never_calms_and_what_is_forgotten_did_not_count(found: list[float]) -> None:
    before = share(found, at=NOW, window=WINDOW)
    assert before <= share([*found, NOW], at=NOW, window=WINDOW) <= 1
    assert share(recent(found, at=NOW, window=WINDOW), at=NOW, window=WINDOW) == before


@given(turns)
def test_what_begins_to_flap_does_not_end_at_once(found: list[float]) -> None:
    if flaps(False, found, at=NOW, window=WINDOW):
        assert flaps(True, found, at=NOW, window=WINDOW)


def test_four_turns_in_an_hour_flap_and_an_hour_of_quiet_ends_it() -> None:
    found = [NOW - minutes * 60 for minutes in (30, 20, 10, 0)]
    assert not flaps(False, found[:3], at=NOW - 600, window=WINDOW)
    assert flaps(False, found, at=NOW, window=WINDOW)
    assert flaps(True, found, at=NOW + 49 * 60, window=WINDOW)
    assert not flaps(True, found, at=NOW + 60 * 60, window=WINDOW)
    assert BEGINS_AT > ENDS_BELOW


def test_rules_that_look_seldom_look_back_further() -> None:
    assert flap_window(timedelta(seconds=15)) == 3_600
    assert flap_window(timedelta(hours=1)) == 20 * 3_600
