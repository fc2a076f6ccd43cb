"""What stays, what takes a permission and what is counted as an event: one list, held against the forms and tables that there are."""

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from models_registry.models import User
from monitoring.models.events import Event


def test_the_list_of_removal_is_that_of_the_admin() -> None:
    request = RequestFactory().get(reverse("admin:index"))
    request.user = User(is_superuser=True, is_staff=True)
    kept, asked = set(), set()
    for table, form in admin.site._registry.items():
        (asked if form.has_delete_permission(request) else kept).add(table._meta.label)
    assert kept
    assert kept == settings.REMOVAL["kept"]
    assert asked == settings.REMOVAL["asked"]


def test_all_events_are_counted() -> None:
    assert settings.REMOVAL["events"] == {one._meta.label for one in apps.get_models() if issubclass(one, Event)}
