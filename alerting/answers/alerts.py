"""An alert as the API tells it."""

from typing import Any

from rest_framework import serializers

from alerting.models import Alert
from models_registry.moments import RowSerializer


class AlertSerializer(RowSerializer[Alert]):
    """The state of one rule for one set of labels."""

    recovering = serializers.BooleanField(source="is_recovering", read_only=True)
    rule = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    incident = serializers.SlugRelatedField[Any](slug_field="number", read_only=True, allow_null=True)

    class Meta:
        """Identity, state, times."""

        model = Alert
        fields = [
            *["id", "rule", "labels", "signal", "state", "recovering", "severity", "value", "reason", "incident"],
            *["active_since", "keep_since", "fired_at", "resolved_at", "changed_at", "flapping_since"],
        ]
