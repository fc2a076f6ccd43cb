"""What a rule will do, before it is saved."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.asked import rule_asked
from alerting.backtest.foresight import foresee_rule
from alerting.backtest.past import Backtest
from lib import clock
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.moments import MomentField
from monitoring.answers.foretold import ForesightSerializer, foretold


class RulePreviewRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """Of what."""

    rule = serializers.JSONField(help_text="The slug of a rule, or a rule as it would be defined.")


class ReplayedSerializer(serializers.Serializer[dict[str, Any]]):
    """What it would have done in the last seven days; `POST /api/v1/rules/backtest` tells the whole of it."""

    start = MomentField()
    end = MomentField()
    firings = serializers.IntegerField()
    pages = serializers.IntegerField()
    false_alarms = serializers.IntegerField()
    held_back = serializers.IntegerField()


class RulePreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """`foresight` is null for kinds of rules that have no closed form; `replayed` where it cannot be asked of the past."""

    foresight = ForesightSerializer(allow_null=True)
    replayed = ReplayedSerializer(allow_null=True)
    problem = serializers.CharField(help_text="Why it cannot be asked of the past.", allow_blank=True)


class RulePreviewView(APIView):
    """What a rule will do, saved or not."""

    permission = "alerting.view_alertrule"
    write_scope = "read"

    @extend_schema(request=RulePreviewRequestSerializer, responses=RulePreviewSerializer, operation_id="rule_preview")
    def post(self, request: Request) -> Response:
        """Detection, reset and budget spent for outages, false alarms at the real traffic, and the last seven days."""
        given = RulePreviewRequestSerializer(data=request.data)
        refuse_unless_valid(given)
        found = foresee_rule(rule_asked(project_of(request), given.validated_data["rule"]), now=clock.now())
        return Response(
            {
                "foresight": found.foresight and foretold(found.foresight),
                "replayed": found.replayed and _told(found.replayed),
                "problem": found.problem,
            }
        )


def _told(found: Backtest) -> dict[str, Any]:
    return {
        "start": found.start,
        "end": found.end,
        "firings": len(found.firings),
        "pages": len(found.pages),
        "false_alarms": len(found.false_alarms),
        "held_back": found.held_back,
    }
