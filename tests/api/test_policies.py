"""`/api/v1/policies`: a list that costs the same however many policies there are, and hides nothing of any."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_registry.keys import create_key
from models_registry.models import Model
from monitoring.models import Policy, PolicyEvent


def events(policy: Policy, n: int, *, since: datetime) -> None:
    PolicyEvent.objects.bulk_create(
        PolicyEvent(policy=policy, limit="model", start=at, end=at, count=1, created_at=at, updated_at=at)
        for at in (since + timedelta(hours=hour) for hour in range(n))
    )


@pytest.mark.django_db
def test_a_noisy_policy_hides_no_event_of_a_quiet_one(support_assistant: Model, stopped_clock: datetime) -> None:
    noisy, quiet = (
        Policy.objects.create(project=support_assistant.project, slug=slug, model=support_assistant)
        for slug in ("noisy", "quiet")
    )
    events(noisy, 200, since=stopped_clock - timedelta(days=10))
    events(quiet, 3, since=stopped_clock - timedelta(days=20))
    key = create_key(project=support_assistant.project, name="r", scopes=["read"])[1]
    client = Client(HTTP_AUTHORIZATION=f"Bearer {key}")
    client.get("/api/v1/policies")  # the key and the clock are remembered from here on
    with CaptureQueriesContext(connection) as for_two:
        first, second = client.get("/api/v1/policies").json()["items"]
    assert (first["slug"], len(first["events"]), len(second["events"])) == ("noisy", 50, 3)
    told = [event["start"] for event in first["events"]]
    assert told == sorted(told, reverse=True)
    assert told[0] == (stopped_clock - timedelta(days=10) + timedelta(hours=199)).isoformat()
    for number in range(6):
        Policy.objects.create(project=support_assistant.project, slug=f"more-{number}", model=support_assistant)
    with CaptureQueriesContext(connection) as for_eight:
        client.get("/api/v1/policies")
    assert len(for_eight) == len(for_two)
