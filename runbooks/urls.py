"""The runbook room's part of the API."""

from django.urls import path

from runbooks.api.actions import ActionItemDoneView, ActionItemsView, ActionItemView, NewActionItemView
from runbooks.api.close import CloseView
from runbooks.api.reviews import PublishView, ReviewsView, ReviewView, VerdictView
from runbooks.api.runbooks import RunbooksView, RunbookView
from runbooks.api.runs import RunsView, RunView, StepDoneView, StepReopenView

urlpatterns = [
    path("incidents/<int:number>/close", CloseView.as_view()),
    path("incidents/<int:number>/runs", RunsView.as_view()),
    path("incidents/<int:number>/runs/<slug:slug>", RunView.as_view()),
    path("incidents/<int:number>/steps/<int:step>/done", StepDoneView.as_view()),
    path("incidents/<int:number>/steps/<int:step>/reopen", StepReopenView.as_view()),
    path("runbooks", RunbooksView.as_view()),
    path("runbooks/<slug:slug>", RunbookView.as_view()),
    path("reviews", ReviewsView.as_view()),
    path("reviews/<int:number>", ReviewView.as_view()),
    path("reviews/<int:number>/publish", PublishView.as_view()),
    path("reviews/<int:number>/alerts/<int:alert>/verdict", VerdictView.as_view()),
    path("reviews/<int:number>/actions", NewActionItemView.as_view()),
    path("action-items", ActionItemsView.as_view()),
    path("action-items/<int:number>", ActionItemView.as_view()),
    path("action-items/<int:number>/done", ActionItemDoneView.as_view()),
]
