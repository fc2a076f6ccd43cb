"""Alertmanager's paths, under /api/v2/, and one that its own webhooks call."""

from django.urls import path

from alerting.interop.alertmanager import (
    WireAlertsView,
    WireGroupsView,
    WireReceiversView,
    WireSilencesView,
    WireSilenceView,
    WireStatusView,
)
from alerting.interop.webhook import WireWebhookView

urlpatterns = [
    path("alerts", WireAlertsView.as_view()),
    path("alerts/groups", WireGroupsView.as_view()),
    path("silences", WireSilencesView.as_view()),
    path("silence/<uuid:uid>", WireSilenceView.as_view()),
    path("status", WireStatusView.as_view()),
    path("receivers", WireReceiversView.as_view()),
    path("webhook", WireWebhookView.as_view()),
]
