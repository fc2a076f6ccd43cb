"""The delivery service, minute by minute: how long a courier will take, then how long it took, told at the door."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from demo.orders import LONGEST, QUICKEST, VERSION, Order, inputs, minutes, order
from demo.scorecard import Scorecard
from demo.traffic import Event, arrivals, dice, milliseconds

MODEL = "delivery-time"
CUSTOMERS = 4_000
ERROR_SHARE = 0.001
DELIVERED_SHARE = 0.98


class World(NamedTuple):
    """Which version answers."""

    version: str = VERSION


def minute_of_delivery(
    seed: int, minute: int, *, mean: float, world: World, cards: Mapping[str, Scorecard]
) -> list[Event]:
    """Everything caused by the orders of one minute; what follows later carries its later time."""
    rng = dice(seed, MODEL, minute)
    events: list[Event] = []
    for index, at in enumerate(arrivals(rng, minute, mean)):
        events += _request(rng, f"{minute:x}-{index}", at, order(rng, at), world, cards[world.version])
    return events


def expected(card: Scorecard, what: Order) -> float:
    """What the model answers: minutes, within what deliveries ever took."""
    return round(min(LONGEST, max(QUICKEST, card.value(inputs(what)))), 1)


def _request(rng: Random, key: str, at: float, what: Order, world: World, card: Scorecard) -> list[Event]:
    """An order, and its delivery for nearly all: the label comes when the courier does, so long rides are told last."""
    latency = round(min(400.0, rng.lognormvariate(3.2, 0.35)), 1)
    item = {
        "id": f"ride-{key}",
        "model": MODEL,
        "version": world.version,
        "ts": milliseconds(at),
        "features": what._asdict(),
        "latency_ms": latency,
        "request_id": f"req-d-{key}",
        "user_id": f"d{rng.randrange(CUSTOMERS):05d}",
        "segments": {"vehicle": what.vehicle, "district": what.district},
    }
    if rng.random() < ERROR_SHARE:
        return [Event(at, "prediction", item | {"status": "error", "error_type": "MapServiceTimeout"})]
    events = [Event(at, "prediction", item | {"prediction": expected(card, what)})]
    taken = minutes(rng, what)
    if rng.random() < DELIVERED_SHARE:
        known = at + taken * 60
        label = {"id": f"door-{key}", "prediction_id": f"ride-{key}", "label": taken, "ts": milliseconds(known)}
        events.append(Event(known, "outcome", label))
    return events
