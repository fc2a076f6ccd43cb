"""Whatever a body holds, every endpoint that writes keeps it or refuses it with a problem that says where and how to mend it."""

import json
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from alerting.models import (
    Alert,
    AlertRule,
    AlertTransition,
    Channel,
    Incident,
    Inhibition,
    Maintenance,
    Notification,
    QuietHours,
    Route,
    Silence,
)
from models_registry.jobs import start_job
from models_registry.keys import create_key
from models_registry.models import ApiKey, Deployment, Model, Project, Prompt, PromptVersion
from models_registry.roles import RESPONDER, VIEWER
from monitoring.ingest.views import PATHS
from monitoring.models import Correction, ScrapeTarget
from runbooks.models import Review, Run, Runbook
from tests.api.bodies import ALSO, BY_PEOPLE, METHODS, WRITES
from tests.cast import NOW, make_incident, make_person

RISK = [{"name": "model", "value": "credit-risk"}]
DEEP = {  # nowhere in a body: nesting that none can follow
    "5,000 lists": "[" * 5_000 + "]" * 5_000,
    "5,000 objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "500 lists": "[" * 500 + "]" * 500,
}
NEVER = {  # nor text and numbers that no database holds
    "NUL": r'"a\u0000b"',
    "a lone surrogate": r'"a\ud800b"',
    "a name with NUL": r'{"a\u0000": 1}',
    "NaN": "NaN",
    "a float without end": "1e999",
    "an integer without end": "9" * 400,
}
LARGE = {  # up to each field, and to what a column holds
    "2^63": str(2**63),
    "1 MB": '"' + "é" * 500_000 + '"',
}
ODD = {  # up to each field
    "a negative number": "-1",
    "a fraction": "0.5",
    "nothing": "null",
    "an empty text": '""',
    "an empty list": "[]",
    "an object of objects": '{"a": {"b": []}}',
    "a text": '"x/~y"',
}
PLACE = "@place@"


@pytest.fixture
def client(credit_risk: Model, support_assistant: Model, stopped_clock: Any) -> Client:
    scopes = ["read", "respond", "admin", "ingest"]
    _, token = create_key(project=credit_risk.project, name="anybody", scopes=scopes)
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def person(stopped_clock: Any) -> Client:
    """Somebody who may do everything."""
    root = make_person("root")
    root.is_superuser = True
    root.save()
    client = Client(raise_request_exception=False)
    client.force_login(root)
    return client


@pytest.fixture
def addresses(credit_risk: Model, support_assistant: Model) -> dict[str, str]:
    """Of things that are there."""
    project = credit_risk.project
    prompt = Prompt.objects.create(project=project, name="answer", model=support_assistant)
    PromptVersion.objects.create(prompt=prompt, version="1")
    mark = Deployment.objects.create(version=credit_risk.versions.get(), at=NOW)
    incident = make_incident(project, model=credit_risk)
    AlertRule.objects.create(
        project=project, slug="credit-risk", kind="heartbeat", model=credit_risk, window=timedelta(hours=1)
    )
    Correction.objects.create(
        project=project,
        slug="credit-risk",
        starts_at=NOW - timedelta(days=9),
        days=[0],
        start=time(2),
        end=time(4),
        reason="work",
        author="ana",
    )
    channel = Channel.objects.create(project=project, name="log", kind=Channel.Kind.CONSOLE)
    ScrapeTarget.objects.create(
        project=project, slug="credit-risk", model=credit_risk, url="https://models.example/metrics"
    )
    silence = Silence.objects.create(
        project=project,
        owner=make_person("rui", RESPONDER),
        matchers=[],
        starts_at=NOW,
        ends_at=NOW + timedelta(minutes=9),
    )
    given_up = {"generation": "1", "reason": "opened", "state": "dead", "created_at": NOW, "not_before": NOW}
    dead = Notification.objects.create(uid=uuid4(), incident=incident, channel=channel, **given_up)
    job = start_job("reprice", project=project, arguments={}, now=NOW)
    make_incident(project, number=8)
    over = make_incident(project, number=9, state="resolved", resolved_at=NOW)
    hours = QuietHours.objects.create(
        project=project, name="nights", channel=channel, starts=time(22), ends=time(7), zone="America/Sao_Paulo"
    )
    window = Maintenance.objects.create(project=project, name="nightly", owner="ana", matchers=RISK)
    inhibition = Inhibition.objects.create(project=project, name="late", source=RISK, target=RISK)
    route = Route.objects.create(project=project, name="all")
    learned = learning(project, over)
    numbers = {
        "action-items": learned["item"],
        "reviews": over.number,
        "jobs": job.pk,
        "deployments": mark.pk,
        "incidents": incident.number,
        "channels": channel.pk,
        "quiet-hours": hours.pk,
        "maintenance-windows": window.pk,
        "inhibitions": inhibition.pk,
        "routes": route.pk,
    }
    found = {}
    for path in (*WRITES, *BY_PEOPLE):
        ended = path.endswith(("/close", "{number}/reopen")) or "/steps/" in path
        number = over.number if ended else numbers.get(path.split("/")[3], 0)
        slug = project.slug if "projects" in path else "credit-risk"
        parts = {"section": "rules", "key": "credit-risk", "prefix": ApiKey.objects.get().prefix}
        parts |= {"alert": learned["alert"], "step": learned["done" if path.endswith("/reopen") else "step"]}
        parts["uid"] = dead.uid if "notifications" in path else silence.uid
        name = VIEWER if "groups" in path else "answer"
        found[path] = path.format(name=name, username="rui", slug=slug, version="1", number=number, **parts)
    return found


def learning(project: Project, over: Incident) -> dict[str, int]:
    """A runbook half followed, an alert and a review with a promise, in an incident that is over."""
    runbook = Runbook.objects.create(project=project, slug="credit-risk", title="Errors rise")
    rule = AlertRule.objects.get()
    alert = Alert.objects.create(rule=rule, fingerprint="1", state="firing", severity="page", incident=over)
    AlertTransition.objects.create(alert=alert, incident=over, from_state="pending", to_state="firing", at=NOW)
    run = Run.objects.create(incident=over, runbook=runbook, started_at=NOW)
    done = run.steps.create(position=1, title="Look", done_at=NOW)
    step = run.steps.create(position=2, title="Roll back")
    review = Review.objects.create(incident=over, created_at=NOW)
    item = review.actions.create(title="Alert sooner", owner="ana", due="2026-04-01")
    return {"alert": alert.pk, "done": done.pk, "step": step.pk, "item": item.pk}


def post(client: Client, path: str, body: str, method: str = "POST") -> Any:
    """What is written is taken back."""
    with transaction.atomic():
        answer = client.generic(method, path, body, content_type="application/json")
        transaction.set_rollback(True)
    return answer


def places(body: Any) -> Iterator[tuple[str, str]]:
    """(pointer, body with a mark there): at the whole, at every value in it, and beside the fields of every object."""
    yield "", json.dumps(PLACE)
    yield from ((pointer, json.dumps(marked)) for pointer, marked in _marked(body))


def _marked(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
        yield f"{pointer}/beside", {**value, "beside": PLACE}
    elif isinstance(value, list):
        parts = list(enumerate(value))[:1]
    for key, part in parts:
        for inner, marked in [(f"{pointer}/{key}", PLACE), *_marked(part, f"{pointer}/{key}")]:
            copy = value.copy()
            copy[key] = marked
            yield inner, copy


def complaint(answer: Any) -> str:
    """What is wrong with a refusal; nothing if it is one that a person can mend."""
    if answer.status_code >= 500:
        return f"{answer.status_code}: {answer.content[:200]!r}"
    if answer.status_code < 400:
        return ""
    if answer["Content-Type"] != "application/problem+json":
        return f"{answer.status_code} as {answer['Content-Type']}"
    told = answer.json()
    sentences = [told["detail"], *(error["detail"] for error in told.get("errors", ()))]
    if not all(sentence.rstrip().endswith((".", "…", "?")) for sentence in sentences):
        return f"no sentence: {sentences!a}"
    if answer.status_code == 400 and not told.get("errors"):
        return f"no pointer: {told!a}"
    return ""


def misplaced(answer: Any, pointer: str, *, deep: bool) -> str:
    """Nothing where a refusal points at or into what is wrong; what is too deep is told of where it begins, or as a whole."""
    [error] = answer.json()["errors"] if answer.status_code == 400 else [{}]
    here = error.get("pointer")
    if here is not None and (here.startswith(pointer) or (deep and pointer.startswith(here))):
        return ""
    return f"{answer.status_code} at {here!a}"


def test_every_address_that_writes_is_tried_here() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    writing = {path for path, verbs in paths.items() if {"post", "put", "patch"} & verbs.keys()}
    assert {path for path in writing if path.startswith("/api/v1/")} == {
        *WRITES,
        *PATHS,
        *BY_PEOPLE,
    }  # v2 is a protocol of others


def test_what_is_nested_too_deep_for_another_protocol_is_refused_too(client: Client) -> None:
    for deep in DEEP.values():
        for path in ("/api/v2/alerts", "/api/v2/silences"):
            assert post(client, path, deep).status_code == 400


@pytest.mark.parametrize(("path", "body"), [*WRITES.items(), *ALSO, *BY_PEOPLE.items()])
def test_nothing_in_a_body_is_a_server_error(
    client: Client, person: Client, addresses: dict[str, str], path: str, body: Any
) -> None:
    client = person if path in BY_PEOPLE else client
    url, method = addresses[path], METHODS.get(path, "POST")
    accepted = post(client, url, "" if body is None else json.dumps(body), method)
    assert accepted.status_code < 300 or "reference" in (body or ()), accepted.content
    wrong = []
    tried = NEVER | LARGE | (ODD | DEEP if connection.vendor == "sqlite" else {})  # a database sees nothing of the rest
    for pointer, marked in places(body):
        for name, text in tried.items():
            answer = post(client, url, marked.replace(f'"{PLACE}"', text), method)
            said = complaint(answer)
            if not said and name in NEVER | DEEP and body is not None:
                said = misplaced(answer, pointer, deep=name in DEEP)
            if said:
                wrong.append(f"{name} at {pointer or 'the whole'}: {said}")
    assert not wrong, "\n".join(wrong)
