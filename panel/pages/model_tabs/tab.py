"""What a tab of a model's page is, and what it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django_stubs_ext import StrOrPromise

from models_registry.models import Model
from monitoring.stats.tally import Subject
from panel import format as write
from panel.pages.fleet import ModelRow
from panel.pages.ranges import Range


@dataclass(frozen=True, slots=True)
class Sight:
    """A model with its state, looked at over a range that ends now; `asked` are the parameters of the URL."""

    row: ModelRow
    span: Range
    now: datetime
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        """The model."""
        return self.row.model

    @property
    def subject(self) -> Subject:
        """What reading its measures needs to know of it."""
        return self.row.subject

    @property
    def start(self) -> datetime:
        """Where the range begins."""
        return self.span.edges(now=self.now)[0]

    @property
    def waits(self) -> str:
        """How long its labels take, as text; empty where nothing waits for labels."""
        waiting = self.subject.settle and self.model.kind != Model.Kind.LLM
        return write.span(self.subject.settle) if waiting else ""


@dataclass(frozen=True, slots=True)
class Tab:
    """`build` makes what the template shows as `page`; the overview has no slug and keeps the model's own URL."""

    slug: str
    title: StrOrPromise
    kinds: frozenset[str]
    build: Callable[[Sight], object]

    @property
    def template(self) -> str:
        """Its template."""
        return f"panel/model/{self.slug or 'overview'}.html"
