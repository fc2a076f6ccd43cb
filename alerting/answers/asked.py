"""The rule that a request of the API asks about: a saved one by its slug, or one as it would be defined; or the 400 with the mend.

Edges share it from below, so that none of them imports another.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from alerting.models import AlertRule
from alerting.validate import rule_problems
from models_registry.bodies import DefinitionSerializer
from models_registry.models import Model, Project
from monitoring.models import SLO, Policy

FIELDS = [
    *(
        "slug",
        "name",
        "kind",
        "slo",
        "model",
        "environment",
        "measure",
        "comparison",
        "threshold",
        "recovery",
        "window",
    ),
    *("against", "pairs", "points", "points_bad", "expression", "policy", "group_by", "settle", "labels"),
    *("for_duration", "keep_firing_for", "minimum", "minimum_short", "interval", "severity", "no_data", "no_data_for"),
    *("on_error", "error_for", "summary", "incident_labels", "enabled"),
]


class RuleDefinitionSerializer(DefinitionSerializer):
    """A rule as it is defined; every reference by its slug. Nothing is saved."""

    slug = serializers.SlugField(required=False, default="unsaved")
    name = serializers.CharField(required=False, default="", allow_blank=True)

    class Meta:
        """What a person decides; uniqueness is nobody's business where nothing is saved."""

        model = AlertRule
        fields = FIELDS
        validators: list[Any] = []

    def __init__(self, *args: Any, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, table in (("slo", SLO), ("model", Model), ("policy", Policy)):
            rows = table._default_manager.filter(project=project)
            self.fields[name] = serializers.SlugRelatedField(
                slug_field="slug", queryset=rows, required=False, allow_null=True
            )


def rule_asked(project: Project, given: Any) -> AlertRule:
    """By its slug, or by its fields."""
    if not isinstance(given, str):
        return rule_defined(project, given, "rule")
    rows = AlertRule.objects.filter(project=project, slug=given)
    rule = rows.select_related("project", "slo__model", "model", "policy").first()
    if rule is None:
        raise ValidationError({"rule": f"There is no rule {given} in the project; GET /api/v1/rules lists them."})
    return rule


def rule_defined(project: Project, given: Any, where: str, *, like: AlertRule | None = None) -> AlertRule:
    """By its fields; those that are not given are those of `like`. Nothing is saved."""
    if not isinstance(given, dict):
        raise ValidationError({where: "Write an object with the fields of a rule."})
    if unknown := sorted(given.keys() - set(FIELDS)):
        raise ValidationError({where: f"Unknown fields: {', '.join(unknown)}. A rule has {', '.join(FIELDS)}."})
    form = RuleDefinitionSerializer(data=given, project=project, partial=like is not None)
    if not form.is_valid():
        raise ValidationError({where: form.errors})
    known = {name: getattr(like, name) for name in FIELDS} if like else {}
    rule = AlertRule(project=project, **{**known, **form.validated_data})
    rule.pk = like.pk if like else None  # a variant is due when its rule is
    if like is not None:
        rule.created_at = like.created_at
    if problems := rule_problems(rule):
        raise ValidationError({where: problems})
    return rule
