"""What evaluators say of the answers of calls, frozen in the row by the evaluators of this moment, as verdicts of policies are.

Answers are unpacked here, once a call however many evaluators there are, and only where one may apply.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from models_registry.models import ModelVersion, Project
from monitoring.drain.rows import LLMCallRow, Row
from monitoring.ingest.redact import redact_default
from monitoring.llm.evaluators.answer import Answer, answer_of, marks_of, read_said, was_cut
from monitoring.llm.evaluators.kinds import Judge
from monitoring.llm.evaluators.settings import SettingsError
from monitoring.llm.evaluators.verdicts import Verdict, evaluations_text
from monitoring.models import Evaluator
from monitoring.storage.packing import unpack

PLACE = LLMCallRow._fields.index("evaluations")
MARKS = ("email", "cpf", "card", "key")
NOBODY: Mapping[int, bytes] = {}
CUT = '"_truncated"'  # in the payload of a call whose texts were cut when they came
ALL_OF_IT = 2**32
Detect = Callable[[str], list[str]]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Evaluating(NamedTuple):
    """An evaluator as calls are judged by it; empty environments and prompts are any. Below `share` of 2^32 a call is taken."""

    slug: str
    environment: str
    prompt: str
    share: int
    judge: Judge
    detect: Detect


def evaluating(evaluator: Evaluator, detect: Detect) -> Evaluating:
    """An evaluator of a project, whose personal data are found so."""
    return Evaluating(
        evaluator.slug,
        evaluator.environment,
        evaluator.prompt_name,
        round(evaluator.share * ALL_OF_IT),
        evaluator.judge(),
        detect,
    )


def detector_of(project: Project) -> Detect:
    """What redaction left in stored texts; where the project switched it off, what it would have."""
    if project.redact:
        return partial(marks_of, names=frozenset({*MARKS, *map(str, project.redact_extra or ())}))
    return _detected


def _detected(text: str) -> list[str]:
    """What was a mark already is no find."""
    before = marks_of(text, MARKS)
    return [name for name in marks_of(redact_default(text), MARKS) if name not in before]


def evaluate_calls(rows: dict[bytes, Row], told: Mapping[int, bytes] = NOBODY) -> None:
    """Write into the LLM calls among the rows what evaluators say of them; in place.

    `told` has the documents of the spans that texts are packed by, by the call's primary key.
    """
    calls = {key: row for key, row in rows.items() if type(row) is LLMCallRow}
    evaluators = read_evaluators({row.project_id for row in calls.values()}, {row.version_id for row in calls.values()})
    for key, call in calls.items():
        mine = [one for one in evaluators.get(call.version_id, ()) if takes(one, call)]
        if mine and (said := verdicts_of(mine, answer_to(call, mine[0].detect, told.get(call.id, b"")))):
            rows[key] = tuple.__new__(LLMCallRow, (*call[:PLACE], evaluations_text(said), *call[PLACE + 1 :]))


def read_evaluators(project_ids: Iterable[int], version_ids: Iterable[int]) -> Mapping[int, Sequence[Evaluating]]:
    """The enabled evaluators of each of these versions. One query where there is none."""
    found = list(Evaluator.objects.filter(enabled=True, project__in=set(project_ids)).select_related("project"))
    if not found:
        return {}
    ready = _ready(found)
    by_version: defaultdict[int, list[Evaluating]] = defaultdict(list)
    rows = ModelVersion.objects.filter(id__in=set(version_ids)).values_list("id", "model_id", "model__project_id")
    for version_id, model_id, project_id in rows:
        for one, judging in ready:
            if one.model_id == model_id or (one.model_id is None and one.project_id == project_id):
                by_version[version_id].append(judging)
    return by_version


def _ready(found: Sequence[Evaluator]) -> list[tuple[Evaluator, Evaluating]]:
    """Those that can judge; what slipped past `Evaluator.clean` is left out rather than stopping the drain."""
    detectors = {one.project_id: detector_of(one.project) for one in found}
    ready = []
    for one in found:
        with suppress(SettingsError):
            ready.append((one, evaluating(one, detectors[one.project_id])))
    return ready


def takes(one: Evaluating, call: Any) -> bool:
    """Whether a call is of its environment and prompt, and in its share: by the call's id, so that order changes nothing."""
    if one.environment not in ("", call.environment) or one.prompt not in ("", call.prompt_name):
        return False
    return one.share >= ALL_OF_IT or crc32(f"{one.slug}:{call.event_id}".encode("utf-8", "replace")) < one.share


def answer_to(call: Any, detect: Detect, by: bytes = b"") -> Answer | None:
    """What was answered in a call; `by` is what its texts are packed by."""
    if not call.texts:
        return None
    said = read_said(unpack(bytes(call.texts), by))
    return answer_of(said, detect, cut=CUT in call.payload and was_cut(_decode(call.payload)))


def verdicts_of(evaluators: Sequence[Evaluating], answer: Answer | None) -> dict[str, Verdict]:
    """By slug; an answer that was not captured, and one that an evaluator cannot judge, is in none."""
    if answer is None:
        return {}
    found = {one.slug: one.judge(answer) for one in evaluators}
    return {
        slug: verdict if answer.whole else msgspec.structs.replace(verdict, partial=True)
        for slug, verdict in found.items()
        if verdict is not None
    }
