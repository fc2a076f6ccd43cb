"""Pages of response and learning: incidents, runbooks, reviews, explorers, collection health."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
