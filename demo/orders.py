"""What a courier has to carry, and how many minutes it takes: the world that the delivery model learns from."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from demo.traffic import LOCAL_OFFSET

VEHICLES = ("bike", "motorbike", "car")
VEHICLE_SHARES = (35, 50, 15)
MINUTES_PER_KM = {"bike": 4.3, "motorbike": 2.5, "car": 3.1}
DISTRICTS = ("centro", "leste", "norte", "oeste", "sul")
DISTRICT_SHARES = (30, 18, 14, 20, 18)
RUSH = {
    11: 0.25,
    12: 0.45,
    13: 0.30,
    18: 0.40,
    19: 0.55,
    20: 0.35,
}  # of the local hour: how much slower the streets are
QUICKEST, LONGEST = 7.0, 58.0
ROWS = 6_000  # of the training set
VERSION = "3.1.0"


class Order(NamedTuple):
    """What the model sees."""

    distance_km: float
    items: int
    weight_kg: float
    hour: int
    rain: bool
    vehicle: str
    district: str


def order(rng: Random, at: float) -> Order:
    """An order placed at a moment (epoch seconds)."""
    items = 1 + min(14, int(rng.expovariate(0.45)))
    return Order(
        distance_km=round(min(9.0, 0.4 + rng.gammavariate(2.0, 1.1)), 2),
        items=items,
        weight_kg=round(items * rng.uniform(0.2, 1.1), 2),
        hour=datetime.fromtimestamp(at + LOCAL_OFFSET, UTC).hour,
        rain=rng.random() < 0.18,
        vehicle=rng.choices(VEHICLES, VEHICLE_SHARES)[0],
        district=rng.choices(DISTRICTS, DISTRICT_SHARES)[0],
    )


def minutes(rng: Random, what: Order) -> float:
    """How long it takes from the order to the door."""
    ride = what.distance_km * MINUTES_PER_KM[what.vehicle] * (1 + RUSH.get(what.hour, 0.0))
    wet = 1.3 if what.rain and what.vehicle != "car" else 1.1 if what.rain else 1.0
    taken = 5.0 + 0.9 * what.items + ride * wet
    return round(min(LONGEST, max(QUICKEST, taken * rng.lognormvariate(0, 0.13))), 1)


def inputs(what: Order) -> tuple[float, ...]:
    """The numbers of the regression: distance for each vehicle, dry, wet and in the rush, what is packed, the district."""
    rush, wet = RUSH.get(what.hour, 0.0), 1.0 if what.rain else 0.0
    rides = [
        part
        for vehicle in VEHICLES
        for distance in [what.distance_km if what.vehicle == vehicle else 0.0]
        for part in (distance, distance * rush, distance * wet)
    ]
    here = [1.0 if what.district == district else 0.0 for district in DISTRICTS[1:]]
    return (*rides, float(what.items), math.log1p(what.weight_kg), *here)


def training_set(*, seed: int, rows: int = ROWS) -> tuple[Sequence[Order], Sequence[float]]:
    """Past orders with the minutes they took, at any hour of the day."""
    rng = Random(f"{seed}/train/{VERSION}")  # noqa: S311
    orders = [order(rng, rng.randrange(86_400)) for _ in range(rows)]
    return orders, [minutes(rng, one) for one in orders]
