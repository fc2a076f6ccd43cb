"""What the admins of every room share: pages that only show, who is asking, and which JSON may be written."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import FORMFIELD_FOR_DBFIELD_DEFAULTS
from django.db import models
from django.http import HttpRequest

from models_registry.models import User
from models_registry.storable import StorableJSON

# Read when an admin is registered; this room's are the first.
FORMFIELD_FOR_DBFIELD_DEFAULTS[models.JSONField] = {"form_class": StorableJSON}


class ShownOnly(admin.ModelAdmin[Any]):
    """Rows that machines write: people look, nobody adds, edits or deletes; growing tables are not counted twice."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


def person(request: HttpRequest) -> User:
    """Who is signed in; pages that ask are behind a login."""
    if not isinstance(request.user, User):
        raise PermissionError("Sign in first.")
    return request.user
