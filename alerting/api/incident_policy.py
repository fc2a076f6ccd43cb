"""`/api/v1/incident-policy`: how the alerts of the project become incidents."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db import IntegrityError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.models import IncidentPolicy, incident_policy
from lib.problem import Conflict
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.models import LONGEST


class IncidentPolicySerializer(serializers.Serializer[IncidentPolicy]):
    """Alerts that have the values of `labels` in common are one incident; 0 of `reopen_within_s` reopens none."""

    labels = serializers.ListField(child=serializers.CharField(max_length=200), max_length=100)
    reopen_within_s = serializers.FloatField(min_value=0, max_value=LONGEST.total_seconds())
    hold_flapping = serializers.BooleanField()


class IncidentPolicyView(APIView):
    """The one of the project."""

    write_scope = "admin"
    read_permission = "alerting.view_incidentpolicy"
    permission = "alerting.change_incidentpolicy"

    @extend_schema(responses=IncidentPolicySerializer, operation_id="incident_policy")
    def get(self, request: Request) -> Response:
        """What holds; the defaults where nobody has decided otherwise."""
        return Response(_to_wire(incident_policy(project_of(request).pk)))

    @extend_schema(
        request=IncidentPolicySerializer(partial=True),
        responses=IncidentPolicySerializer,
        operation_id="incident_policy_change",
    )
    def patch(self, request: Request) -> Response:
        """Change what is given, for alerts that begin from now on; what is left out stays."""
        given = IncidentPolicySerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        policy, values = incident_policy(project_of(request).pk), dict(given.validated_data)
        if "reopen_within_s" in values:
            values["reopen_within"] = timedelta(seconds=values.pop("reopen_within_s"))
        for name, value in values.items():
            setattr(policy, name, value)
        try:
            policy.full_clean()
            with transaction.atomic():
                policy.save()
        except Invalid as error:
            raise ValidationError({_wire_name(name): told for name, told in error.message_dict.items()}) from error
        except IntegrityError as error:
            message = "Somebody else wrote the policy just now; look, and send yours again."
            raise Conflict(message) from error
        return Response(_to_wire(policy))


def _wire_name(name: str) -> str:
    return "reopen_within_s" if name == "reopen_within" else name


def _to_wire(policy: IncidentPolicy) -> dict[str, Any]:
    return {
        "labels": policy.labels,
        "reopen_within_s": policy.reopen_within.total_seconds(),
        "hold_flapping": policy.hold_flapping,
    }
