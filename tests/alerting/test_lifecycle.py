"""The life of an incident as a pure machine: every walk through it keeps the promises that pages and messages rely on."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from alerting.models import Incident
from alerting.states.lifecycle import IN_HAND, OVER, UNDER_WAY, Move, State, possible, step

moves = some.lists(some.sampled_from(Move), max_size=30)


def walk(asked: list[Move]) -> list[State]:
    found = [State.OPEN]
    for move in asked:
        found.append(step(found[-1], move) or found[-1])
    return found


def test_the_columns_know_the_states_of_the_machine() -> None:
    assert Incident.State.values == [state.value for state in State]


def test_the_table_of_the_documentation() -> None:
    table = {(state, move): step(state, move) for state in State for move in Move}
    changing = {key: after for key, after in table.items() if after not in (None, key[0])}
    assert changing == {
        (State.OPEN, Move.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.OPEN, Move.MITIGATE): State.MITIGATED,
        (State.ACKNOWLEDGED, Move.MITIGATE): State.MITIGATED,
        **{(state, Move.RESOLVE): State.RESOLVED for state in UNDER_WAY},
        (State.RESOLVED, Move.CLOSE): State.CLOSED,
        **{(state, Move.REOPEN): State.OPEN for state in (State.MITIGATED, State.RESOLVED, State.CLOSED)},
        **{(state, Move.MERGE): State.MERGED for state in (*UNDER_WAY, State.RESOLVED)},
    }


@given(moves)
def test_what_is_possible_is_what_changes(asked: list[Move]) -> None:
    state = walk(asked)[-1]
    assert possible(state) == [move for move in Move if step(state, move) not in (None, state)]


@given(moves, some.sampled_from([move for move in Move if move != Move.MERGE]))
def test_a_move_made_twice_is_made_once(asked: list[Move], move: Move) -> None:
    once = step(walk(asked)[-1], move)
    assert once is None or step(once, move) == once


@given(moves)
def test_nothing_is_closed_that_was_not_resolved_and_nothing_leaves_a_merge(asked: list[Move]) -> None:
    trail = walk(asked)
    for before, after in pairwise(trail):
        assert after != State.CLOSED or before in (State.RESOLVED, State.CLOSED)
        assert before != State.MERGED or after == State.MERGED
        assert before not in OVER or after in OVER or after == State.OPEN, "what is over only begins anew"


def test_every_state_is_under_way_or_over_and_can_be_left_but_by_what_was_merged() -> None:
    assert frozenset(State) == UNDER_WAY | OVER
    assert not UNDER_WAY & OVER
    assert IN_HAND < UNDER_WAY
    assert [state for state in State if not possible(state)] == [State.MERGED]
