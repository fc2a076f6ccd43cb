"""A recording read back: its posts, its spans and records, and the calls that they come to."""

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monitoring.llm.dialects.around import given, read_around
from monitoring.llm.dialects.kinds import kind_of
from monitoring.llm.dialects.merge import merge
from monitoring.llm.dialects.read import read_log, read_span
from monitoring.llm.dialects.same_call import same_call
from monitoring.llm.dialects.seen import Reading, Seen
from tests.captures.cases import Case
from tests.captures.catalogue import CASES
from tests.captures.clients import BY_NAME
from tests.captures.wire import logs, spans

FIXTURES = Path(__file__).with_name("fixtures")


class Post(NamedTuple):
    """One request of a client; the body is as it was before it was compressed."""

    path: str
    headers: dict[str, str]
    body: bytes


def recorded() -> list[str]:
    """The clients that were recorded."""
    return sorted(file.name.removesuffix(".json.gz") for file in FIXTURES.glob("*.json.gz"))


def posts(client: str) -> list[Post]:
    """What a client posted, in its order."""
    told = json.loads(gzip.decompress((FIXTURES / f"{client}.json.gz").read_bytes()))
    return [Post(one["path"], one["headers"], base64.b64decode(one["body"])) for one in told["posts"]]


def seen_in(client: str) -> Iterator[tuple[str, Seen]]:
    """("span" or "log", what was received)."""
    for post in posts(client):
        if post.path.endswith("/traces"):
            yield from (("span", one) for one in spans(post.body))
        elif post.path.endswith("/logs"):
            yield from (("log", one) for one in logs(post.body))


def readings(client: str) -> list[Reading]:
    """Everything in a recording that speaks of a call."""
    found = (read_span(one) if kind == "span" else read_log(one) for kind, one in seen_in(client))
    return [one for one in found if one is not None]


def steps(client: str) -> list[Reading]:
    """Everything in a recording that is no call, and says something for calls within it."""
    spans = [one for kind, one in seen_in(client) if kind == "span" and kind_of(one) != "llm"]
    return [found for one in spans if (found := read_around(one)) is not None]


def calls(told: list[Reading], around: Sequence[Reading] = ()) -> list[Reading]:
    """The calls that readings come to, with what steps around them say for them, in order of time."""
    merged = [merge([told[place] for place in group]) for group in same_call(told)]
    for one in merged:
        one.call |= given(one, around)
    return sorted((one for one in merged if one.whole), key=lambda one: one.start_us)


def case_of(call: dict[str, Any], client: str) -> Case | None:
    """The case of a client that a call was made for: by its answer's id, its prompt or answer, or what else it alone has."""
    text = json.dumps(call)
    cases = [CASES[name] for name in BY_NAME[client].cases]
    for case in cases:
        known = case.truth.get("response_id") == call.get("response_id") is not None
        if known or f"[case:{case.name}]" in text or f"says {case.name}." in text:
            return case
    return next((case for case in cases if case.http != 200 and _alike(case, call, client)), None)


def _alike(case: Case, call: dict[str, Any], client: str) -> bool:
    truth = case.truth | BY_NAME[client].truth
    params = call.get("params", {})
    if call.get("status") != "error" or call.get("provider") not in (None, truth["provider"]):
        return False
    if not params:
        return bool(truth["error_type"] == call.get("error_type"))
    return bool(truth["params"].items() <= params.items())


def told(field: str, call: dict[str, Any]) -> Any:
    """A field of a call in the form of the truth."""
    value = call.get(field)
    if field == "prompt":
        return next((_words(one) for one in value or () if one["role"] == "user"), None)
    if field == "tools":
        return [tool["name"] for tool in value or ()]
    if field == "tool_calls":
        return [{key: one.get(key) for key in ("name", "arguments")} for one in value or ()]
    return value.strip() if field == "response" and value else value


def _words(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else next(part["text"] for part in content if part["type"] == "text")


def wrong(case: Case, call: dict[str, Any], client: str) -> dict[str, tuple[Any, Any]]:
    """The fields that are not as they were: field → (truth, what the call says); parameters one by one."""
    found = {}
    for field, truth in (case.truth | BY_NAME[client].truth).items():
        if field == "params":
            said = call.get("params", {})
            found |= {
                f"params.{name}": (value, said.get(name)) for name, value in truth.items() if said.get(name) != value
            }
        elif field == "ttft_ms":
            if not truth <= call.get("ttft_ms", 0) <= call.get("latency_ms", 0):
                found[field] = (truth, call.get("ttft_ms"))
        elif told(field, call) != truth:
            found[field] = (truth, told(field, call))
    return found
