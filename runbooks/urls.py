"""The runbook room's part of the API."""

from django.urls import path

from runbooks.api import CloseView, ReviewsView, ReviewView, RunbooksView

urlpatterns = [
    path("incidents/<int:number>/close", CloseView.as_view()),
    path("runbooks", RunbooksView.as_view()),
    path("reviews", ReviewsView.as_view()),
    path("reviews/<int:number>", ReviewView.as_view()),
]
