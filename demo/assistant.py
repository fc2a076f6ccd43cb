"""The support assistant, minute by minute: calls of a language model, then feedback, logs and conversions."""

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

from demo.phrases import COMPLAINTS, CUT_OFF, DETAILS, OPENINGS, PRAISE, PRODUCTS, SYSTEM, SYSTEM_DETAILED, TOPICS
from demo.steps import traced
from demo.traffic import MINUTE, Event, arrivals, dice, milliseconds

MODEL = "support-assistant"
APPLICATION = "1.9.0"
PROMPT = "support-answer"
PROVIDER = "openai"
LANGUAGE_MODEL = "gpt-4o-mini"
CUSTOMERS = 9_000
VISIT, QUESTIONS = 1_800, 4  # a visit lasts so many seconds, and brings so many questions on the mean
ERROR_SHARE = 0.002
LOGGED_SHARE = 0.08
RATED_SHARE = 0.25
INCOMPLETE, OTHER_FAULTS = "incompleta", ("errada", "confusa")
LARGER_MODEL = "gpt-4o"
SNAPSHOTS = {LANGUAGE_MODEL: "gpt-4o-mini-2024-07-18", LARGER_MODEL: "gpt-4o-2024-08-06"}
USD_PER_TOKEN = {
    LANGUAGE_MODEL: {"input": 0.15e-6, "cached_input": 0.075e-6, "output": 0.60e-6},
    LARGER_MODEL: {"input": 2.50e-6, "cached_input": 1.25e-6, "output": 10.0e-6},
}
SYSTEM_TOKENS = 1_024  # the instructions and the knowledge base; cached by the provider most of the time
TOKENS_PER_WORD = 1.5


class World(NamedTuple):
    """What can change: the prompt, how long the answers are and may be, and what the application does with them."""

    prompt_version: str
    median_tokens: float = 150.0
    max_tokens: int = 700
    detailed: bool = False
    application: str = APPLICATION
    refused: float = 0.0  # share of the answers that the application's own check refuses
    retries: int = 0  # how often it then asks the larger model, each time with all that was said


class Exchange(NamedTuple):
    """A question and its answer, cut where the limit cut it."""

    topic: str
    question: str
    answer: str
    output_tokens: int
    truncated: bool


def minute_of_assistant(seed: int, minute: int, *, mean: float, world: World) -> list[Event]:
    """Everything caused by the requests of one minute; what follows later carries its later time."""
    rng = dice(seed, MODEL, minute)
    events: list[Event] = []
    for index, at in enumerate(arrivals(rng, minute, mean)):
        key = f"{minute:x}-{index}"
        events += traced(key, _request(rng, key, at, world, mean))
    return events


def _request(rng: Random, key: str, at: float, world: World, mean: float) -> list[Event]:
    """One question of a customer, from the call to the consequences."""
    visit = int(at) // VISIT
    user = _customer(rng.randrange(CUSTOMERS), visit, mean)
    said = _exchange(rng, world)
    item = _call(rng, key, at, world, said) | {"user_id": user, "session_id": f"sess-{user}-{visit:x}"}
    if rng.random() < ERROR_SHARE:
        lost = {"status": "error", "error_type": "RateLimitError", "finish_reason": "error", "response": None}
        item |= lost | {"usage": None, "cost_usd": None, "ttft_ms": None}
        line = _log(key, at + 2.0, user, "error", "provider answered 429, giving up after 3 attempts")
        return [Event(at, "llm_call", item), line]
    events = [Event(at, "llm_call", item), *_feedback(rng, key, at, user, truncated=said.truncated)]
    if world.refused:
        events += _asked_again(rng, key, item, world)
    if rng.random() < LOGGED_SHARE:
        level, text = ("warning", "answer reached max_tokens") if said.truncated else ("info", f"answered {said.topic}")
        events.append(_log(key, at + 3.0, user, level, text))
    if rng.random() < (0.01 if said.truncated else 0.05):
        events.append(_sale(rng, key, at, world.application))
    return events


def _customer(drawn: int, visit: int, mean: float) -> str:
    """Who asks: one of those who are there at this time, so few that each asks a handful of questions."""
    present = max(1, round(mean * VISIT / MINUTE / QUESTIONS))
    return f"s{(drawn % present * 2_237 + visit * 7_919) % CUSTOMERS:05d}"


def _exchange(rng: Random, world: World) -> Exchange:
    """A question about a topic and as much of the wanted answer as the limit lets through."""
    topic = rng.choice(TOPICS)
    facts = {"product": rng.choice(PRODUCTS), "days": rng.randint(2, 9), "order": rng.randint(410_000, 499_999)}
    question = f"{rng.choice(OPENINGS)} {rng.choice(topic.questions).format(**facts)}"
    wanted = rng.lognormvariate(0, 0.42) * world.median_tokens / TOKENS_PER_WORD
    first, *middle, last = topic.answer
    rng.shuffle(middle)
    words = first.format(**facts).split()
    for sentence in (*middle, *rng.sample(DETAILS, len(DETAILS))):
        if len(words) >= wanted:
            break
        words += sentence.format(**facts).split()
    words += last.split()
    limit = int(world.max_tokens / TOKENS_PER_WORD)
    tokens = min(world.max_tokens, round(len(words) * TOKENS_PER_WORD))
    return Exchange(topic.name, question, " ".join(words[:limit]), tokens, len(words) > limit)


def _call(rng: Random, key: str, at: float, world: World, said: Exchange) -> dict[str, Any]:
    """The item of the wire contract: texts, disjoint token buckets, times and what the provider charged."""
    cached = SYSTEM_TOKENS if rng.random() < 0.7 else 0
    usage = {
        "input": SYSTEM_TOKENS - cached + round(len(said.question.split()) * TOKENS_PER_WORD),
        "cached_input": cached,
        "output": said.output_tokens,
    }
    ttft = round(rng.lognormvariate(5.9, 0.35), 1)
    return {
        "id": f"call-{key}",
        "model": MODEL,
        "version": world.application,
        "ts": milliseconds(at),
        "provider": PROVIDER,
        "request_model": LANGUAGE_MODEL,
        "response_model": SNAPSHOTS[LANGUAGE_MODEL],
        "system": SYSTEM_DETAILED if world.detailed else SYSTEM,
        "prompt": [{"role": "user", "content": said.question}],
        "response": said.answer,
        "params": {"temperature": 0.2, "max_tokens": world.max_tokens},
        "usage": usage,
        "finish_reason": "length" if said.truncated else "stop",
        "latency_ms": round(ttft + said.output_tokens * rng.uniform(8.0, 12.0), 1),
        "ttft_ms": ttft,
        "cost_usd": _charged(LANGUAGE_MODEL, usage),
        "prompt_name": PROMPT,
        "prompt_version": world.prompt_version,
        "request_id": f"req-s-{key}",
        "segments": {"topic": said.topic, "channel": rng.choice(("app", "site", "whatsapp"))},
    }


def _charged(model: str, usage: Mapping[str, int]) -> float:
    """What the provider charges, as the client knows it."""
    return round(sum(count * USD_PER_TOKEN[model][bucket] for bucket, count in usage.items()), 9)


def _asked_again(rng: Random, key: str, first: dict[str, Any], world: World) -> list[Event]:
    """The check refuses the answer, so the larger model is asked with the whole conversation, until the check gives up."""
    events: list[Event] = []
    item, at = first, first["ts"] / 1_000
    for attempt in range(1, world.retries + 1):
        if rng.random() >= world.refused:
            break
        at = round(at + item["latency_ms"] / 1_000 + rng.uniform(0.2, 0.6), 3)
        output = round(first["usage"]["output"] * rng.uniform(0.8, 1.2))
        usage = {
            "input": SYSTEM_TOKENS + first["usage"]["input"] + attempt * (first["usage"]["output"] + 60),
            "cached_input": 0,
            "output": output,
        }
        ttft = round(rng.lognormvariate(6.2, 0.3), 1)
        item = first | {
            "id": f"call-{key}-r{attempt}",
            "ts": milliseconds(at),
            "request_model": LARGER_MODEL,
            "response_model": SNAPSHOTS[LARGER_MODEL],
            "usage": usage,
            "ttft_ms": ttft,
            "latency_ms": round(ttft + output * rng.uniform(11.0, 16.0), 1),
            "cost_usd": _charged(LARGER_MODEL, usage),
        }
        events.append(Event(at, "llm_call", item))
    return events


def _feedback(rng: Random, key: str, at: float, user: str, *, truncated: bool) -> list[Event]:
    """A thumb of some of the customers; those who got half an answer say so more often."""
    if rng.random() >= (RATED_SHARE * 1.6 if truncated else RATED_SHARE):
        return []
    down = rng.random() < (0.82 if truncated else 0.07)
    words = (CUT_OFF if truncated else COMPLAINTS) if down else PRAISE
    known = at + rng.uniform(20, 400)
    item = {
        "id": f"thumb-{key}",
        "target_id": f"call-{key}",
        "kind": "thumb",
        "value": "down" if down else "up",
        "user_id": user,
        "ts": milliseconds(known),
    }
    if rng.random() < (0.6 if down else 0.15):
        item["comment"] = rng.choice(words)
    said = [Event(known, "feedback", item)]
    if down and int(key.rpartition("-")[2]) % 2 == 0:
        word = INCOMPLETE if truncated else OTHER_FAULTS[int(known) % len(OTHER_FAULTS)]
        chosen = {**item, "id": f"word-{key}", "kind": "category", "value": word}
        chosen.pop("comment", None)
        said.append(Event(known, "feedback", chosen))
    return said


def _sale(rng: Random, key: str, at: float, version: str) -> Event:
    """A customer who bought after the answer."""
    known = at + rng.uniform(60, 900)
    item = {"id": f"sale-{key}", "kind": "business", "name": "conversion", "model": MODEL, "version": version}
    item |= {"target_id": f"call-{key}"}
    return Event(known, "event", item | {"value": round(rng.lognormvariate(4.6, 0.6), 2), "ts": milliseconds(known)})


def _log(key: str, at: float, user: str, level: str, message: str) -> Event:
    """One line of the application's own log, joined by the request."""
    line = {"id": f"log-s-{key}", "ts": milliseconds(at), "model": MODEL, "level": level}
    line |= {"logger": "support.answer"}
    return Event(at, "log", line | {"message": message, "request_id": f"req-s-{key}", "user_id": user})
