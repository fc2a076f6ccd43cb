"""Who asks for credit, and who pays back. Two populations: customers of years, and newcomers of a partner app."""

import math
from random import Random
from typing import NamedTuple

REGIONS = ("sudeste", "sul", "nordeste", "centro-oeste", "norte")
REGION_SHARES = (42, 18, 24, 9, 7)
CHANNELS = ("app", "web", "branch")
CHANNEL_SHARES = (62, 27, 11)
PARTNER = "partner"
ROWS = 8_000  # of a training set
TRAINED_ON = {"7.2.0": 0.0, "7.3.0": 0.5}  # version to the share of newcomers among those it learned from


class Applicant(NamedTuple):
    """What the model sees; money in BRL a month, tenure in months."""

    income: float
    debt_ratio: float
    age: int
    utilisation: float
    late_payments: int
    tenure: float
    region: str
    channel: str


def customer(rng: Random) -> Applicant:
    """Someone from the population of the first training set."""
    return Applicant(
        income=round(rng.lognormvariate(math.log(4_200), 0.45), 2),
        debt_ratio=round(rng.betavariate(2.0, 4.0), 4),
        age=int(min(78, max(18, rng.gauss(42, 12)))),
        utilisation=round(rng.betavariate(1.6, 2.4), 4),
        late_payments=min(12, int(rng.expovariate(0.8))),
        tenure=round(min(240.0, rng.expovariate(1 / 50)), 1),
        region=rng.choices(REGIONS, REGION_SHARES)[0],
        channel=rng.choices(CHANNELS, CHANNEL_SHARES)[0],
    )


def newcomer(rng: Random) -> Applicant:
    """A gig worker sent by the partner: low declared income, new account, a prepaid card that is always full."""
    return Applicant(
        income=round(rng.lognormvariate(math.log(2_300), 0.5), 2),
        debt_ratio=round(rng.betavariate(2.4, 3.2), 4),
        age=int(min(60, max(18, rng.gauss(27, 6)))),
        utilisation=round(rng.betavariate(4.0, 1.8), 4),
        late_payments=min(12, int(rng.expovariate(1.0))),
        tenure=round(min(36.0, rng.expovariate(1 / 6)), 1),
        region=rng.choices(REGIONS, (20, 8, 48, 8, 16))[0],
        channel=PARTNER,
    )


def defaults(rng: Random, who: Applicant) -> bool:
    """Whether they will fail to pay. For newcomers a full card is habit, not distress, and short tenure says nothing."""
    if who.channel == PARTNER:
        logit = -3.2 + 8.0 * who.debt_ratio + 1.4 * who.late_payments - 3.6 * who.utilisation
    else:
        logit = (
            -7.6
            + 6.5 * who.debt_ratio
            + 8.5 * who.utilisation
            + 1.5 * who.late_payments
            - 1.9 * math.log(who.income / 4_200)
            - 0.020 * who.tenure
            - 0.030 * (who.age - 42)
        )
    return rng.random() < 1.0 / (1.0 + math.exp(-1.6 * logit))


def training_set(version: str, *, seed: int, newcomers: float, rows: int = ROWS) -> tuple[list[Applicant], list[bool]]:
    """Applicants with their outcomes, as this version learned from them; `newcomers` is the partner's share."""
    rng = Random(f"{seed}/train/{version}")  # noqa: S311
    people = [newcomer(rng) if rng.random() < newcomers else customer(rng) for _ in range(rows)]
    return people, [defaults(rng, who) for who in people]


def inputs(who: Applicant) -> tuple[float, ...]:
    """The 13 inputs of the classifier: six numbers, whether the partner sent them, and the six again if so."""
    numbers = (
        math.log(who.income),
        who.debt_ratio,
        float(who.age),
        who.utilisation,
        float(who.late_payments),
        who.tenure,
    )
    partner = 1.0 if who.channel == PARTNER else 0.0
    return (*numbers, partner, *(partner * number for number in numbers))
