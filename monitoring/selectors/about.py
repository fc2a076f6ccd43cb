"""Outcomes, feedback and spans by the prediction or call that they are about: its model and version, its request."""

from collections.abc import Sequence
from typing import Final

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import In

from lib.ids import identities
from monitoring.items import namespace
from monitoring.llm.call_names import names_of
from monitoring.models import LLMCall, Prediction
from monitoring.models.events import Served
from monitoring.models.inbox import EventKind

# The column that refers to it, and what it may be.
ABOUT: Final[dict[str, tuple[str, tuple[type[Served], ...]]]] = {
    EventKind.OUTCOME: ("target_ref", (Prediction,)),
    EventKind.FEEDBACK: ("target_ref", (Prediction, LLMCall)),
    EventKind.SPAN: ("call_ref", (LLMCall,)),
}


def about_versions(kind: str, versions: Sequence[int]) -> Q:
    """About one that these versions served: looked up row by row, for of EXISTS a planner may gather all that they served."""
    column, tables = ABOUT[kind]
    by = [Subquery(one._default_manager.filter(pk=OuterRef(column)).values("version_id")[:1]) for one in tables]
    return Q(In(Coalesce(*by, None), versions))


def about_events(project_id: int, events: Sequence[Served]) -> Q:
    """Outcomes and feedback about these, along the index of targets: by every id that leads to them."""
    names = [name for event in events for name in names_of(event)]
    return Q(target__in=identities(project_id, namespace(EventKind.PREDICTION), names))
