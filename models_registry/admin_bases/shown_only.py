"""A page of rows that machines write."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


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
