"""The state machine over thousands of evaluations: what the live evaluator does step by step, in one go. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alerting.states.machine import SEEN, Memory, Plan, Seen, State, advance, is_settled


@dataclass(frozen=True, slots=True)
class Slots:
    """Instants at an even distance."""

    first: datetime
    step: timedelta
    count: int

    def at(self, place: int) -> datetime:
        """One of them."""
        return self.first + self.step * place


@dataclass(frozen=True, slots=True)
class Move:
    """After the evaluation at `place` the alert remembers this."""

    place: int
    memory: Memory


@dataclass(frozen=True, slots=True)
class Stretch:
    """From the evaluation `start` until `end` (not included); `end` is the number of evaluations where it lasts."""

    start: int
    end: int


def replay(seen: NDArray[np.int64], slots: Slots, plan: Plan) -> list[Move]:
    """Every change, from an alert that was quiet. Evaluations while no clock runs and nothing changes are passed over."""
    memory, moves = Memory(), []
    for low, high in _runs(seen):
        one: Seen = SEEN[seen[low]]
        for place in range(low, high):
            trail = advance(memory, one, at=slots.at(place), plan=plan)
            moves += [Move(place, memory := step) for step in trail]
            if is_settled(memory, one, plan=plan):
                break
    return moves


def firings(moves: list[Move], count: int) -> list[Stretch]:
    """When it fired, until when."""
    return list(_stretches(moves, count, State.FIRING))


def _stretches(moves: list[Move], count: int, state: State) -> Iterator[Stretch]:
    start: int | None = None
    for move in moves:
        if move.memory.state == state and start is None:
            start = move.place
        elif move.memory.state != state and start is not None:
            yield Stretch(start, move.place)
            start = None
    if start is not None:
        yield Stretch(start, count)


def _runs(seen: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """[low, high) of equal neighbours."""
    edges = [0, *(np.flatnonzero(np.diff(seen)) + 1).tolist(), len(seen)]
    yield from ((low, high) for low, high in pairwise(edges) if high > low)
