"""What programs ask of rules: what one would have done, and the signs of life that one waits for."""

from dataclasses import asdict
from datetime import datetime
from math import isnan
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.asked import rule_asked, rule_defined
from alerting.answers.incidents import numbers_of
from alerting.backtest.past import Backtest, compare
from alerting.errors import Refused
from alerting.evaluate.heartbeats import receive_heartbeat
from alerting.models import AlertRule
from lib import clock
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.models import Project
from models_registry.moments import MomentField
from monitoring.selectors.event_filters import FilterError, read_moment

MOST_POINTS = 1_000


class BacktestRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """What to ask of which past."""

    rule = serializers.JSONField(help_text="The slug of a rule, or a rule as it would be defined.")
    variant = serializers.JSONField(
        required=False, help_text="Fields that differ in a second rule, which is asked of the same past."
    )
    to = serializers.JSONField(help_text="RFC 3339 with offset, or a number.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        moment = serializers.JSONField(help_text="RFC 3339 with offset, or a number.")
        return {**super().get_fields(), "from": moment}


class FiringSerializer(serializers.Serializer[dict[str, Any]]):
    """One time that it would have fired."""

    pending_at = MomentField()
    start = MomentField()
    end = MomentField(allow_null=True)
    seconds = serializers.FloatField()
    severity = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    at_night = serializers.BooleanField()
    incidents = serializers.ListField(child=serializers.IntegerField())
    group = serializers.CharField(help_text="Of a rule with an alert per version or segment: version=3.")


class DifferenceSerializer(serializers.Serializer[dict[str, Any]]):
    """Where it did something else then."""

    at = MomentField()
    fired_then = serializers.BooleanField()
    fires_now = serializers.BooleanField()
    then_value = serializers.FloatField(allow_null=True)
    now_value = serializers.FloatField(allow_null=True)
    then_valid = serializers.IntegerField(allow_null=True)
    now_valid = serializers.IntegerField(allow_null=True)
    then_reason = serializers.CharField()
    group = serializers.CharField()
    is_hindsight = serializers.BooleanField()


class SeenSerializer(serializers.Serializer[dict[str, Any]]):
    """What it saw at an instant; of many the worst is kept."""

    at = MomentField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class BacktestSerializer(serializers.Serializer[dict[str, Any]]):
    """What a rule would have done."""

    evaluations = serializers.IntegerField()
    interval_s = serializers.FloatField()
    firings = FiringSerializer(many=True)
    time_in_firing_s = serializers.FloatField()
    pages = serializers.IntegerField()
    pages_at_night = serializers.IntegerField()
    caught = serializers.ListField(child=serializers.IntegerField(), help_text="Numbers of incidents.")
    missed = serializers.ListField(child=serializers.IntegerField(), help_text="Numbers of incidents.")
    false_alarms = serializers.IntegerField()
    held_back = serializers.IntegerField(help_text="Times that too few bad events kept it from firing.")
    no_data_s = serializers.FloatField()
    coarse_until = MomentField(allow_null=True)
    with_hindsight = serializers.BooleanField()
    seen_then = DifferenceSerializer(many=True)
    series = SeenSerializer(many=True)
    series_of = serializers.CharField(help_text="The group that `series` is of: the one that fired longest.")


class BacktestAnswerSerializer(BacktestSerializer):
    """The rule, and the variant where one was asked for."""

    variant = BacktestSerializer(allow_null=True)


class HeartbeatSerializer(serializers.Serializer[dict[str, Any]]):
    """When it came."""

    rule = serializers.CharField()
    at = MomentField()


class BacktestView(APIView):
    """What a rule, saved or not, would have done."""

    permission = "alerting.view_alertrule"
    write_scope = "read"

    @extend_schema(
        request=BacktestRequestSerializer,
        responses=BacktestAnswerSerializer,
        operation_id="rule_backtest",
    )
    def post(self, request: Request) -> Response:
        """By the evaluator that pages people, at every instant at which the rule would have been evaluated."""
        given = BacktestRequestSerializer(data=request.data)
        refuse_unless_valid(given)
        rules = _rules(project_of(request), given.validated_data)
        start, end = (_moment(name, given.validated_data[name]) for name in ("from", "to"))
        try:
            found = compare(rules, start=start, end=end, now=clock.now())
        except (Refused, ValueError) as error:
            raise ValidationError({"from": str(error)}) from error
        told = [_told(one) for one in found]
        return Response({**told[0], "variant": told[1] if len(told) > 1 else None})


class HeartbeatView(APIView):
    """A sign of life for a rule of kind heartbeat."""

    permission = "alerting.change_alertrule"
    write_scope = "ingest"

    @extend_schema(request=None, responses=HeartbeatSerializer, operation_id="rule_heartbeat")
    def post(self, request: Request, slug: str) -> Response:
        """Take note that it came now; 404 where no rule waits for one."""
        rule = AlertRule.objects.filter(project=project_of(request), slug=slug, kind=AlertRule.Kind.HEARTBEAT).first()
        if rule is None:
            raise NotFound("There is no rule of kind heartbeat with this slug in the project.")
        now = clock.now()
        receive_heartbeat(rule, now=now)
        return Response({"rule": rule.slug, "at": now})


def _rules(project: Project, given: dict[str, Any]) -> list[AlertRule]:
    """The rule and, where it differs, its variant; both could be asked."""
    rule = rule_asked(project, given["rule"])
    rules = [rule]
    if given.get("variant") is not None:
        rules.append(rule_defined(project, given["variant"], "variant", like=rule))
    return rules


def _moment(name: str, given: Any) -> datetime:
    try:
        found = read_moment(name, str(given))
    except FilterError as error:
        raise ValidationError({name: str(error)}) from error
    if found is None:
        raise ValidationError({name: "Write a time, such as 2026-03-10T12:00:00Z."})
    return found


def _told(found: Backtest) -> dict[str, Any]:
    return {
        "evaluations": found.slots.count,
        "interval_s": found.slots.step.total_seconds(),
        "firings": [asdict(one) for one in found.firings],
        "time_in_firing_s": found.firing_s,
        "pages": len(found.pages),
        "pages_at_night": len(found.pages_at_night),
        "caught": numbers_of(found.caught),
        "missed": numbers_of(found.missed),
        "false_alarms": len(found.false_alarms),
        "held_back": found.held_back,
        "no_data_s": found.blind_s,
        "coarse_until": found.coarse_until,
        "with_hindsight": found.with_hindsight,
        "seen_then": [{**asdict(one), "is_hindsight": one.is_hindsight} for one in found.differences],
        "series": _series(found),
        "series_of": found.parts[0].target.group if found.parts else "",
    }


def _series(found: Backtest) -> list[dict[str, Any]]:
    """At most a thousand points; of the group that fired longest."""
    if not found.parts:
        return []
    step = -(-found.slots.count // MOST_POINTS)
    answers = found.parts[0].answers
    rows = (("value", answers.value), ("low", answers.low), ("high", answers.high))
    return [
        {
            "at": found.slots.at(place),
            **{name: None if row is None or isnan(row[place]) else float(row[place]) for name, row in rows},
        }
        for place in range(0, found.slots.count, step)
    ]
