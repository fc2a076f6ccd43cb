"""Alerting's part of the API."""

from django.urls import path

from alerting.api.alerts import AlertsView, AlertView, RulesView, RuleView
from alerting.api.fatigue import FatigueView, RuleFatigueView
from alerting.api.incident_policy import IncidentPolicyView
from alerting.api.incidents import IncidentsView, IncidentView
from alerting.api.messages import (
    ChannelRequeueView,
    ChannelSecretView,
    ChannelsView,
    ChannelTestView,
    NotificationRequeueView,
    NotificationsView,
    NotificationView,
)
from alerting.api.moves import (
    AcknowledgeView,
    AssignView,
    CommentView,
    MergeView,
    MitigateView,
    ReopenView,
    ResolveView,
    SeverityView,
    SilenceView,
    SnoozeView,
    WakeView,
)
from alerting.api.mutes import OneSilenceView, SilencePreviewView, SilencesView
from alerting.api.preview import RulePreviewView
from alerting.api.quiet_hours import OneQuietHoursView, QuietHoursView
from alerting.api.routes import OneRouteView, RoutePreviewView, RoutesView
from alerting.api.rules import BacktestView, HeartbeatView
from alerting.api.windows import InhibitionsView, InhibitionView, MaintenancesView, MaintenanceView

urlpatterns = [
    path("rules", RulesView.as_view()),
    path("rules/backtest", BacktestView.as_view()),
    path("rules/preview", RulePreviewView.as_view()),
    path("rules/<slug:slug>/heartbeat", HeartbeatView.as_view()),
    path("rules/<slug:slug>", RuleView.as_view()),
    path("alerts/<int:number>", AlertView.as_view()),
    path("alerts", AlertsView.as_view()),
    path("incidents", IncidentsView.as_view()),
    path("incidents/<int:number>", IncidentView.as_view()),
    path("incidents/<int:number>/acknowledge", AcknowledgeView.as_view()),
    path("incidents/<int:number>/resolve", ResolveView.as_view()),
    path("incidents/<int:number>/comment", CommentView.as_view()),
    path("incidents/<int:number>/silence", SilenceView.as_view()),
    path("incidents/<int:number>/mitigate", MitigateView.as_view()),
    path("incidents/<int:number>/reopen", ReopenView.as_view()),
    path("incidents/<int:number>/assign", AssignView.as_view()),
    path("incidents/<int:number>/snooze", SnoozeView.as_view()),
    path("incidents/<int:number>/wake", WakeView.as_view()),
    path("incidents/<int:number>/merge", MergeView.as_view()),
    path("incidents/<int:number>/severity", SeverityView.as_view()),
    path("silences", SilencesView.as_view()),
    path("silences/preview", SilencePreviewView.as_view()),
    path("silences/<uuid:uid>", OneSilenceView.as_view()),
    path("maintenance-windows", MaintenancesView.as_view()),
    path("maintenance-windows/<int:number>", MaintenanceView.as_view()),
    path("inhibitions", InhibitionsView.as_view()),
    path("inhibitions/<int:number>", InhibitionView.as_view()),
    path("channels", ChannelsView.as_view()),
    path("channels/<int:number>/test", ChannelTestView.as_view()),
    path("channels/<int:number>/secret", ChannelSecretView.as_view()),
    path("channels/<int:number>/requeue", ChannelRequeueView.as_view()),
    path("notifications", NotificationsView.as_view()),
    path("notifications/<uuid:uid>", NotificationView.as_view()),
    path("notifications/<uuid:uid>/requeue", NotificationRequeueView.as_view()),
    path("incident-policy", IncidentPolicyView.as_view()),
    path("routes", RoutesView.as_view()),
    path("routes/preview", RoutePreviewView.as_view()),
    path("routes/<int:number>", OneRouteView.as_view()),
    path("quiet-hours", QuietHoursView.as_view()),
    path("quiet-hours/<int:number>", OneQuietHoursView.as_view()),
    path("fatigue", FatigueView.as_view()),
    path("fatigue/<slug:slug>", RuleFatigueView.as_view()),
]
