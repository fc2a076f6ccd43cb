"""What can be defined in a file: per section the table, its key, its fields, and what a field may name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError
from alerting.models import AlertRule, Channel, IncidentPolicy, Inhibition, Maintenance, QuietHours, Route
from alerting.validate import route_problems, rule_problems
from config.definitions.matchers import read_matchers, write_matchers
from config.definitions.moments import read_moment, write_moment
from config.definitions.mutes import read_days, read_time, write_days
from config.definitions.people import read_person, write_person
from config.definitions.plain import plain
from lib import clock
from models_registry.models import Model, Prompt
from monitoring.llm.pricing.prices import BUCKETS
from monitoring.models import SLO, Correction, Evaluator, OwnPrice, Policy, ScrapeTarget
from monitoring.slo.validate import correction_problems, slo_problems
from monitoring.validate import evaluator_problems, policy_problems, target_problems
from runbooks.models import Runbook


def _no_more_checks(_instance: Any) -> None:
    """The columns say everything."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file writes a value."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


@dataclass(frozen=True)
class Kind:
    """One section. `names` are fields that hold a key of another section of the same project."""

    section: str
    table: type[models.Model]
    key: str
    fields: tuple[str, ...]
    names: dict[str, type[models.Model]] = field(default_factory=dict)
    check: Callable[[Any], None] = _no_more_checks
    # Fields that stand in a file otherwise than in their column: read (`ValidationError`), and written.
    forms: dict[str, "Form"] = field(default_factory=dict)


MATCHERS = Form(read_matchers, write_matchers)
DAYS = Form(read_days, write_days)
TIME = Form(read_time, plain)
MOMENT = Form(read_moment, write_moment)
PERSON = Form(read_person, write_person)


def _check_slo(slo: SLO) -> None:
    _raise(slo_problems(slo))


def _check_correction(correction: Correction) -> None:
    _raise(correction_problems(correction, now=clock.now()))


def _check_rule(rule: AlertRule) -> None:
    _raise(rule_problems(rule))


def _check_channel(channel: Channel) -> None:
    try:
        channel_kind(channel.kind).check(target=channel.target, secret="")
    except ChannelError as error:
        raise ValidationError({"target": str(error)}) from error


def _check_route(route: Route) -> None:
    wanted = {"project": route.project, "parent": route.parent, "matchers": route.matchers}
    wanted["repeat_interval"] = route.repeat_interval
    _raise(route_problems(route.pk, wanted))


def _check_policy(policy: Policy) -> None:
    _raise(policy_problems(policy))


def _check_evaluator(evaluator: Evaluator) -> None:
    _raise(evaluator_problems(evaluator))


def _check_target(target: ScrapeTarget) -> None:
    _raise(target_problems(target))


def _raise(problems: dict[str, str]) -> None:
    if problems:
        raise ValidationError(problems)


# The one of the project: a file has its fields without a key.
INCIDENT_POLICY = Kind("incident_policy", IncidentPolicy, "project", ("labels", "reopen_within", "hold_flapping"))
KINDS = [
    Kind(
        "models",
        Model,
        "slug",
        (
            *("name", "description", "owner", "kind", "mode", "positive_label", "threshold", "label_delay"),
            *("score_min", "score_max", "bad_score", "feedback_categories", "bad_categories"),
            *("conversion_events", "value_matrix", "value_unit"),
        ),
    ),
    Kind("prompts", Prompt, "name", ("model", "description", "owner"), {"model": Model}),
    Kind(
        "slos",
        SLO,
        "slug",
        (
            *(
                "name",
                "description",
                "model",
                "environment",
                "sli",
                "bound_ms",
                "target",
                "window",
                "calendar",
                "zone",
                "method",
                "slice_target",
                "group_by",
                "composition",
                "without_data",
                "owner",
            ),
            *("measure", "comparison", "bound", "slice", "minimum"),
        ),
        {"model": Model},
        _check_slo,
    ),
    Kind(
        "corrections",
        Correction,
        "slug",
        (
            *(
                "slo",
                "model",
                "starts_at",
                "ends_at",
                "days",
                "start",
                "end",
                "time_zone",
                "effect",
                "reason",
                "author",
            ),
            *("ended_by", "withdrawn_at", "withdrawn_by"),
        ),
        {"slo": SLO, "model": Model},
        _check_correction,
        {"starts_at": MOMENT, "ends_at": MOMENT, "withdrawn_at": MOMENT, "days": DAYS, "start": TIME, "end": TIME},
    ),
    Kind(
        "policies",
        Policy,
        "slug",
        (
            *("name", "description", "model", "environment", "enabled", "on_failure"),
            *("max_cost_day_usd", "max_cost_month_usd", "max_cost_user_day_usd", "max_latency_ms"),
            *("quality_measure", "quality_comparison", "quality_bound", "quality_window", "quality_samples"),
            *("allowed_models", "parameters", "allowed_parameters", "required_context"),
        ),
        {"model": Model},
        _check_policy,
    ),
    Kind(
        "evaluators",
        Evaluator,
        "slug",
        ("name", "description", "model", "environment", "prompt_name", "kind", "settings", "share", "enabled"),
        {"model": Model},
        _check_evaluator,
    ),
    Kind(
        "rules",
        AlertRule,
        "slug",
        (
            *("name", "kind", "slo", "model", "environment", "measure", "comparison", "threshold", "window"),
            *("against", "pairs", "recovery", "points", "points_bad", "expression", "policy", "group_by", "settle"),
            *(
                "for_duration",
                "keep_firing_for",
                "minimum",
                "minimum_short",
                "interval",
                "severity",
                "summary",
                "enabled",
                "labels",
            ),
            *("no_data", "no_data_for", "on_error", "error_for"),
            "incident_labels",
        ),
        {"slo": SLO, "model": Model, "policy": Policy},
        _check_rule,
    ),
    Kind(
        "prices",
        OwnPrice,
        "name",
        ("provider", "model", "valid_from", *BUCKETS, "tiers", "context_window"),
    ),
    Kind(
        "scrape_targets",
        ScrapeTarget,
        "slug",
        ("model", "environment", "url", "interval", "names", "enabled"),
        {"model": Model},
        _check_target,
    ),
    Kind(
        "channels",
        Channel,
        "name",
        ("kind", "target", "minimum_severity", "owner", "enabled"),
        check=_check_channel,
        forms={"owner": PERSON},
    ),
    Kind(
        "routes",
        Route,
        "name",
        ("position", "keep_going", "group_wait", "group_interval", "repeat_interval"),
        check=_check_route,
    ),
    Kind(
        "quiet_hours",
        QuietHours,
        "name",
        ("channel", "person", "starts", "ends", "days", "zone", "pages_pass"),
        {"channel": Channel},
        forms={"person": PERSON, "starts": TIME, "ends": TIME, "days": DAYS},
    ),
    Kind(
        "maintenance_windows",
        Maintenance,
        "name",
        ("matchers", "days", "start", "end", "time_zone", "owner", "enabled"),
        forms={"matchers": MATCHERS, "days": DAYS, "start": TIME, "end": TIME},
    ),
    Kind(
        "inhibitions",
        Inhibition,
        "name",
        ("source", "target", "equal", "enabled"),
        forms={"source": MATCHERS, "target": MATCHERS},
    ),
    Kind("runbooks", Runbook, "slug", ("title", "summary", "owner", "verified_at")),
]
KEYS = {kind.table: kind.key for kind in KINDS}
