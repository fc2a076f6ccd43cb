"""Where time, money and errors go, step by step, in a sample of the newest traces."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.catalogue.base import LLM
from monitoring.selectors.pipeline import read_sample
from monitoring.selectors.wire import NANO
from monitoring.stats.pipeline import Pipeline, Step, add_up_steps
from panel.pages.event import id_url
from panel.pages.model_tabs.tab import Sight, Tab

ROWS: Final = 60
DEEPEST: Final = 10
MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as it is shown: times in milliseconds, shares from 0 to 1, money and tokens with everything below it."""

    step: Step
    indent: int
    traces: int
    share: float | None
    self_share: float | None
    p50_ms: float
    p95_ms: float
    error_rate: float
    cost_usd: float | None
    slowest_url: str
    failed_url: str

    @property
    def bar(self) -> float:
        """The share of its own time, for a drawing 100 wide."""
        return round(100 * (self.self_share or 0), 1)


@dataclass(frozen=True, slots=True)
class PipelinePage:
    """The steps, and honestly of what: so many calls, traces and spans, `cut` if the range has more."""

    prompt: str
    rows: list[StepRow]
    calls: int
    untraced: int
    traces: int
    parts: int
    hidden: int
    cut: bool


def build(sight: Sight) -> PipelinePage:
    """Of the range, or of one prompt in it (`?prompt=`)."""
    prompt = sight.asked.get("prompt", "").strip()[:MAX_NAME]
    sample = read_sample(sight.model, start=sight.start, end=sight.now, prompt=prompt)
    found = add_up_steps(sample.parts, limit=ROWS)
    return PipelinePage(
        prompt=prompt,
        rows=[_row(step, found, sight.model) for step in found.steps],
        calls=sample.calls,
        untraced=sample.calls - sample.traced,
        traces=found.traces,
        parts=found.parts,
        hidden=found.hidden,
        cut=sample.cut,
    )


def _row(step: Step, whole: Pipeline, model: Model) -> StepRow:
    return StepRow(
        step=step,
        indent=min(step.depth, DEEPEST),
        traces=len(step.traces),
        share=whole.share(step),
        self_share=whole.self_share(step),
        p50_ms=step.quantile(0.5) / 1_000,
        p95_ms=step.quantile(0.95) / 1_000,
        error_rate=step.error_rate,
        cost_usd=step.nano / NANO if step.costed else None,
        slowest_url=id_url("panel:request", model.project, step.slowest),
        failed_url=id_url("panel:request", model.project, step.failed) if step.failed else "",
    )


TAB = Tab("pipeline", _("Pipeline"), LLM, build)
