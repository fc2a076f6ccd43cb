"""What Evidently or NannyML would say of a version's window, from stored rows of the reference and of the window.

These tools need rows, and rows cost what rows cost: this reads up to 100,000 predictions, which is nothing for a page or
a rule. scipy is loaded when somebody asks (the p of a Kolmogorov-Smirnov test as Evidently takes it), and not before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.utils.module_loading import import_string

from models_registry.models import ModelVersion
from monitoring.drift.references import WINDOW_ROWS, answers_of, sample_of_window
from monitoring.selectors.references import current_reference, profile_by, read_sample
from monitoring.stats.compat import evidently, nannyml
from monitoring.stats.compat.distances import Floats
from monitoring.stats.compat.value import ToolValue
from monitoring.stats.profile import Feature, ProfileError
from monitoring.stats.sample import Sample

Tool = Literal["evidently", "nannyml"]
TOOLS: Final[tuple[Tool, ...]] = ("evidently", "nannyml")
VERSIONS: Final[dict[Tool, str]] = {"evidently": evidently.VERSION, "nannyml": nannyml.VERSION}
State = Literal["no_reference", "no_rows", "no_data", "ok"]


@dataclass(frozen=True, slots=True)
class ColumnOfTool:
    """One column by every method of the tool that applies, the tool's default first; none where a side has no value."""

    feature: Feature
    values: list[ToolValue]

    @property
    def drifted(self) -> bool:
        """What the tool says by default."""
        return any(one.chosen and one.drifted for one in self.values)


@dataclass(frozen=True, slots=True)
class Compat:
    """What the tool says. `complete`: of the reference and of the window, whether these are all the rows."""

    tool: Tool
    state: State
    rows: tuple[int, int] = (0, 0)
    complete: tuple[bool, bool] = (True, True)
    columns: tuple[ColumnOfTool, ...] = ()

    @property
    def dataset_drifted(self) -> bool | None:
        """Evidently has a verdict on all columns together; NannyML has none."""
        judged = [one for one in self.columns if one.values]
        if self.tool != "evidently" or not judged:
            return None
        return evidently.is_drifted(sum(one.drifted for one in judged), len(judged))


def compare_as(
    tool: Tool, version: ModelVersion, *, start: datetime, end: datetime, environment: str | None = None
) -> Compat:
    """The rows of the version's reference beside those of its window [start, end)."""
    reference = current_reference(version.pk)
    if reference is None:
        return Compat(tool, "no_reference")
    before = read_sample(reference)
    if before is None:
        return Compat(tool, "no_rows")
    try:
        after = sample_of_window(version, start=start, end=end, environment=environment)
    except ProfileError:
        return Compat(tool, "no_data", (before.rows, 0), (before.complete, True))
    columns = tuple(_columns(tool, version, profile_by(reference.layout).features, before, after))
    rows, complete = (before.rows, after.rows), (before.complete, after.rows < WINDOW_ROWS)
    return Compat(tool, "ok", rows, complete, columns)


def _columns(
    tool: Tool, version: ModelVersion, features: tuple[Feature, ...], before: Sample, after: Sample
) -> Iterator[ColumnOfTool]:
    answers = answers_of(version, before), answers_of(version, after)
    for feature in features:
        first, second = (
            sample.features.get(feature.name, []) if feature.source == "input" else answered.get(feature.source, [])
            for sample, answered in zip((before, after), answers, strict=True)
        )
        yield ColumnOfTool(feature, _values(tool, first, second, numeric=feature.numeric))


def _values(tool: Tool, first: list[Any], second: list[Any], *, numeric: bool) -> list[ToolValue]:
    if tool == "nannyml":
        return nannyml.values_of(first, second, numeric=numeric)
    return evidently.values_of(first, second, numeric=numeric, ks=_ks)


def _ks(first: Floats, second: Floats) -> float:
    return float(import_string("scipy.stats.ks_2samp")(first, second).pvalue)
