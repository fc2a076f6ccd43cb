"""The credit-risk service, minute by minute: predictions, then the outcomes, logs and loans that follow from them."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from demo.applicants import Applicant, customer, defaults, inputs, newcomer
from demo.scorecard import Scorecard
from demo.traffic import Event, arrivals, dice, milliseconds

MODEL = "credit-risk"
THRESHOLD = 0.5
CUSTOMERS = 6_000
ERROR_SHARE = 0.0008
LABELLED_SHARE = 0.97
LOGGED_SHARE = 0.05
GRANTED_SHARE = 0.06
REVIEWED_SHARE = 0.03
LABEL_DELAY = (12 * 60.0, 29 * 60.0)  # the earliest and the latest outcome, in seconds


class World(NamedTuple):
    """What can change: which version answers, and how many of the applicants the partner sent."""

    version: str
    newcomers: float = 0.0


def minute_of_credit(
    seed: int, minute: int, *, mean: float, world: World, cards: Mapping[str, Scorecard]
) -> list[Event]:
    """Everything caused by the requests of one minute; what follows later carries its later time."""
    rng = dice(seed, MODEL, minute)
    events: list[Event] = []
    for index, at in enumerate(arrivals(rng, minute, mean)):
        who = newcomer(rng) if rng.random() < world.newcomers else customer(rng)
        events += _request(rng, f"{minute:x}-{index}", at, who, world, cards[world.version])
    return events


def named(defaulted: bool) -> str:
    """The class: what the service decides, and what is true in the end."""
    return "default" if defaulted else "paid"


def _request(rng: Random, key: str, at: float, who: Applicant, world: World, card: Scorecard) -> list[Event]:
    """One application for credit from question to payment."""
    user = f"c{rng.randrange(CUSTOMERS):05d}"
    failed = rng.random() < ERROR_SHARE
    latency = round(min(900.0, rng.lognormvariate(3.75, 0.42)), 1)
    item = {
        "id": f"pred-{key}",
        "model": MODEL,
        "version": world.version,
        "ts": milliseconds(at),
        "features": who._asdict(),
        "latency_ms": latency,
        "request_id": f"req-c-{key}",
        "user_id": user,
        "segments": {"region": who.region, "channel": who.channel},
    }
    if failed:
        item |= {"status": "error", "error_type": "FeatureStoreTimeout", "latency_ms": 1_000.0 + latency}
        return [Event(at, "prediction", item), _log(key, at + 1.2, user, failed=True, decision="")]
    score = card.score(inputs(who))
    decision = named(score >= THRESHOLD)
    item |= {"prediction": decision, "score": round(score, 6)}
    return [Event(at, "prediction", item), *_consequences(rng, key, at, who, user, decision)]


def _consequences(rng: Random, key: str, at: float, who: Applicant, user: str, decision: str) -> list[Event]:
    """A log line for some, a loan for some of the approved, and the label half an hour later for nearly all."""
    events: list[Event] = []
    if rng.random() < LOGGED_SHARE:
        events.append(_log(key, at + 0.2, user, failed=False, decision=decision))
    if decision == "paid" and rng.random() < GRANTED_SHARE:
        events.append(_loan(key, at + rng.uniform(30, 240), who))
    label = named(defaults(rng, who))
    known = at + rng.uniform(*LABEL_DELAY)
    if rng.random() < LABELLED_SHARE:
        ids = {"id": f"out-{key}", "prediction_id": f"pred-{key}"}
        events.append(Event(known, "outcome", ids | {"label": label, "ts": milliseconds(known)}))
    if rng.random() < REVIEWED_SHARE:
        events.append(_second_look(rng, key, at, agrees=(label == decision) == (rng.random() < 0.9)))
    return events


def _second_look(rng: Random, key: str, at: float, *, agrees: bool) -> Event:
    """The thumb of an analyst who looks at some of the decisions."""
    seen = at + rng.uniform(120, 900)
    analyst = f"analyst-{rng.randrange(3)}"
    ids = {"id": f"look-{key}", "target_id": f"pred-{key}", "kind": "thumb", "user_id": analyst}
    return Event(seen, "feedback", ids | {"value": "up" if agrees else "down", "ts": milliseconds(seen)})


def _loan(key: str, at: float, who: Applicant) -> Event:
    """Revenue: the fee of a loan that was taken."""
    fee = {"name": "loan_granted", "value": round(who.income * 0.08, 2)}
    ids = {"id": f"loan-{key}", "kind": "business", "model": MODEL, "target_id": f"pred-{key}"}
    return Event(at, "event", ids | fee | {"ts": milliseconds(at)})


def _log(key: str, at: float, user: str, *, failed: bool, decision: str) -> Event:
    """One line of the service's own log, joined by the request."""
    line = {
        "id": f"log-c-{key}",
        "ts": milliseconds(at),
        "level": "error" if failed else "info",
        "model": MODEL,
        "logger": "credit.api",
        "message": "feature store did not answer in 1000 ms" if failed else f"decision {decision}",
        "request_id": f"req-c-{key}",
        "user_id": user,
    }
    return Event(at, "log", line)
