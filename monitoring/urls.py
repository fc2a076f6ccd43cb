"""Monitoring's part of the API. POSTs of events never get here: `monitoring.ingest.views.IngestFirst` answers them."""

from django.urls import path

from monitoring.api.batch_runs import BatchRunsView, BatchRunView
from monitoring.api.comparison import CompareView
from monitoring.api.corrections import CorrectionEndView, CorrectionsView, CorrectionWithdrawalView, SLOCorrectionsView
from monitoring.api.costs import CostsView
from monitoring.api.dead_letters import DeadLettersView, DeadLetterView, ReplayView
from monitoring.api.drift import DriftView
from monitoring.api.estimators import EstimatorView
from monitoring.api.evaluators import EvaluatorPreviewView, EvaluatorsView, EvaluatorView, RejudgeView
from monitoring.api.events import EventsView, LedgerView
from monitoring.api.feedback_links import FeedbackLinksView
from monitoring.api.measures import MeasuresView, SeriesView
from monitoring.api.metrics import MetricsView
from monitoring.api.patterns import LogPatternsView
from monitoring.api.pipeline import PipelineView
from monitoring.api.policies import DecisionView, PoliciesView, PolicyView
from monitoring.api.prices import PricesView, RepriceView
from monitoring.api.quality import QualityView
from monitoring.api.references import ReferenceView
from monitoring.api.refusals import RefusalsView
from monitoring.api.requests import RequestView
from monitoring.api.sessions import SessionsView, SessionView, UsersView, UserView
from monitoring.api.slo_previews import SLOPreviewView, SuggestedSLOsView
from monitoring.api.slos import BudgetView, ComponentsView, GroupsView, SLOsView, SLOView
from monitoring.api.targets import ScrapeTargetSecretView, ScrapeTargetsView
from monitoring.ingest.views import PATHS
from monitoring.models.inbox import EventKind

urlpatterns = [
    path("ledger", LedgerView.as_view()),
    *(path(full.removeprefix("/api/v1/"), EventsView.as_view(kind=kind)) for full, kind in PATHS.items()),
    path("spans", EventsView.as_view(kind=EventKind.SPAN)),
    path("requests/<path:request_id>", RequestView.as_view()),
    path("sessions", SessionsView.as_view()),
    path("sessions/<path:session_id>", SessionView.as_view()),
    path("users", UsersView.as_view()),
    path("users/<path:user_id>", UserView.as_view()),
    path("models/<path:slug>/versions/<path:version>/reference", ReferenceView.as_view()),
    path("models/<path:slug>/versions/<path:version>/estimator", EstimatorView.as_view()),
    path("models/<path:slug>/versions/<path:version>/drift", DriftView.as_view()),
    path("models/<path:slug>/quality", QualityView.as_view()),
    path("models/<path:slug>/pipeline", PipelineView.as_view()),
    path("models/<path:slug>/compare", CompareView.as_view()),
    path("costs", CostsView.as_view()),
    path("log-patterns", LogPatternsView.as_view()),
    path("feedback-links", FeedbackLinksView.as_view()),
    path("batch-runs", BatchRunsView.as_view()),
    path("batch-runs/<path:run_id>", BatchRunView.as_view()),
    path("dead-letters", DeadLettersView.as_view()),
    path("dead-letters/replay", ReplayView.as_view()),
    path("dead-letters/<int:number>", DeadLetterView.as_view()),
    path("policies", PoliciesView.as_view()),
    path("policies/<slug:slug>", PolicyView.as_view()),
    path("policies/<slug:slug>/decision", DecisionView.as_view()),
    path("evaluators", EvaluatorsView.as_view()),
    path("evaluators/preview", EvaluatorPreviewView.as_view()),
    path("evaluators/rejudge", RejudgeView.as_view()),
    path("evaluators/<slug:slug>", EvaluatorView.as_view()),
    path("refusals", RefusalsView.as_view()),
    path("prices", PricesView.as_view()),
    path("prices/reprice", RepriceView.as_view()),
    path("measures", MeasuresView.as_view()),
    path("metrics", MetricsView.as_view()),
    path("series", SeriesView.as_view()),
    path("scrape-targets", ScrapeTargetsView.as_view()),
    path("scrape-targets/<slug:slug>/secret", ScrapeTargetSecretView.as_view()),
    path("slos", SLOsView.as_view()),
    path("slos/preview", SLOPreviewView.as_view()),
    path("slos/suggested", SuggestedSLOsView.as_view()),
    path("slos/<slug:slug>", SLOView.as_view()),
    path("slos/<slug:slug>/budget", BudgetView.as_view()),
    path("slos/<slug:slug>/groups", GroupsView.as_view()),
    path("slos/<slug:slug>/components", ComponentsView.as_view()),
    path("slos/<slug:slug>/corrections", SLOCorrectionsView.as_view()),
    path("slo-corrections", CorrectionsView.as_view()),
    path("slo-corrections/<slug:slug>/end", CorrectionEndView.as_view()),
    path("slo-corrections/<slug:slug>/withdraw", CorrectionWithdrawalView.as_view()),
]
