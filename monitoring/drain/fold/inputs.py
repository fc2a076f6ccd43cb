"""Which predictions of a batch a plan folds, and the values of their features, as the payload is stored: so that the drain
and a recount read alike. Versions without a plan cost nothing; plans over one profile read a payload once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress, repeat
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitoring.drain.fold.class_scores import MARK, Scored
from monitoring.drain.fold.sums import NOWHERE, Segments
from monitoring.selectors.plans import LossPlan, Plan, Plans
from monitoring.stats.profile import Feature, Profile

READ = ("ts_us", "whose", "payload", "status", "prediction", "score")
Columns = Mapping[str, Sequence[Any]]
Row = tuple[Any, ...]
_scored = msgspec.json.Decoder(Scored).decode


class Inputs(NamedTuple):
    """Predictions of one version that a plan folds: some of their columns, and the values of each in the order of the profile.

    `whose` is a column of environments and segments. `as_known`: every number among the values is a float or None.
    """

    version_id: int
    plan: Plan | LossPlan
    columns: Columns
    values: Sequence[Row]
    as_known: bool


def inputs_of(plans: Plans, columns: Columns, segments: Sequence[Segments] | None = None) -> Iterator[Inputs]:
    """What each plan folds of the predictions given by the columns of their rows."""
    columns = {**columns, "whose": list(zip(columns["environment"], segments or repeat(NOWHERE), strict=False))}
    versions, ids = np.array(columns["version_id"]), np.array(columns["id"], dtype=np.int64)
    for version_id, given in plans.items():
        mine = versions == version_id
        read: dict[tuple[str, bytes], tuple[Columns, Sequence[Row], bool]] = {}
        for plan in given:
            among = mine & (ids >= plan.since)
            if plan.until is not None:
                among &= ids < plan.until
            if among.any():
                same = plan.profile.layout, among.tobytes()
                if same not in read:
                    chosen = _chosen(columns, among)
                    read[same] = chosen, *read_features(plan.profile, chosen)
                yield Inputs(version_id, plan, *read[same])


def _chosen(columns: Columns, among: NDArray[np.bool_]) -> Columns:
    if among.all():
        return columns
    picked = among.tolist()
    return {name: list(compress(columns[name], picked)) for name in READ}


def read_features(profile: Profile, columns: Columns) -> tuple[list[Row], bool]:
    """(the values of each row in the order of the profile, whether numbers are as known); what is absent is None."""
    strict, lenient, nothing = _readers(profile)
    payloads, as_known = columns["payload"], True
    try:
        read = list(map(strict, payloads))
    except msgspec.ValidationError:  # some value is not of its feature's kind
        as_known = False
        read = list(map(lenient, payloads))
    rows = [nothing if one.features is None else msgspec.structs.astuple(one.features) for one in read]
    return (
        (_with_answers(profile, rows, columns), as_known) if len(nothing) < len(profile.features) else (rows, as_known)
    )


def _with_answers(profile: Profile, rows: list[Row], columns: Columns) -> list[Row]:
    """The values of the inputs with what was answered put in its places."""
    inputs = iter(zip(*rows, strict=True))
    found = [next(inputs) if feature.source == "input" else _answers(feature, columns) for feature in profile.features]
    return list(zip(*found, strict=True))


def _answers(feature: Feature, columns: Columns) -> Sequence[Any]:
    """Classes as text, numbers of a regression (which are in the column of scores), or scores."""
    if feature.source == "prediction" and not feature.numeric:
        return [text or None for text in columns["prediction"]]
    scores = columns["score"]
    if feature.source == "prediction" or None not in scores:
        return scores
    return [
        answered_score(score, _scored(payload).scores if score is None and MARK in payload else None)
        for score, payload in zip(scores, columns["payload"], strict=True)
    ]


def answered_score(score: float | None, scores: Mapping[str, float] | None) -> float | None:
    """The score of a prediction: the one given, else that of the likeliest class."""
    return max(scores.values()) if score is None and scores else score


@lru_cache(maxsize=256)
def _readers(profile: Profile) -> tuple[Callable[[str], Any], Callable[[str], Any], Row]:
    """Decoders of a payload's features: one that insists on their kinds and makes floats, one that takes anything."""
    inputs = [feature for feature in profile.features if feature.source == "input"]
    names = {f"f{place}": feature.name for place, feature in enumerate(inputs)}
    kinds: list[Any] = [float | None if feature.numeric else Any for feature in inputs]
    return (
        _decoder(dict(zip(names, kinds, strict=True)), names),
        _decoder(dict.fromkeys(names, Any), names),
        (None,) * len(names),
    )


def _decoder(kinds: Mapping[str, Any], names: Mapping[str, str]) -> Callable[[str], Any]:
    features = msgspec.defstruct(
        "Features", [(name, kind, None) for name, kind in kinds.items()], rename=dict(names), gc=False
    )
    payload: Any = msgspec.defstruct("Payload", [("features", features | None, None)], gc=False)
    decode: Callable[[str], Any] = msgspec.json.Decoder(payload).decode
    return decode
