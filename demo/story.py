"""The story: a pure function from (seed, episodes, interval) to the items that the observed services post.

The atom is the minute: its items depend on the seed and on the minute only, and those that follow later (labels,
thumbs) are found again by telling the last minutes once more. So a story has no state: it can be told in any
steps, stopped anywhere and taken up again, and every item keeps its id.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from demo import assistant, credit, delivery, orders
from demo.scenarios import prompt_truncation, silent_degradation
from demo.scenarios.scenario import Episode, World
from demo.scorecard import Scorecard
from demo.traffic import MINUTE, Event, Traffic, milliseconds

LONGEST_ECHO = 61 * MINUTE  # nothing follows a request later than this
BATCH = 2_000
KINDS = (
    "event",
    "prediction",
    "llm_call",
    "outcome",
    "feedback",
    "log",
    "span",
)  # what others refer to is posted first
# Of the pilot, on the mean of a week.
REQUESTS_A_MINUTE = {credit.MODEL: 4_800 / 1_440, assistant.MODEL: 2_400 / 1_440, delivery.MODEL: 1_000 / 1_440}
ORDINARY: dict[str, World] = {
    credit.MODEL: silent_degradation.world(-1.0),
    assistant.MODEL: prompt_truncation.world(-1.0),
    delivery.MODEL: delivery.World(),
}  # before any episode
FIRST_DEPLOYS = {
    credit.MODEL: silent_degradation.BEFORE,
    assistant.MODEL: assistant.APPLICATION,
    delivery.MODEL: orders.VERSION,
}
LAUNCH = {"kind": "business", "name": "opened_to_everybody"}


class Story:
    """Who plays, at what traffic, and what happens to them. The same arguments tell the same story."""

    def __init__(
        self,
        seed: int,
        traffic: Traffic,
        cards: Iterable[Scorecard],
        *,
        episodes: tuple[Episode, ...] = (),
        models: tuple[str, ...] = (credit.MODEL, assistant.MODEL, delivery.MODEL),
        rate: float = 1.0,
    ) -> None:
        """`rate` multiplies the requests a minute of every model."""
        self.seed = seed
        self.traffic = traffic
        self.cards: Mapping[str, Scorecard] = {card.version: card for card in cards}
        self.episodes = episodes
        self.models = models
        self.rate = rate
        self._minute = lru_cache(maxsize=LONGEST_ECHO // MINUTE + 8)(self._tell_minute)

    def world(self, model: str, at: float) -> World:
        """The world of a model at a moment (epoch seconds), as the episode that began last has left it."""
        begun = [one for one in self.episodes if one.scenario.model == model and one.onset <= at]
        if not begun:
            return ORDINARY[model]
        latest = max(begun, key=lambda episode: episode.onset)
        return latest.scenario.world(at - latest.onset)

    def events(self, start: float, end: float) -> list[Event]:
        """Everything posted in [start, end), in order of time; nothing before the story's origin."""
        first = int(max(start - LONGEST_ECHO, self.traffic.origin)) // MINUTE
        last = int(end) // MINUTE
        told = [event for minute in range(first, last + 1) for event in self._minute(minute)]
        told += self._markers()
        return sorted((event for event in told if start <= event.at < end), key=lambda event: event.at)

    def _tell_minute(self, minute: int) -> tuple[Event, ...]:
        """The minute's requests of every model, and what follows from them."""
        events: list[Event] = []
        level = self.traffic.level(minute * MINUTE) * self.rate
        for model in self.models:
            world = self.world(model, minute * MINUTE)
            mean = REQUESTS_A_MINUTE[model] * level
            if isinstance(world, credit.World):
                events += credit.minute_of_credit(self.seed, minute, mean=mean, world=world, cards=self.cards)
            elif isinstance(world, delivery.World):
                events += delivery.minute_of_delivery(self.seed, minute, mean=mean, world=world, cards=self.cards)
            else:
                events += assistant.minute_of_assistant(self.seed, minute, mean=mean, world=world)
        return tuple(events)

    def _markers(self) -> list[Event]:
        """Changes that were announced: the first deploy of each model, those of the episodes, the launch."""
        origin = self.traffic.origin
        markers = [
            _marker(f"mark-{model}", origin, {"kind": "deploy", "model": model, "version": FIRST_DEPLOYS[model]})
            for model in self.models
        ]
        if not self.traffic.flat:
            launches = [(model, {**LAUNCH, "model": model}) for model in self.models]
            markers += [_marker(f"mark-{model}-launch", self.traffic.launch, item) for model, item in launches]
        for episode in self.episodes:
            for index, marker in enumerate(episode.scenario.markers):
                at = episode.onset + marker.after.total_seconds()
                markers.append(_marker(f"mark-{episode.scenario.slug}-{index}", at, marker.item))
        return markers


def _marker(key: str, at: float, item: Mapping[str, Any]) -> Event:
    return Event(at, "event", {"id": key, "ts": milliseconds(at), **item})


def batches(events: Iterable[Event], size: int = BATCH) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The items of the events by kind, each kind in order of time, at most `size` to a request."""
    by_kind: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for event in events:
        by_kind[event.kind].append(event.item)
    for kind, items in by_kind.items():
        for first in range(0, len(items), size):
            yield kind, items[first : first + size]
