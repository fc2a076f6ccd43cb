"""Rules with an alert per version or segment, and what they watch: which of them can no longer be answered, or could not after a change."""

from collections.abc import Collection, Iterable
from copy import copy

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from alerting.kinds.base import rule_model
from alerting.models import AlertRule
from models_registry.models import Project
from monitoring.models import COMPOSITE, SLO, SegmentKey
from monitoring.selectors.components import load_components
from monitoring.slo.grouping import grouping_problems

Wrong = tuple[AlertRule, str]  # and why it cannot be grouped


def grouping_wrongs(rules: Iterable[AlertRule]) -> dict[int, str]:
    """Why each of them cannot be grouped as it wants, by id, for those that are grouped; empty where it can. At most two
    statements for any number.
    """
    grouped = [rule for rule in rules if rule.grouping]
    problems = grouping_problems([(rule.slo or rule_model(rule), rule.grouping) for rule in grouped])
    return {rule.pk: wrong for rule, wrong in zip(grouped, problems, strict=True)}


def wrong_in(project: Project) -> dict[int, Wrong]:
    """Those of a project that are asked and cannot be grouped as they want, by id."""
    rules = {rule.pk: rule for rule in _asked().filter(project=project)}
    return {pk: (rules[pk], wrong) for pk, wrong in grouping_wrongs(rules.values()).items() if wrong}


def change_problems(slo: SLO) -> dict[str, str]:
    """Field to why an objective cannot become what it is here: rules on it, or on a composite of it, could then not be grouped.

    One that cannot be grouped today stands in the way of nothing.
    """
    saved = SLO.objects.select_related("model").filter(pk=slo.pk).first()
    if saved is None:
        return {}
    watching = Q(slo=slo.pk) | Q(slo__components__slo=slo.pk)
    rules = list(_asked().filter(watching).exclude(group_by="").distinct())
    objectives = [rule.slo for rule in rules if rule.slo]
    load_components(objectives)
    keys = [rule.group_by for rule in rules]
    before = grouping_problems(list(zip(objectives, keys, strict=True)))
    after = grouping_problems([(_with(one, slo), key) for one, key in zip(objectives, keys, strict=True)])
    broken = [(rule, new) for rule, old, new in zip(rules, before, after, strict=True) if new and not old]
    if not broken:
        return {}
    return {"model" if saved.model_id != slo.model_id else "components": change_told(broken)}


def _with(objective: SLO, changed: SLO) -> SLO:
    """As it would be: itself, or one of its components, is what changes."""
    if objective.pk == changed.pk:
        return changed
    whole, parts = copy(objective), [copy(part) for part in objective.parts or ()]
    for part in parts:
        part.slo = changed if part.slo_id == changed.pk else part.slo
    whole.parts = tuple(parts)
    return whole


def withdrawal_problem(key: SegmentKey) -> str:
    """Why a model cannot lose this key: rules that make an alert for each of its values. Empty where there are none."""
    own = Q(slo=None, model=key.model_id) | Q(slo__model=key.model_id) & ~Q(slo__sli=COMPOSITE)
    watching = own | Q(slo__sli=COMPOSITE, slo__components__slo__model=key.model_id)
    by_it = Q(group_by=key.key) | Q(group_by="", slo__group_by=key.key)
    rules = list(_asked().filter(watching, by_it).distinct())
    if not rules:
        return ""
    return _(
        "The segment key %(key)s of %(model)s stays: these rules make an alert for each of its values: %(rules)s. Change or "
        "disable them first."
    ) % {"key": key.key, "model": key.model.slug, "rules": _named(rules)}


def change_told(broken: Collection[Wrong]) -> str:
    """Which rules a change would break, and how that is mended."""
    wrongs = " ".join(dict.fromkeys(wrong for _rule, wrong in broken))
    return _(
        "These rules could then no longer make their alerts: %(rules)s. %(why)s Otherwise change or disable these rules first."
    ) % {"rules": _named([rule for rule, _wrong in broken]), "why": wrongs}


def _named(rules: Iterable[AlertRule]) -> str:
    return ", ".join(f"{rule} ({rule.grouping})" for rule in rules)


def _asked() -> QuerySet[AlertRule]:
    """One that is disabled is asked of nothing; who enables it is told what is wrong."""
    rules = AlertRule.objects.filter(enabled=True).exclude(kind=AlertRule.Kind.EXTERNAL)
    return rules.select_related("project", "slo__model", "model").order_by("name", "pk")
