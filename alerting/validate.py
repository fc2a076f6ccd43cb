"""Whether a rule could ever fire, and a route stand where it is put; forms and `apply` ask before they save.

A rule that cannot fire is worse than none, and so is a tree that bites its tail.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from alerting.kinds import rule_kind
from alerting.models import AlertRule, Route
from models_registry.models import LONGEST
from monitoring.slo.grouping import grouping_problem

LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SHORTEST_REPEAT: Final = timedelta(minutes=5)  # as often as a group is told of more, and as Alertmanager advises
OWN: Final = frozenset({"alertname", "severity", "project", "rule", "model", "environment", "slo"})


def rule_problems(rule: AlertRule) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when the rule can be asked and could fire."""
    problems = rule_kind(rule).problems(rule)
    if rule.interval.total_seconds() < 1:
        problems["interval"] = _("Ask at most once a second: 00:01:00 is every minute.")
    for name in ("window", "interval", "for_duration", "keep_firing_for", "no_data_for", "error_for", "settle"):
        given = getattr(rule, name)
        if given is not None and not timedelta(0) <= given <= LONGEST:
            problems[name] = _("Choose from 00:00:00 to 3650 00:00:00, which is ten years.")
    if not _are_labels(rule.labels):
        problems["labels"] = _(
            'Write texts by name, such as {"team": "credit"}; a name is letters, digits and underscores, and not one of '
            "%(own)s."
        ) % {"own": ", ".join(sorted(OWN))}
    watched = rule.slo or rule.model
    if watched and "group_by" not in problems and (wrong := grouping_problem(watched, rule.group_by)):
        problems["group_by"] = wrong
    return problems


def route_problems(pk: int | None, wanted: Mapping[str, Any]) -> dict[str, str]:
    """Field to a sentence that names the mend, for `project`, `parent`, `matchers`, `channels` and `repeat_interval` of the route
    `pk` (None: a new one).
    """
    project, parent = wanted["project"], wanted.get("parent")
    problems: dict[str, str] = {}
    if parent is None:
        root = Route.objects.filter(project=project, parent=None).exclude(pk=pk or 0).first()
        if root is not None:
            problems["parent"] = _("The project has a root already, “%(root)s”. Put this route under it.") % {
                "root": root
            }
        if wanted.get("matchers"):
            problems["matchers"] = _("The root takes everything that no other route takes: leave this empty.")
    elif parent.project_id != project.pk:
        problems["parent"] = _("Choose a route of the same project.")
    elif pk is not None and _is_under(parent, pk):
        problems["parent"] = _("A route cannot stand under itself or under one of its own.")
    if any(channel.project_id != project.pk for channel in wanted.get("channels") or []):
        problems["channels"] = _("Choose channels of the same project.")
    if timedelta(0) < (wanted.get("repeat_interval") or timedelta(0)) < SHORTEST_REPEAT:
        problems["repeat_interval"] = _(
            "Repeat no more often than every five minutes: say five minutes or longer, or zero, which never repeats."
        )
    return problems


def _is_under(route: Route, pk: int) -> bool:
    above = dict(Route.objects.filter(project=route.project_id).values_list("pk", "parent"))
    at: int | None = route.pk
    for _step in above:
        if at is None or at == pk:
            return at == pk
        at = above.get(at)
    return at == pk


def _are_labels(labels: object) -> bool:
    if not isinstance(labels, dict) or OWN & labels.keys():
        return False
    return all(isinstance(text, str) and LABEL.fullmatch(str(name)) for name, text in labels.items())
