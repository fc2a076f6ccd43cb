"""Versions and change markers as somebody declares them; most come by themselves with events."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from models_registry.models import Deployment, Model, ModelVersion


def declare_version(model: Model, version: str, values: Mapping[str, Any]) -> tuple[ModelVersion, bool]:
    """The version with `notes` and `reviewed` as given, and whether it is new; `ValidationError` if that cannot be."""
    found = ModelVersion.objects.filter(model=model, version=version).first()
    row = found or ModelVersion(model=model, version=version, reviewed=True)
    for name, value in values.items():
        setattr(row, name, value)
    row.full_clean()
    with transaction.atomic():  # two may declare it at once: `IntegrityError`
        row.save()
    return row, found is None


def mark_deployment(mark: Deployment, values: Mapping[str, Any]) -> Deployment:
    """The marker, new or changed; `ValidationError` if that cannot be."""
    for name, value in values.items():
        setattr(mark, name, value)
    mark.full_clean()
    mark.save()
    return mark
