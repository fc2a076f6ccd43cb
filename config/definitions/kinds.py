"""What can be defined in a file: per section the table, its key, its fields, and what a field may name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from alerting.channels import KINDS as CHANNEL_KINDS
from alerting.models import AlertRule, Channel
from models_registry.models import Model
from monitoring.measures import MEASURES, SLIS
from monitoring.models import SLO
from runbooks.models import Runbook


def _no_more_checks(_instance: Any) -> None:
    """The columns say everything."""


@dataclass(frozen=True)
class Kind:
    """One section. `names` are fields that hold a key of another section of the same project."""

    section: str
    table: type[models.Model]
    key: str
    fields: tuple[str, ...]
    names: dict[str, type[models.Model]] = field(default_factory=dict)
    check: Callable[[Any], None] = _no_more_checks


def _check_slo(slo: SLO) -> None:
    if slo.sli not in SLIS:
        raise ValidationError({"sli": f"{slo.sli!r} is not an indicator; there are {', '.join(SLIS)}"})
    if SLIS[slo.sli].bounded and slo.bound_ms is None:
        raise ValidationError({"bound_ms": f"{slo.sli} needs a bound in milliseconds"})


def _check_rule(rule: AlertRule) -> None:
    if rule.kind == AlertRule.Kind.THRESHOLD and rule.measure not in MEASURES:
        raise ValidationError({"measure": f"{rule.measure!r} is not a measure; there are {', '.join(MEASURES)}"})


def _check_channel(channel: Channel) -> None:
    if channel.kind not in CHANNEL_KINDS:
        raise ValidationError({"kind": f"{channel.kind!r} is not a channel; there are {', '.join(CHANNEL_KINDS)}"})


KINDS = [
    Kind(
        "models",
        Model,
        "slug",
        ("name", "description", "owner", "kind", "mode", "positive_label", "threshold", "label_delay"),
    ),
    Kind(
        "slos",
        SLO,
        "slug",
        ("name", "description", "model", "environment", "sli", "bound_ms", "target", "window", "owner"),
        {"model": Model},
        _check_slo,
    ),
    Kind(
        "rules",
        AlertRule,
        "slug",
        (
            *("name", "kind", "slo", "model", "environment", "measure", "comparison", "threshold", "window", "pairs"),
            *("for_duration", "keep_firing_for", "minimum", "interval", "severity", "no_data", "summary", "enabled"),
        ),
        {"slo": SLO, "model": Model},
        _check_rule,
    ),
    Kind("channels", Channel, "name", ("kind", "target", "minimum_severity", "enabled"), check=_check_channel),
    Kind("runbooks", Runbook, "slug", ("title", "summary", "owner", "verified_at")),
]
