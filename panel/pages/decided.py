"""What a prediction says: the class that was decided, or the number of a regression."""

from models_registry.models import Model
from monitoring.models import Prediction
from panel import format as write


def is_number(event: Prediction) -> bool:
    """Whether its model predicts numbers; such an event has no class, and its score is the prediction."""
    return event.version.model.kind == Model.Kind.REGRESSION and not event.prediction


def decided(event: Prediction) -> str:
    """As a person reads it; a dash for what decided nothing."""
    return write.target(event.score) if is_number(event) else event.prediction or write.DASH
