"""A foresight as the API tells it; edges of every room share it from below."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from monitoring.slo.foresight import Foresight
from monitoring.stats.foresee import OUTAGES


class OutageSerializer(serializers.Serializer[dict[str, Any]]):
    """What a pair makes of an outage; seconds are null where it is never noticed."""

    share = serializers.FloatField(help_text=f"The share of events that is bad: one of {OUTAGES}.")
    detected_s = serializers.FloatField(allow_null=True)
    reset_s = serializers.FloatField(allow_null=True, help_text="After the outage has ended.")
    spent = serializers.FloatField(allow_null=True, help_text="Share of the budget; null for thresholds.")
    never = serializers.ChoiceField(
        ["", "small", "guard"], help_text="`small`: below the limit. `guard`: too few events come for the minimum."
    )


class PairSerializer(serializers.Serializer[dict[str, Any]]):
    """A pair of windows, the bad events they need, and outages. Of a threshold the window twice, its limit as the factor."""

    long_s = serializers.IntegerField()
    short_s = serializers.IntegerField()
    factor = serializers.FloatField()
    severity = serializers.CharField()
    minimum = serializers.IntegerField()
    minimum_short = serializers.IntegerField()
    outages = OutageSerializer(many=True)


class ExpectedSerializer(serializers.Serializer[dict[str, Any]]):
    """In 30 days: at the bad share measured, and at both ends of its 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class TrafficSerializer(serializers.Serializer[dict[str, Any]]):
    """What was measured over the last two weeks."""

    days = serializers.FloatField()
    events = serializers.FloatField()
    per_hour = serializers.FloatField()
    bad_share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    over_budget = serializers.BooleanField()


class ForesightSerializer(serializers.Serializer[dict[str, Any]]):
    """What alerts will do; `traffic` and expectations are null where nothing came."""

    pairs = PairSerializer(many=True)
    traffic = TrafficSerializer(allow_null=True)
    false_pages = ExpectedSerializer(allow_null=True)
    false_tickets = ExpectedSerializer(allow_null=True)


def foretold(found: Foresight) -> dict[str, Any]:
    """As `ForesightSerializer` describes it."""
    traffic = found.traffic
    return {
        "pairs": [
            {
                **asdict(row.pair),
                "minimum": row.guard.long,
                "minimum_short": row.guard.short,
                "outages": [asdict(one) for one in row.outages],
            }
            for row in found.pairs
        ],
        "traffic": traffic
        and {
            "days": traffic.seconds / 86_400,
            "events": traffic.events,
            "per_hour": traffic.per_second * 3_600,
            "bad_share": traffic.share,
            "low": traffic.interval[0],
            "high": traffic.interval[1],
            "over_budget": found.over_budget,
        },
        "false_pages": found.false_pages and asdict(found.false_pages),
        "false_tickets": found.false_tickets and asdict(found.false_tickets),
    }
