"""Alerting's part of the API."""

from django.urls import path

from alerting.api import (
    AcknowledgeView,
    AlertsView,
    CommentView,
    IncidentsView,
    IncidentView,
    ResolveView,
    RulesView,
    SilenceView,
)

urlpatterns = [
    path("rules", RulesView.as_view()),
    path("alerts", AlertsView.as_view()),
    path("incidents", IncidentsView.as_view()),
    path("incidents/<int:number>", IncidentView.as_view()),
    path("incidents/<int:number>/acknowledge", AcknowledgeView.as_view()),
    path("incidents/<int:number>/resolve", ResolveView.as_view()),
    path("incidents/<int:number>/comment", CommentView.as_view()),
    path("incidents/<int:number>/silence", SilenceView.as_view()),
]
