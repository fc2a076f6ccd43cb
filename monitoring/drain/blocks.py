"""Which sightings may be of one call at all: those that share a response id or a trace, or failed or streamed at one time.

Only what is in one block is compared; blocks do not depend on the order in which sightings came. Pure, but for the type.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from monitoring.drain.sights import Sight
from monitoring.llm.dialects.same_call import TIME_US


def blocks(sights: Sequence[Sight]) -> list[list[Sight]]:
    """The sightings (of one project) in blocks; most are alone."""
    root = list(range(len(sights)))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    first: dict[Hashable, int] = {}
    for place, one in enumerate(sights):
        for key in _keys(one):
            if (other := first.setdefault(key, place)) != place:
                root[find(place)] = find(other)
    for left, right in _at_once(sights):
        root[find(left)] = find(right)
    found: defaultdict[int, list[Sight]] = defaultdict(list)
    for place, sight in enumerate(sights):
        found[find(place)].append(sight)
    return list(found.values())


def _keys(sight: Sight) -> Iterable[Hashable]:
    call = sight.reading.call
    if call.get("response_id"):
        yield "response", call["response_id"]
    for one in sight.reading.sightings:
        if one.trace_id:
            yield "trace", one.trace_id
    if sight.call_ref is not None:
        yield "call", sight.call_ref


def _at_once(sights: Sequence[Sight]) -> Iterable[tuple[int, int]]:
    """Those that nothing but their time can join, with all that begin when they do."""
    alone = [place for place, sight in enumerate(sights) if sight.needs_time]
    if not alone:
        return
    order = sorted((sight.reading.start_us, place) for place, sight in enumerate(sights) if not sight.bears)
    for place in alone:
        start_us = sights[place].reading.start_us
        for _, other in order[bisect_left(order, (start_us - TIME_US, -1)) :]:
            if sights[other].reading.start_us > start_us + TIME_US:
                break
            yield place, other
