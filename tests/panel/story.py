"""Rows of a small story, written straight into the tables, for pages that read them."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerting.models import Alert, AlertRule, AlertTransition, Incident, IncidentEvent
from lib.ids import identity
from models_registry.models import Deployment, Model, User
from models_registry.roles import VIEWER
from monitoring.models import SLO, EventKey, Feedback, LLMCall, LogRecord, Outcome, Prediction
from monitoring.models.log_text import index_lines
from monitoring.selectors.events import micros
from runbooks.models import Runbook, Step
from tests.cast import make_person


def make_prediction(model: Model, number: int, at: datetime, **columns: Any) -> Prediction:
    """A prediction with its key, as the drain leaves them."""
    payload = {"features": {"income": 4200.5, "age": 31, "city": "Recife", "defaulted_before": None}}
    row = Prediction.objects.create(
        id=number,
        project=model.project,
        event_id=columns.pop("event_id", f"p-{number}"),
        ts_us=micros(at),
        ingested_us=micros(at),
        version=model.versions.first(),
        payload=json.dumps(columns.pop("payload", payload)),
        **{"prediction": "default", "score": 0.81, "latency_us": 12_400, **columns},
    )
    EventKey.objects.create(
        key=identity(model.project_id, "call", row.event_id), kind="prediction", ref=number, seen_us=micros(at)
    )
    return row


def make_call(model: Model, number: int, at: datetime, **columns: Any) -> LLMCall:
    """An LLM call with its conversation in the payload."""
    payload = {
        "system": "You answer politely.",
        "prompt": [{"role": "user", "content": "How do I change\nmy card?"}],
        "response": "Open the app, then choose Cards",
        "params": {"temperature": 0.2, "max_tokens": 64},
    }
    return LLMCall.objects.create(
        id=number,
        project=model.project,
        event_id=f"c-{number}",
        ts_us=micros(at),
        ingested_us=micros(at),
        version=model.versions.first(),
        payload=json.dumps(columns.pop("payload", payload)),
        **{
            "finish_reason": "stop",
            "latency_us": 1_900_000,
            "provider": "openai",
            "request_model": "gpt-4o-mini",
            "input_tokens": 420,
            "output_tokens": 64,
            "reported_nano": 1_230_000,
            **columns,
        },
    )


def make_log(model: Model, number: int, at: datetime, **columns: Any) -> LogRecord:
    """A log line, which can be searched for."""
    line = LogRecord.objects.create(
        id=number,
        project=model.project,
        event_id=f"l-{number}",
        ts_us=micros(at),
        **{
            "ingested_us": micros(at),
            "payload": json.dumps({"duration_ms": 12}),
            "level": "info",
            "message": "scored",
            "logger": "api",
            **columns,
        },
    )
    index_lines(connection, [line.pk])
    return line


def make_outcome(prediction: Prediction, number: int, at: datetime, label: str) -> Outcome:
    """The label of a prediction, folded into it."""
    row = Outcome.objects.create(
        id=number,
        project=prediction.project,
        event_id=f"o-{number}",
        ts_us=micros(at),
        ingested_us=micros(at),
        payload=json.dumps({"prediction_id": prediction.event_id}),
        target=identity(prediction.project_id, "call", prediction.event_id),
        target_ref=prediction.pk,
        label=label,
    )
    prediction.label, prediction.label_us, prediction.outcome_ref = label, micros(at), row.pk
    prediction.save()
    return row


def make_feedback(event: Prediction | LLMCall, number: int, at: datetime, value: str, comment: str = "") -> Feedback:
    """A thumb of a user."""
    return Feedback.objects.create(
        id=number,
        project=event.project,
        event_id=f"f-{number}",
        ts_us=micros(at),
        ingested_us=micros(at),
        payload=json.dumps({"target_id": event.event_id}),
        target=identity(event.project_id, "call", event.event_id),
        target_ref=event.pk,
        kind="thumb",
        value=value,
        comment=comment,
        user_id="u-7",
    )


def make_rule(model: Model) -> AlertRule:
    """A threshold on accuracy."""
    return AlertRule.objects.create(
        project=model.project,
        slug="accuracy-low",
        name="Accuracy is low",
        kind=AlertRule.Kind.THRESHOLD,
        model=model,
        measure="accuracy" if model.kind != Model.Kind.LLM else "truncation_rate",
        comparison=AlertRule.Comparison.BELOW,
        threshold=0.8,
        severity="page",
    )


def make_slo(model: Model) -> SLO:
    """A promise of accuracy."""
    sli = "accuracy" if model.kind != Model.Kind.LLM else "not_truncated"
    return SLO.objects.create(
        project=model.project, slug="quality", name="Right decisions", model=model, sli=sli, target=0.9
    )


def make_runbook(rule: AlertRule) -> Runbook:
    """Three steps, bound to the rule."""
    runbook = Runbook.objects.create(
        project=rule.project, slug="quality-fell", title="Quality fell", summary="**Meaning**: more wrong decisions."
    )
    runbook.rules.add(rule)
    for position, title in enumerate(["Look at the last deploy", "Compare the inputs", "Roll back"], start=1):
        Step.objects.create(runbook=runbook, position=position, title=title, body="See the *charts* first.")
    return runbook


def make_incident(rule: AlertRule, at: datetime, *, number: int = 7, slo: SLO | None = None) -> Incident:
    """Open since `at`, with a firing alert, its transitions and a deployment 40 minutes before."""
    model = rule.model
    incident = Incident.objects.create(
        project=rule.project,
        number=number,
        title=f"Accuracy of {model} fell below 80 %",
        model=model,
        group_key=f"model:{model.pk}:{number}" if model else "project",
        severity="page",
        impact_started_at=at,
        opened_at=at + timedelta(minutes=6),
    )
    rules = [rule]
    if slo is not None:
        burn = AlertRule.objects.create(
            project=rule.project,
            slug=f"burn-{slo.slug}",
            name="Budget burns",
            kind="burn_rate",
            slo=slo,
            severity="page",
        )
        rules.append(burn)
    for one in rules:
        alert = Alert.objects.create(
            rule=one,
            fingerprint=f"{one.pk}-{number}",
            labels={"rule": one.slug, "model": model.slug} if model else {"rule": one.slug},
            state=Alert.State.FIRING,
            severity="page",
            value=0.71,
            reason="accuracy 0.71 over 30 min, limit 0.80",
            incident=incident,
            fired_at=at + timedelta(minutes=6),
            changed_at=at + timedelta(minutes=6),
        )
        AlertTransition.objects.create(
            alert=alert,
            incident=incident,
            from_state="pending",
            to_state="firing",
            reason=alert.reason,
            at=at + timedelta(minutes=6),
            value=0.71,
        )
    IncidentEvent.objects.create(incident=incident, at=incident.opened_at, kind="opened", text=incident.title)
    if model is not None:
        Deployment.objects.create(version=model.versions.first(), at=at - timedelta(minutes=40), note="new features")
    return incident


def resolve(incident: Incident, by: User, at: datetime) -> Incident:
    """Acknowledged after two minutes, resolved at `at`."""
    answered = incident.opened_at + timedelta(minutes=2)
    incident.answered_at, incident.acknowledged_at, incident.acknowledged_by = answered, answered, by
    incident.resolved_at, incident.resolved_by, incident.state = at, by, Incident.State.RESOLVED
    incident.save()
    return incident


def another_rule(rule: AlertRule, number: int) -> AlertRule:
    """The same question under another name."""
    return AlertRule.objects.create(
        project=rule.project,
        slug=f"rule-{number}",
        name=f"Rule {number}",
        kind=rule.kind,
        model=rule.model,
        measure=rule.measure,
        threshold=rule.threshold,
    )


def make_viewer() -> User:
    """Somebody who may look and nothing else."""
    return make_person("vera", VIEWER)


def count_queries(act: Callable[[], object]) -> int:
    """How many statements it costs."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
