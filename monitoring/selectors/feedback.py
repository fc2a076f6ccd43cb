"""What is known of an answer that somebody is about to rate, and what people wrote lately."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Q
from django.db.models.expressions import RawSQL

from lib.ids import identity
from lib.pages import Page, keyset_page
from models_registry.models import Model, ModelVersion, Project
from monitoring.items import namespace
from monitoring.models import Category, EventKey, Feedback, LLMCall, Prediction
from monitoring.models.events import Served
from monitoring.models.inbox import EventKind
from monitoring.selectors.events import with_names

SERVED: dict[str, type[LLMCall] | type[Prediction]] = {
    EventKind.PREDICTION: Prediction,
    EventKind.LLM_CALL: LLMCall,
}
SCORE: Final = "score:"  # what the name of an automatic evaluation follows, in place of who speaks


def evaluation_of(row: Feedback) -> str:
    """The name of the automatic evaluation that said this; empty where a person did."""
    return row.user_id.removeprefix(SCORE) if row.user_id.startswith(SCORE) else ""


def application_of(project_id: int, target_id: str) -> Model | None:
    """The model that gave this answer; None while it has not arrived."""
    key = identity(project_id, namespace(EventKind.LLM_CALL), target_id)
    found = EventKey.objects.filter(key=key, kind__in=SERVED).values_list("kind", "ref").first()
    kind, ref = found or ("", None)
    if not ref:
        return None
    version_id = SERVED[kind]._default_manager.filter(pk=ref).values_list("version_id", flat=True).first()
    version = ModelVersion.objects.filter(pk=version_id or 0).select_related("model").first()
    return version.model if version else None


def has_spoken(project_id: int, target_id: str, user_id: str) -> bool:
    """Whether this person, or nobody in particular, has said something of an answer."""
    target = identity(project_id, namespace(EventKind.LLM_CALL), target_id)
    return Feedback.objects.filter(target=target, project_id=project_id, user_id=user_id).exists()


def comment_page(project: Project, *, limit: int, cursor: str | None = None) -> Page[Feedback]:
    """Feedback with a comment, newest first, along an index of its own; `lib.pages.CursorError` if the cursor is not ours.

    The condition is a literal, because SQLite looks for the index by its text.
    """
    rows = Feedback.objects.filter(~Q(comment=RawSQL("''", ())), project=project)
    return keyset_page(rows, time="ts_us", limit=limit, cursor=cursor)


def answers_of(rows: Iterable[Feedback]) -> dict[int, Served]:
    """The stored answers that these speak of, by primary key, in two queries."""
    refs = {row.target_ref for row in rows if row.target_ref is not None}
    found: dict[int, Served] = {}
    for kind in SERVED.values():
        found |= {row.pk: row for row in with_names(kind._default_manager.filter(pk__in=refs))}
    return found


def words_of(model: Model, field: str) -> dict[int, str]:
    """The words of a metric of a model, by code."""
    return dict(Category.objects.filter(model=model, field=field).values_list("code", "value"))
