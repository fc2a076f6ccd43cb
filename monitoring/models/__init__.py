"""Nouns of monitoring, one file per concern."""

from monitoring.models.batch_runs import BatchRun
from monitoring.models.corrections import Correction
from monitoring.models.estimators import Estimator, LossTrees
from monitoring.models.evaluators import Evaluator
from monitoring.models.events import BusinessEvent, Feedback, LLMCall, LogRecord, Outcome, Prediction, Span
from monitoring.models.imports import HistoryImport
from monitoring.models.inbox import DeadLetter, EventKey, InboxBody, LedgerCount, RejectionCount
from monitoring.models.lags import LabelLag
from monitoring.models.metrics import Metric, MetricStream
from monitoring.models.objectives import COMPOSITE, SLO, TIME_SLICES, Component
from monitoring.models.patterns import LogPattern
from monitoring.models.policies import Policy, PolicyEvent
from monitoring.models.prices import AppliedPrice, OwnPrice, PriceEdit
from monitoring.models.references import Reaching, Reference, ReferenceSample
from monitoring.models.refusals import RequestRefusal
from monitoring.models.segments import SegmentKey
from monitoring.models.stages import ProcessState, StageRun
from monitoring.models.summaries import Bucket, Category, DirtyHour, RetentionFloor, Series
from monitoring.models.targets import ScrapeTarget
from monitoring.models.user_days import UserDay

__all__ = [
    "COMPOSITE",
    "SLO",
    "TIME_SLICES",
    "AppliedPrice",
    "BatchRun",
    "Bucket",
    "BusinessEvent",
    "Category",
    "Component",
    "Correction",
    "DeadLetter",
    "DirtyHour",
    "Estimator",
    "Evaluator",
    "EventKey",
    "Feedback",
    "HistoryImport",
    "InboxBody",
    "LLMCall",
    "LabelLag",
    "LedgerCount",
    "LogPattern",
    "LogRecord",
    "LossTrees",
    "Metric",
    "MetricStream",
    "Outcome",
    "OwnPrice",
    "Policy",
    "PolicyEvent",
    "Prediction",
    "PriceEdit",
    "ProcessState",
    "Reaching",
    "Reference",
    "ReferenceSample",
    "RejectionCount",
    "RequestRefusal",
    "RetentionFloor",
    "ScrapeTarget",
    "SegmentKey",
    "Series",
    "Span",
    "StageRun",
    "UserDay",
]
