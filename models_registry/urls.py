"""The registry's part of the API."""

from django.urls import path

from models_registry.api import ModelsView, ModelView

urlpatterns = [
    path("models", ModelsView.as_view()),
    path("models/<path:slug>", ModelView.as_view()),
]
