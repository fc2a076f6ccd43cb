"""Fatigue for programs: what alerts cost people, by rule and by reader, and what would spare them, each with its backtest."""

from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.incidents import numbers_of
from alerting.fatigue.count import Fatigue
from alerting.fatigue.propose import Advice, Figures, advise
from alerting.fatigue.read import LONGEST, USUAL, RuleLine, fatigue_report
from alerting.models import AlertRule
from lib import clock
from models_registry.authenticate import project_of
from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.selectors.event_filters import FilterError, read_moment

RANGE = [
    OpenApiParameter("from", str, description="RFC 3339 with offset, or a number; 30 days before `to` unless given."),
    OpenApiParameter("to", str, description="RFC 3339 with offset, or a number; now unless given."),
]


class PrecisionSerializer(serializers.Serializer[dict[str, Any]]):
    """A share with its 95 % interval; null of no verdicts."""

    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class FatigueSerializer(serializers.Serializer[dict[str, Any]]):
    """Of `n` (firings of a rule; messages that called somebody) so many were this or that."""

    n = serializers.IntegerField()
    pages = serializers.IntegerField()
    at_night = serializers.IntegerField()
    acted = serializers.IntegerField()
    by_itself = serializers.IntegerField()
    flapping = serializers.IntegerField()
    unacknowledged = serializers.IntegerField()
    held_back = serializers.DictField(child=serializers.IntegerField(), help_text="Decisions not to tell, by reason.")
    precision = PrecisionSerializer()


class SparedSerializer(serializers.Serializer[dict[str, Any]]):
    """A longer `for` and how many firings it would have kept from starting."""

    for_s = serializers.FloatField()
    spared = serializers.IntegerField()
    n = serializers.IntegerField()


class RuleFatigueSerializer(FatigueSerializer):
    """One rule."""

    rule = serializers.CharField()
    spared_by_for = SparedSerializer(allow_null=True)


class ReaderFatigueSerializer(FatigueSerializer):
    """One person, or a channel that is nobody's own."""

    name = serializers.CharField()
    is_person = serializers.BooleanField()
    zone = serializers.CharField()


class FatigueReportSerializer(serializers.Serializer[dict[str, Any]]):
    """What hurts most comes first."""

    start = MomentField()
    end = MomentField()
    quiet_rules = serializers.IntegerField()
    rules = RuleFatigueSerializer(many=True)
    readers = ReaderFatigueSerializer(many=True)


class FiguresSerializer(serializers.Serializer[dict[str, Any]]):
    """A backtest in figures; incidents by their numbers."""

    firings = serializers.IntegerField()
    time_in_firing_s = serializers.FloatField()
    caught = serializers.ListField(child=serializers.IntegerField())
    missed = serializers.ListField(child=serializers.IntegerField())
    false_alarms = serializers.IntegerField()
    pages = serializers.IntegerField()
    pages_at_night = serializers.IntegerField()


class ProposalSerializer(serializers.Serializer[dict[str, Any]]):
    """A change that spares firings and misses nothing that was acted upon."""

    what = serializers.ChoiceField(choices=["for", "window", "retire"])
    value_s = serializers.FloatField(allow_null=True)
    lost = serializers.ListField(child=serializers.IntegerField(), help_text="Incidents that nobody would hear of.")
    backtest = FiguresSerializer()


class RuleAdviceSerializer(RuleFatigueSerializer):
    """One rule with what would spare people of it."""

    start = MomentField()
    end = MomentField()
    backtest = FiguresSerializer(allow_null=True)
    proposals = ProposalSerializer(many=True)
    problem = serializers.CharField()


class FatigueView(APIView):
    """The report of a project."""

    read_permission = "alerting.view_notification"

    @extend_schema(parameters=RANGE, responses=FatigueReportSerializer, operation_id="fatigue")
    def get(self, request: Request) -> Response:
        """Every rule that fired and everybody who was called; what became of incidents is told as it is known today."""
        start, end = _range(request)
        report = fatigue_report(project_of(request), start=start, end=end)
        readers = [
            {"name": one.name, "is_person": one.is_person, "zone": one.zone, **_told(one.told)}
            for one in report.readers
        ]
        rules = [_line(one) for one in report.rules]
        return Response({"start": start, "end": end, "quiet_rules": report.quiet, "rules": rules, "readers": readers})


class RuleFatigueView(APIView):
    """One rule, with proposals."""

    read_permission = "alerting.view_notification"

    @extend_schema(parameters=RANGE, responses=RuleAdviceSerializer, operation_id="rule_fatigue")
    def get(self, request: Request, slug: str) -> Response:
        """Its line of the report, and proposals with their backtests; nothing is changed."""
        project = project_of(request)
        rules = AlertRule.objects.filter(project=project, slug=slug)
        rule = rules.select_related("project", "slo__model", "model", "policy").first()
        if rule is None:
            raise NotFound(f"There is no rule {slug} in the project; GET /api/v1/rules lists them.")
        start, end = _range(request)
        report = fatigue_report(project, start=start, end=end)
        line = report.line(rule)
        advice = advise(report, line, now=clock.now())
        return Response({"start": start, "end": end, **_line(line), **_advice(advice)})


def _range(request: Request) -> tuple[datetime, datetime]:
    params = asked_of(request, RANGE)
    try:
        start, end = (read_moment(name, params.get(name, "")) for name in ("from", "to"))
    except FilterError as error:
        raise ValidationError({error.field: str(error)}) from error
    end = end or clock.now()
    start = start or end - USUAL
    if not timedelta(0) < end - start <= LONGEST:
        raise ValidationError({"from": "The range must end after it starts, and hold at most 366 days."})
    return start, end


def _line(line: RuleLine) -> dict[str, Any]:
    known = line.spared
    spared = {"for_s": known.hold.total_seconds(), "spared": known.spared, "n": known.n} if known else None
    return {"rule": line.rule.slug, **_told(line.told), "spared_by_for": spared}


def _told(told: Fatigue) -> dict[str, Any]:
    precision = told.precision
    return {
        "n": told.n,
        "pages": told.pages,
        "at_night": told.at_night,
        "acted": told.acted,
        "by_itself": told.by_itself,
        "flapping": told.flapping,
        "unacknowledged": told.unacknowledged,
        "held_back": dict(told.held_back),
        "precision": {"value": precision.value, "n": precision.n, "low": precision.low, "high": precision.high},
    }


def _advice(advice: Advice) -> dict[str, Any]:
    proposals = [
        {
            "what": one.what,
            "value_s": one.value.total_seconds() if one.value else None,
            "lost": numbers_of(one.lost),
            "backtest": _figures(one.figures),
        }
        for one in advice.proposals
    ]
    backtest = _figures(advice.figures) if advice.figures else None
    return {"backtest": backtest, "proposals": proposals, "problem": advice.problem}


def _figures(found: Figures) -> dict[str, Any]:
    return {
        "firings": found.firings,
        "time_in_firing_s": found.firing_s,
        "caught": numbers_of(found.caught),
        "missed": numbers_of(found.missed),
        "false_alarms": found.false_alarms,
        "pages": found.pages,
        "pages_at_night": found.pages_at_night,
    }
