"""`GET /api/v1/models/{slug}/quality`: what labels say of a model: matrix, classes, curves, calibration, errors."""

from datetime import UTC
from math import isfinite
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.models import Model
from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.answers.asked import model_of, span_of, version_id_of
from monitoring.quality.labelled import Class, Quality, read_quality
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import reading_to_wire
from monitoring.stats.curves import Calibrated, CurvePoint, Threshold

PARAMETERS = [
    OpenApiParameter("version", str),
    OpenApiParameter("environment", str),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="24 hours before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
    OpenApiParameter("threshold", float, description="From 0 to 1; the model's own unless given."),
]


class ReadingSerializer(serializers.Serializer[dict[str, Any]]):
    """A value, the events that it rests on and its 95 % interval; null is no data."""

    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class CellSerializer(serializers.Serializer[dict[str, Any]]):
    """A cell of the confusion matrix; a label of null stands for all classes past the cap of 1,000."""

    true = serializers.CharField(allow_null=True)
    predicted = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class ClassSerializer(serializers.Serializer[dict[str, Any]]):
    """One class against the rest."""

    name = serializers.CharField(allow_null=True)
    precision = ReadingSerializer()
    recall = ReadingSerializer()
    f1 = ReadingSerializer()
    support = serializers.IntegerField()
    predicted = serializers.IntegerField()


class ThresholdSerializer(serializers.Serializer[dict[str, Any]]):
    """The matrix of "positive from `threshold` on", the edge of a bin nearest to what was asked for."""

    threshold = serializers.FloatField()
    true_positives = serializers.IntegerField()
    false_positives = serializers.IntegerField()
    false_negatives = serializers.IntegerField()
    true_negatives = serializers.IntegerField()


class CalibratedSerializer(serializers.Serializer[dict[str, Any]]):
    """Events whose scores are in one tenth: their mean score and their share of positives."""

    score = serializers.FloatField()
    positive = ReadingSerializer()


class CurveSerializer(serializers.Serializer[dict[str, Any]]):
    """A point of a curve; the threshold is null where nothing is called positive."""

    x = serializers.FloatField()
    y = serializers.FloatField()
    threshold = serializers.FloatField(allow_null=True)


class BarSerializer(serializers.Serializer[dict[str, Any]]):
    """A bar of the histogram of prediction − label; the outer bars hold the tails."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    count = serializers.IntegerField()


class QualitySerializer(serializers.Serializer[dict[str, Any]]):
    """Lists are empty where the kind of model has no such thing, or nobody has labels."""

    model = serializers.CharField()
    kind = serializers.CharField()
    start = MomentField()
    end = MomentField()
    state = serializers.ChoiceField(["ok", "no_data", "provisional"])
    n = serializers.IntegerField()
    few = serializers.BooleanField()
    settle_s = serializers.IntegerField()
    label_coverage = ReadingSerializer()
    scores = serializers.ChoiceField(["ok", "none", "too_many_classes"])
    confusion = CellSerializer(many=True)
    classes = ClassSerializer(many=True)
    at_threshold = ThresholdSerializer(allow_null=True)
    calibration = CalibratedSerializer(many=True)
    roc = CurveSerializer(many=True)
    precision_recall = CurveSerializer(many=True)
    error_histogram = BarSerializer(many=True)
    unusable_labels = ReadingSerializer()


class QualityView(APIView):
    """The quality of one model over one window."""

    @extend_schema(
        operation_id="quality",
        parameters=PARAMETERS,
        responses=QualitySerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Confusion matrix, classes, curves and calibration of a classifier; the errors of a regression."""
        model = model_of(request, slug)
        params = asked_of(request, PARAMETERS)
        now = clock.now()
        start, end = span_of(params, now)
        scope = Scope(model.project_id, model.pk, version_id_of(model, params), params.get("environment") or None)
        found = read_quality(model, scope, start=start, end=end, now=now, threshold=_threshold(params))
        return Response(_to_wire(model, found))


def _threshold(params: dict[str, str]) -> float | None:
    text = params.get("threshold", "")
    if not text:
        return None
    try:
        threshold = float(text)
    except ValueError:
        threshold = -1.0
    if not isfinite(threshold) or not 0 <= threshold <= 1:
        raise ValidationError({"threshold": "`threshold` is a number from 0 to 1, such as 0.35."})
    return threshold


def _to_wire(model: Model, found: Quality) -> dict[str, Any]:
    return {
        "model": model.slug,
        "kind": found.kind,
        "start": found.start.astimezone(UTC).isoformat(),
        "end": found.end.astimezone(UTC).isoformat(),
        "state": found.state,
        "n": found.n,
        "few": found.few,
        "settle_s": int(found.settle.total_seconds()),
        "label_coverage": reading_to_wire(found.coverage),
        "scores": found.scores,
        "confusion": [{"true": true, "predicted": guess, "count": count} for true, guess, count in found.confusion],
        "classes": [_class(one) for one in found.classes],
        "at_threshold": _matrix(found.at_threshold),
        "calibration": [_calibrated(one) for one in found.calibration],
        "roc": [_point(point) for point in found.roc],
        "precision_recall": [_point(point) for point in found.precision_recall],
        "error_histogram": [{"low": low, "high": high, "count": count} for low, high, count in found.errors],
        "unusable_labels": reading_to_wire(found.unusable_labels),
    }


def _class(one: Class) -> dict[str, Any]:
    quality = one.quality
    return {
        "name": one.name,
        "precision": reading_to_wire(quality.precision),
        "recall": reading_to_wire(quality.recall),
        "f1": reading_to_wire(quality.f1),
        "support": quality.support,
        "predicted": quality.predicted,
    }


def _matrix(found: Threshold | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "threshold": found.threshold,
        "true_positives": found.true_positives,
        "false_positives": found.false_positives,
        "false_negatives": found.false_negatives,
        "true_negatives": found.true_negatives,
    }


def _calibrated(one: Calibrated) -> dict[str, Any]:
    return {"score": one.score, "positive": reading_to_wire(one.positive)}


def _point(point: CurvePoint) -> dict[str, Any]:
    return {"x": point.x, "y": point.y, "threshold": point.threshold}
