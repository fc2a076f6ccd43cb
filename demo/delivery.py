"""The delivery service, minute by minute: how long a courier will take, then how long it took, told at the door."""

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

from demo.orders import LONGEST, QUICKEST, VERSION, Order, inputs, minutes, order
from demo.scorecard import Scorecard
from demo.traffic import Event, arrivals, dice, milliseconds

MODEL = "delivery-time"
CUSTOMERS = 4_000
ERROR_SHARE = 0.001
DELIVERED_SHARE = 0.98
RATED_SHARE = 0.15
TIP_SHARE = 0.12


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
    item: dict[str, Any] = {
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
    promised = expected(card, what)
    events = [Event(at, "prediction", item | {"prediction": promised})]
    taken = minutes(rng, what)
    if rng.random() < DELIVERED_SHARE:
        known = at + taken * 60
        label = {"id": f"door-{key}", "prediction_id": f"ride-{key}", "label": taken, "ts": milliseconds(known)}
        events += [Event(known, "outcome", label), *_thanks(rng, key, known, item["user_id"], late=taken - promised)]
    return events


def _thanks(rng: Random, key: str, at: float, user: str, *, late: float) -> list[Event]:
    """At the door some give one to five stars, fewer the longer they waited beyond what they were told, and some a tip."""
    events: list[Event] = []
    if rng.random() < RATED_SHARE:
        stars = max(1, min(5, round(4.6 - max(0.0, late) * 0.45 + rng.gauss(0, 0.5))))
        said = {"id": f"stars-{key}", "target_id": f"ride-{key}", "kind": "score", "value": stars, "user_id": user}
        events.append(Event(at, "feedback", said | {"ts": milliseconds(at)}))
    if rng.random() < TIP_SHARE and late < 3:
        tip = {"id": f"tip-{key}", "kind": "business", "name": "tip", "model": MODEL, "target_id": f"ride-{key}"}
        events.append(Event(at, "event", tip | {"value": round(rng.uniform(0.5, 3.0), 2), "ts": milliseconds(at)}))
    return events
