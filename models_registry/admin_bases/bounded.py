"""A page whose rows take along no more events than one request may remove."""

from typing import Any

from django.contrib import admin
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest

from models_registry.removal import too_many_events


class Bounded(admin.ModelAdmin[Any]):
    """Removing asks first how many stored events would go along, as the API does; Django would read every one of them."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is too much is told where the page tells what protects it, and nothing else is looked for."""
        told = [f"{row}: {problem}" for row in objs if (problem := _too_many(row))]
        if told:
            return [str(row) for row in objs], {}, set(), told
        return super().get_deleted_objects(objs, request)


def _too_many(row: Any) -> str:
    try:
        return too_many_events(row)
    except (ProtectedError, RestrictedError):  # Django's page names what holds it
        return ""
