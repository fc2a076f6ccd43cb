"""What is known of an answer that somebody is about to rate, and what people wrote lately."""

from lib.ids import identity
from models_registry.models import Model, ModelVersion
from monitoring.ingest.schema import namespace
from monitoring.models import EventKey, Feedback, LLMCall, Prediction
from monitoring.models.inbox import EventKind

SERVED: dict[str, type[LLMCall] | type[Prediction]] = {
    EventKind.PREDICTION: Prediction,
    EventKind.LLM_CALL: LLMCall,
}


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
