"""Which prompts the calls of a batch used: one look-up a batch, nothing for calls that name none.

What the calls of a version have in common (system prompt, parameters) is read as bytes and decoded once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec
from django.conf import settings

from models_registry.models import PromptVersion
from models_registry.prompts import Constant, Named, Sight, known_prompts, note_sights, settled
from models_registry.register import KnownVersion
from monitoring.drain.claim import Body
from monitoring.drain.served import ABSENT

Prompts = Mapping[tuple[int, str, str], PromptVersion]  # project, name, version
Versions = Mapping[tuple[int, str, str], KnownVersion]
_NAME = attrgetter("prompt_name")
_HEAD = 64
SPELLINGS = 8  # of one value; more different bytes are different values
_SYSTEM = b'"system"'
_decode = msgspec.json.decode


class _Message(msgspec.Struct):
    role: str = ""
    content: Any = None


_messages = msgspec.json.Decoder(list[_Message]).decode


def observe_prompts(bodies: Iterable[tuple[Body, Sequence[Any]]], versions: Versions) -> Prompts:
    """The prompt versions that calls and announced changes name, as far as they are registered."""
    by_project: defaultdict[int, defaultdict[Named, list[tuple[Body, Any]]]] = defaultdict(lambda: defaultdict(list))
    for body, items in bodies:
        if body.kind not in {"llm_call", "event"} or not any(map(_NAME, items)):
            continue
        for item in items:
            if item.prompt_name:
                by_project[body.project_id][item.prompt_name, item.prompt_version].append((body, item))
    cap = int(str(settings.INGEST["unreviewed_cap"]))
    found: dict[tuple[int, str, str], PromptVersion] = {}
    for project_id, named in by_project.items():
        known = known_prompts(project_id=project_id, names=set(named))
        sights = {
            name: _sight(told, versions)
            for name, told in named.items()
            if name not in known or not settled(known[name])
        }
        seen = note_sights(known, sights, project_id=project_id, cap=cap)
        found |= {(project_id, *name): row for name, row in (known | seen).items()}
    return found


def _sight(told: Sequence[tuple[Body, Any]], versions: Versions) -> Sight:
    """What these items say together; an announcement alone is no use."""
    body, item = told[0]
    owner = versions.get((body.project_id, item.model, item.version))
    model_id = owner.model_id if owner else None
    calls = [item for body, item in told if body.kind == "llm_call"]
    if not calls:
        return Sight(model_id)
    first = min(item.ts for item in calls)
    return Sight(
        model_id,
        datetime.fromtimestamp(first / 1_000_000, tz=UTC),
        _constant([_system(item) for item in calls]),
        _constant([bytes(item.params) for item in calls]),
    )


def _system(item: Any) -> bytes:
    """The system prompt as it was sent, on its own or as the first message."""
    system, prompt = bytes(item.system), bytes(item.prompt)
    if system not in ABSENT or _SYSTEM not in prompt[:_HEAD] or not prompt.startswith(b"["):
        return system
    try:
        messages = _messages(prompt)
    except msgspec.ValidationError:
        return system
    return msgspec.json.encode(messages[0].content) if messages and messages[0].role == "system" else system


def _constant(sent: Sequence[bytes]) -> Constant:
    """One value for all, compared as values where their bytes differ: spaces and the order of names mean nothing."""
    distinct = {raw for raw in sent if raw not in ABSENT}
    if not distinct:
        return Constant()
    first, *others = map(_decode, sorted(distinct)[:SPELLINGS])
    if len(distinct) > SPELLINGS or any(other != first for other in others):
        return Constant(None, varies=True)
    return Constant(first)
