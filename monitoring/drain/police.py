"""What the policies of an application say of its calls, frozen in the row by the policies of this moment.

So what is stored can be folded, amended and recounted without asking what a policy was. Only what one call alone can break.
Applications without a policy cost a look at their ids.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from models_registry.models import ModelVersion
from monitoring.drain.rows import LLMCallRow, Row
from monitoring.llm.limits import Facts, Limits, broken
from monitoring.models import Policy
from monitoring.stats.verdicts import verdict_text

POLICIES = LLMCallRow._fields.index("policies")


class Payload(msgspec.Struct, gc=False):
    """What of a stored payload is needed here."""

    params: Any = None


_read = msgspec.json.Decoder(Payload).decode


class Judge(NamedTuple):
    """A policy as calls are judged by it; environment "" is any."""

    slug: str
    environment: str
    limits: Limits


def judge_calls(rows: dict[bytes, Row]) -> None:
    """Write into the LLM calls among the rows what policies say of them; in place."""
    calls = {key: row for key, row in rows.items() if type(row) is LLMCallRow}
    judges, names = read_judges({row.version_id for row in calls.values()})
    if not judges:
        return
    for key, call in calls.items():
        if mine := judges.get(call.version_id):
            rows[key] = judged(call, mine, names[call.version_id])


def judged(call: Any, judges: Sequence[Judge], version: str) -> LLMCallRow:
    """The call with `slug:letters` of each policy that it is subject to."""
    mine = [judge for judge in judges if judge.environment in ("", call.environment)]
    if not mine:
        return tuple.__new__(LLMCallRow, call)
    facts = _facts(call, version, any(judge.limits.needs_parameters for judge in mine))
    told = verdict_text((judge.slug, [one.violation for one in broken(judge.limits, facts)]) for judge in mine)
    return tuple.__new__(LLMCallRow, (*call[:POLICIES], told, *call[POLICIES + 1 :]))


def read_judges(version_ids: set[int]) -> tuple[Mapping[int, Sequence[Judge]], Mapping[int, str]]:
    """The enabled policies of each of these versions, and the name of each such version. One query where there is none."""
    applications = ModelVersion.objects.filter(id__in=version_ids, model__policies__enabled=True).distinct()
    found = {pk: (model_id, version) for pk, model_id, version in applications.values_list("id", "model_id", "version")}
    if not found:
        return {}, {}
    by_model: defaultdict[int, list[Judge]] = defaultdict(list)
    for policy in Policy.objects.filter(enabled=True, model_id__in={model_id for model_id, _ in found.values()}):
        by_model[policy.model_id].append(Judge(policy.slug, policy.environment, policy.limits()))
    return (
        {pk: by_model[model_id] for pk, (model_id, _) in found.items()},
        {pk: version for pk, (_, version) in found.items()},
    )


def _facts(call: LLMCallRow, version: str, needs_parameters: bool) -> Facts:
    parameters = _read(call.payload).params if needs_parameters else None
    return Facts(
        provider=call.provider,
        models=(call.request_model, call.response_model),
        latency_us=call.latency_us,
        parameters=parameters if isinstance(parameters, dict) else {},
        prompt=call.prompt_name,
        prompt_version=call.prompt_version,
        version=version,
    )
