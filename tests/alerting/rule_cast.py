"""Rules, traffic and ticks for the tests of evaluation."""

from datetime import UTC, datetime, timedelta

from alerting.evaluate.rules import evaluate
from alerting.models import Alert, AlertRule, AlertTransition
from models_registry.models import Model
from monitoring.models import SLO
from tests.monitoring.series import served

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def error_rule(model: Model, slug: str = "errors", **more: object) -> AlertRule:
    """More than 10 % of the requests of the last 5 minutes fail."""
    fields = {"measure": "error_rate", "threshold": 0.1, "model": model, "kind": "threshold", **more}
    return AlertRule.objects.create(project=model.project, slug=slug, name=slug.title(), **fields)


def burn_rule(model: Model, slug: str = "burn", target: float = 0.99, **more: object) -> AlertRule:
    """The availability budget of 30 days burns."""
    slo = SLO.objects.create(
        project=model.project, slug=slug, name="Availability", model=model, sli="availability", target=target
    )
    return AlertRule.objects.create(
        project=model.project, slug=slug, name="Burn", kind="burn_rate", slo=slo, severity="page", **more
    )


def serve(model: Model, *, start: int, end: int, ok: int = 10, failed: int = 0) -> None:
    """So many requests in each minute from NOON + start until NOON + end."""
    for minute in range(start, end):
        served(model, NOON + minute * MINUTE, ok=ok, failed=failed)


def tick(start: int, end: int) -> None:
    """Evaluate at half past each of these minutes after NOON, so that every slot sees the minute before."""
    for minute in range(start, end):
        evaluate(now=NOON + minute * MINUTE + timedelta(seconds=59))


def alert_of(rule: AlertRule) -> Alert:
    return Alert.objects.get(rule=rule)


def changes(rule: AlertRule) -> list[tuple[str, str]]:
    rows = AlertTransition.objects.filter(alert__rule=rule).order_by("id")
    return [(row.from_state, row.to_state) for row in rows]
