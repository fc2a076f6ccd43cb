"""What happens to what stands on something that is removed: the one list that `models_registry.removal` goes by, as
`settings.REMOVAL`. What is not named goes along.
"""

from typing import TypedDict


class Removal(TypedDict):
    """Labels of tables, as `app.Model`; `most_events`: how many stored events one request may remove."""

    kept: frozenset[str]
    asked: frozenset[str]
    events: frozenset[str]
    most_events: int


REMOVAL: Removal = {
    # Records: nobody removes them, neither alone nor along with something.
    "kept": frozenset(
        {
            "monitoring.AppliedPrice",
            "monitoring.BatchRun",
            "monitoring.Correction",
            "monitoring.DeadLetter",
            "monitoring.Estimator",
            "monitoring.PolicyEvent",
            "monitoring.SegmentKey",
            "monitoring.StageRun",
            "alerting.Alert",
            "alerting.Incident",
            "alerting.Notification",
            "runbooks.Review",
        }
    ),
    # What people define: it goes along where the person may delete it.
    "asked": frozenset(
        {
            "models_registry.Project",
            "models_registry.Model",
            "models_registry.ModelVersion",
            "models_registry.Deployment",
            "models_registry.Prompt",
            "models_registry.PromptVersion",
            "models_registry.ApiKey",
            "models_registry.User",
            "auth.Group",
            "monitoring.Evaluator",
            "monitoring.OwnPrice",
            "monitoring.Policy",
            "monitoring.ScrapeTarget",
            "monitoring.SLO",
            "alerting.AlertRule",
            "alerting.Channel",
            "alerting.IncidentPolicy",
            "alerting.Inhibition",
            "alerting.Maintenance",
            "alerting.QuietHours",
            "alerting.Route",
            "alerting.Silence",
            "runbooks.ActionItem",
            "runbooks.Runbook",
        }
    ),
    # In tables that are looked at row by row, for want of an index to ask by.
    "events": frozenset(
        {
            "monitoring.Prediction",
            "monitoring.LLMCall",
            "monitoring.Outcome",
            "monitoring.Feedback",
            "monitoring.BusinessEvent",
            "monitoring.LogRecord",
            "monitoring.Span",
        }
    ),
    "most_events": 100_000,
}
