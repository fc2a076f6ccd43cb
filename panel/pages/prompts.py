"""Prompts for people: the versions of an application side by side, and one prompt with two of its versions held together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models_registry.models import Model, Project, Prompt, PromptVersion
from models_registry.text_diff import Field, Line, compare_fields, compare_texts, text_of
from monitoring.catalogue import MEASURES
from monitoring.measures.comparison import Comparison, Row, Side, compare, difference_figure, interval_figure
from monitoring.measures.series import Wanted, read_windows, subjects_of
from monitoring.selectors.segments import segments_of
from monitoring.selectors.summaries import Scope
from monitoring.stats.intervals import Reading
from monitoring.stats.segments import PROMPT, prompt_value, segment_of
from panel import format as write
from panel.pages.indicators import FEW
from panel.pages.ranges import Range

SHOWN = 20
LOOKED_AT = 500
CONTEXT, COLLAPSED = 3, 9
SIDE_BY_SIDE = (
    *("requests", "truncation_rate", "bad_answer_rate", "feedback_negative_rate"),
    *("cost_per_request", "latency_p95", "output_tokens_p50"),
)
COMPARED = (*SIDE_BY_SIDE[1:], "error_rate", "feedback_score")


@dataclass(frozen=True, slots=True)
class Cell:
    """A measure of one version, never without its n."""

    measure: str
    label: str
    text: str
    n: int
    interval: str

    @property
    def small(self) -> bool:
        """Too few events to trust it."""
        return 0 < self.n < FEW and MEASURES[self.measure].sampled


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version over the range; `differing` are parameters that calls send otherwise than described."""

    version: PromptVersion
    cells: list[Cell]
    differing: list[Field]
    text: str
    observed: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """So many lines that are the same in both."""

    count: int


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure of both versions."""

    label: str
    before: Cell
    after: Cell
    difference: str
    interval: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Together:
    """Two versions held together."""

    before: VersionLine
    after: VersionLine
    lines: list[Line | Skipped]
    same_text: bool
    fields: list[Field]
    measures: list[MeasureLine]
    sentence: str
    verdict: str


@dataclass(frozen=True, slots=True)
class PromptPage:
    """All that a prompt's page shows."""

    prompt: Prompt
    labels: list[str]
    lines: list[VersionLine]
    together: Together | None
    problem: str


@dataclass(frozen=True, slots=True)
class PromptsTab:
    """The versions of an application's prompts; `unregistered` are named by calls and not in the registry."""

    labels: list[str]
    lines: list[VersionLine]
    unregistered: int


def prompts_of(model: Model, *, start: datetime, now: datetime) -> PromptsTab:
    """The newest versions that this application has used, or that were defined for it."""
    used = set(segments_of(model, PROMPT))
    rows = PromptVersion.objects.filter(prompt__project_id=model.project_id).select_related("prompt")[:LOOKED_AT]
    mine = [row for row in rows if row.prompt.model_id == model.pk or _segment(row) in used]
    lines = _measured(model, mine[:SHOWN], start=start, now=now)
    return PromptsTab(_labels(), lines, len(used - {_segment(row) for row in rows}))


def prompt_page(prompt: Prompt, span: Range, asked: Mapping[str, str], *, now: datetime) -> PromptPage:
    """The prompt's newest versions over the range, and two of them held together: the newest two unless asked otherwise."""
    start = span.edges(now=now)[0]
    versions = list(PromptVersion.objects.filter(prompt=prompt).select_related("prompt")[:SHOWN])
    pair, problem = _chosen(prompt, versions, asked)
    wanted = [*versions, *(row for row in pair if row not in versions)]
    lines = _measured(prompt.model, wanted, start=start, now=now)
    together = None
    if pair:
        by_pk = {line.version.pk: line for line in lines}
        before, after = (by_pk[row.pk] for row in pair)
        together = _together(prompt.model, before, after, start=start, now=now)
    return PromptPage(prompt, _labels(), lines[: len(versions)], together, problem)


@dataclass(frozen=True, slots=True)
class PromptNote:
    """What the registry says of the prompt that a call used."""

    name: str
    url: str
    differing: list[Field]


def prompt_note(name: str, version: str, params: object, project: Project) -> PromptNote | None:
    """The note for a call's page; None where the call names no prompt."""
    if not name:
        return None
    shown = f"{name} {version}".strip()
    row = PromptVersion.objects.filter(prompt__project=project, prompt__name=name, version=version).first()
    if row is None:
        return PromptNote(shown, "", differing=[])
    url = f"{reverse('panel:prompt', args=[project.slug, name])}#{anchor(row)}"
    if row.parameters is None:
        return PromptNote(shown, url, differing=[])
    return PromptNote(shown, url, differing=_changed(row.parameters, params))


def anchor(version: PromptVersion) -> str:
    """Where its line stands on the page of the prompt."""
    return f"version-{version.pk}"


def _chosen(
    prompt: Prompt, versions: Sequence[PromptVersion], asked: Mapping[str, str]
) -> tuple[tuple[PromptVersion, ...], str]:
    """(before, after) and what is wrong with what was asked for."""
    if not {"before", "after"} & asked.keys():
        return ((versions[1], versions[0]), "") if len(versions) > 1 else ((), "")
    names = [asked.get("before", ""), asked.get("after", "")]
    found = {
        row.version: row
        for row in PromptVersion.objects.filter(prompt=prompt, version__in=names).select_related("prompt")
    }
    missing = [name for name in names if name not in found]
    if missing:
        return (), _("This prompt has no version “%(version)s”. Choose two of those below.") % {"version": missing[0]}
    return tuple(found[name] for name in names), ""


def _measured(
    model: Model | None, versions: Sequence[PromptVersion], *, start: datetime, now: datetime
) -> list[VersionLine]:
    """Every version with its measures, in one query for the summaries."""
    readings: list[dict[str, Reading]] = [{} for _row in versions]
    if model is not None and versions:
        subject = subjects_of([model])[model.pk]
        wanted = [Wanted(SIDE_BY_SIDE, _scope(model, row), (start, now), subject) for row in versions]
        readings = read_windows(wanted)
    return [_line(row, read) for row, read in zip(versions, readings, strict=True)]


def _line(row: PromptVersion, read: Mapping[str, Reading]) -> VersionLine:
    text = text_of(row.template)
    observed = not text and bool(row.observed_system)
    differing = _changed(row.parameters, row.observed_parameters) if row.observed_parameters is not None else []
    return VersionLine(
        row,
        [_cell(name, read.get(name, Reading(None, 0))) for name in SIDE_BY_SIDE],
        differing if row.parameters is not None else [],
        text or (row.observed_system if isinstance(row.observed_system, str) else ""),
        observed,
    )


def _cell(name: str, reading: Reading) -> Cell:
    known = reading.low is not None and reading.high is not None
    interval = f"{_figure(name, reading.low)} – {_figure(name, reading.high)}" if known else ""
    return Cell(name, capfirst(str(MEASURES[name].label)), _figure(name, reading.value), reading.n, interval)


def _figure(name: str, value: float | None) -> str:
    return write.figure(value, MEASURES[name].unit)


def _labels() -> list[str]:
    return [capfirst(str(MEASURES[name].label)) for name in SIDE_BY_SIDE]


def _changed(described: object, sent: object) -> list[Field]:
    return [field for field in compare_fields(described, sent) if field.changed]


def _segment(row: PromptVersion) -> str:
    return segment_of(PROMPT, prompt_value(row.prompt.name, row.version))


def _scope(model: Model, row: PromptVersion) -> Scope:
    return Scope(model.project_id, model.pk, segment=_segment(row))


def _together(
    model: Model | None, before: VersionLine, after: VersionLine, *, start: datetime, now: datetime
) -> Together:
    found: Comparison | None = None
    if model is not None and before.version != after.version:
        sides = [Side(line.version.version or "—", _scope(model, line.version)) for line in (before, after)]
        found = compare(model, *sides, start=start, end=now, now=now)
    rows = [row for row in found.rows if row.measure.name in COMPARED] if found else []
    lines = compare_texts(before.text, after.text)
    return Together(
        before,
        after,
        _folded(lines),
        all(line.change == "same" for line in lines),
        compare_fields(_parameters(before.version), _parameters(after.version)),
        [_measure_line(row) for row in rows],
        found.sentence if found else "",
        found.verdict if found else "no_data",
    )


def _parameters(row: PromptVersion) -> object:
    return row.observed_parameters if row.parameters is None else row.parameters


def _measure_line(row: Row) -> MeasureLine:
    gap, unit = row.difference, row.measure.unit
    return MeasureLine(
        capfirst(str(row.measure.label)),
        _cell(row.measure.name, row.champion),
        _cell(row.measure.name, row.challenger),
        write.DASH if gap is None else difference_figure(gap.value, unit),
        "" if gap is None else interval_figure(gap, unit),
        row.verdict,
    )


def _folded(lines: Sequence[Line]) -> list[Line | Skipped]:
    """Long stretches that are the same shrink to a few lines around what differs."""
    found: list[Line | Skipped] = []
    groups = [(same, list(part)) for same, part in groupby(lines, lambda line: line.change == "same")]
    for place, (same, part) in enumerate(groups):
        if not same or len(part) < COLLAPSED:
            found += part
            continue
        head = CONTEXT if place else 0
        tail = CONTEXT if place + 1 < len(groups) else 0
        found += [*part[:head], Skipped(len(part) - head - tail), *part[len(part) - tail :]]
    return found
