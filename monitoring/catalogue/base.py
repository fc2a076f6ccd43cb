"""What an entry of the catalogue says: a measure, an indicator, their units and what they need."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from models_registry.models import Model
from monitoring.stats.marks import Marks
from monitoring.stats.readers import Reader

Unit = Literal[
    "count", "per_minute", "per_second", "ratio", "score", "ms", "s", "tokens", "usd", "target", "value", "bytes"
]  # target: whatever a regression predicts; value: money, or whatever clients count value in
Settle = Literal["events", "labels"]
Better = Literal["higher", "lower", "neither"]
BINARY = frozenset({Model.Kind.BINARY.value})
MULTICLASS = frozenset({Model.Kind.MULTICLASS.value})
CLASSIFIERS = BINARY | MULTICLASS
CLASSICAL = CLASSIFIERS | {Model.Kind.REGRESSION.value}
LLM = frozenset({Model.Kind.LLM.value})
ALL = frozenset(kind.value for kind in Model.Kind)
# What an entry takes beyond plain events, and what a client sends, or a person defines, to have it.
NEEDS: dict[str, StrOrPromise] = {
    "batch_runs": _("batch runs that are reported"),
    "business_events": _("business events that name the model"),
    "context_window": _("a price list that knows the context window of the model"),
    "estimator": _("an estimator of the version, fitted on a reference or a past window with labels"),
    "evaluator": _("an enabled evaluator of the application, and the text of each response"),
    "features": _("the features of each prediction"),
    "feedback": _("feedback on predictions or calls"),
    "finish_reason": _("the finish reason of each call"),
    "labels": _("labels, as outcomes of predictions"),
    "latency": _("the latency of each prediction or call"),
    "logs": _("log lines, best with the name of the service or model that writes them"),
    "outcome_values": _("the value of outcomes"),
    "policy": _("an enabled policy of the application"),
    "price": _("a price of the model, from the list or your own"),
    "process_events": _("process events that name the model"),
    "ranking": _("predictions that are ranked lists"),
    "reference": _("a reference of the version"),
    "reported_cost": _("the cost as the client reports it"),
    "score": _("the score of each prediction"),
    "texts": _("the texts of prompt and response"),
    "tool_calls": _("the tool calls of each call, or its finish reason"),
    "ttft": _("the time to the first token of each call"),
    "usage": _("the token usage of each call"),
    "value_matrix": _("a value matrix in the model's definition"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number people ask for.

    `definition` is its formula in words, `source` the paper, specification or function it follows, `needs` names of NEEDS.
    `settle` says what it waits for; `sampled` whether a small n makes it unreliable; `better` which way is good; `lowest`
    the smallest value there can be, None where it may be negative; `open_ended` a ratio that may be above 1; `past` how much
    earlier the windows are that it compares with.
    """

    name: str
    label: StrOrPromise
    unit: Unit
    definition: StrOrPromise
    source: str
    kinds: frozenset[str]
    metrics: tuple[str, ...]
    read: Reader
    needs: tuple[str, ...] = ()
    settle: Settle = "events"
    sampled: bool = True
    better: Better = "neither"
    lowest: float | None = 0.0
    open_ended: bool = False
    past: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """An SLI: good over valid events of one metric. `bounded` ones need a bound in ms."""

    name: str
    label: StrOrPromise
    kinds: frozenset[str]
    metric: str
    marks: Marks
    settle: Settle = "events"
    bounded: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """As measures have them."""
        return (self.metric,)
