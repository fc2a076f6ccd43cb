"""The registry's part of the API."""

from django.urls import path

from models_registry.api.jobs import CancelJobView, JobsView, JobView
from models_registry.api.models import ModelsView, ModelView

urlpatterns = [
    path("jobs", JobsView.as_view()),
    path("jobs/<int:number>", JobView.as_view()),
    path("jobs/<int:number>/cancel", CancelJobView.as_view()),
    path("models", ModelsView.as_view()),
    path("models/<path:slug>", ModelView.as_view()),
]
