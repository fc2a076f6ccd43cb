"""The life of an incident: which move leads where. Pure: no Django, no database.

Open, acknowledged, mitigated, resolved, closed (after its review), and merged into another. Work goes on in the first three;
nobody has to pass through all of them, because alerts recover without asking. A move that was made already changes
nothing, so that two people who press the same button agree.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where the work stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"


class Move(StrEnum):
    """What leads from one state to another."""

    ACKNOWLEDGE = "acknowledge"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"


UNDER_WAY: Final = frozenset({State.OPEN, State.ACKNOWLEDGED, State.MITIGATED})
IN_HAND: Final = frozenset({State.ACKNOWLEDGED, State.MITIGATED})
OVER: Final = frozenset(State) - UNDER_WAY

_FROM: Final[Mapping[Move, frozenset[State]]] = {
    Move.ACKNOWLEDGE: frozenset({State.OPEN}),
    Move.MITIGATE: frozenset({State.OPEN, State.ACKNOWLEDGED}),
    Move.RESOLVE: UNDER_WAY,
    Move.CLOSE: frozenset({State.RESOLVED}),
    # A mitigation may turn out not to hold; what was merged lives on in another.
    Move.REOPEN: frozenset({State.MITIGATED, State.RESOLVED, State.CLOSED}),
    Move.MERGE: UNDER_WAY | {State.RESOLVED},
}
_TO: Final[Mapping[Move, State]] = {
    Move.ACKNOWLEDGE: State.ACKNOWLEDGED,
    Move.MITIGATE: State.MITIGATED,
    Move.RESOLVE: State.RESOLVED,
    Move.CLOSE: State.CLOSED,
    Move.REOPEN: State.OPEN,
    Move.MERGE: State.MERGED,
}
# Where the aim of a move has been reached, or passed.
_DONE: Final[Mapping[Move, frozenset[State]]] = {
    **{move: frozenset({state}) for move, state in _TO.items()},
    Move.ACKNOWLEDGE: IN_HAND,
    Move.RESOLVE: frozenset({State.RESOLVED, State.CLOSED}),
    # What was merged once may be meant to go elsewhere now: nobody is told that it did.
    Move.MERGE: frozenset(),
}


def step(state: State, move: Move) -> State | None:
    """Where the move leads; the same state where it was made already, None where it cannot be made."""
    if state in _FROM[move]:
        return _TO[move]
    return state if state in _DONE[move] else None


def possible(state: State) -> list[Move]:
    """The moves that change something, in the order of a life."""
    return [move for move in Move if state in _FROM[move]]
