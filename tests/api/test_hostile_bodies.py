"""Whatever a body holds, every endpoint that writes keeps it or refuses it with a problem that says where and how to mend it."""

import json
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from alerting.models import (
    Alert,
    AlertRule,
    AlertTransition,
    Channel,
    Incident,
    Notification,
    QuietHours,
    Route,
    Silence,
)
from models_registry.jobs import start_job
from models_registry.keys import create_key
from models_registry.models import ApiKey, Deployment, Model, Project, Prompt, PromptVersion
from models_registry.roles import RESPONDER
from monitoring.ingest.views import PATHS
from monitoring.models import Correction, ScrapeTarget
from runbooks.models import Review, Run, Runbook
from tests.cast import NOW, make_incident, make_person
from tests.monitoring.references import applicants

EARLIER = (NOW - timedelta(minutes=10)).isoformat()
LATER = (NOW + timedelta(hours=1)).isoformat()
RUN = {
    "id": "nightly", "event": "finish", "model": "credit-risk", "version": "2", "environment": "production", "ts": NOW.isoformat(),
    "heartbeat_s": 60, "rows_expected": 10, "rows": 9, "rows_failed": 1, "status": "error", "error": "Out of memory.",
}  # fmt: skip
MARK = {
    "model": "credit-risk", "version": "1", "kind": "prompt_change", "environment": "production", "at": NOW.isoformat(),
    "note": "Canary went well.", "prompt": "answer", "prompt_version": "1",
}  # fmt: skip
# Every address that takes a POST, and a body that it accepts; None: it takes none.
WRITES: dict[str, Any] = {
    "/api/v1/prompts": {"name": "greet", "model": "support-assistant", "description": "Says hello.", "owner": "ana"},
    "/api/v1/prompts/{name}/versions": {
        "version": "p2",
        "template": [{"role": "system", "content": "Be kind.", "name": "house"}],
        "parameters": {"temperature": 0.2, "stop": ["\n"], "seed": 7},
        "note": "Kinder.",
        "author": "ana",
    },
    "/api/v1/batch-runs": RUN,
    "/api/v1/feedback-links": {"target_id": "call-1", "user_id": "u1", "kinds": ["thumb"], "expires_in": 3_600},
    "/api/v1/models/{slug}/versions": {"version": "8.0", "notes": "Trained anew.", "reviewed": True},
    "/api/v1/models/{slug}/versions/{version}": {"notes": "The first.", "reviewed": False},
    "/api/v1/deployments": MARK,
    "/api/v1/deployments/{number}": {"version": "1", "kind": "deploy", "prompt": None, "note": ""},
    "/api/v1/models/{slug}/versions/{version}/reference": {
        "rows": [{**row, "score": 0.25, "prediction": "paid", "label": "paid"} for row in applicants(5)],
        "categorical": ["region"],
        "keep_rows": True,
    },
    "/api/v1/models/{slug}/versions/{version}/estimator": {"from": NOW.isoformat(), "to": LATER},
    "/api/v1/prices/reprice": {"from": NOW.isoformat(), "to": LATER, "dry_run": True},
    "/api/v1/projects/{slug}": {"name": "Dawn", "redact": True, "redact_extra": {"id": "[0-9]{6}"}},
    "/api/v1/keys": {"name": "service", "scopes": ["ingest"], "expires_at": "2090-01-01T00:00:00Z"},
    "/api/v1/keys/{prefix}": {"name": "another", "expires_at": "2090-01-01T00:00:00Z"},
    "/api/v1/keys/{prefix}/rotate": {"overlap_s": 60, "expires_at": "2090-01-01T00:00:00Z"},
    "/api/v1/keys/{prefix}/revoke": None,
    "/api/v1/dead-letters/replay": {"ids": [1], "all": False},
    "/api/v1/channels/{number}/secret": {"secret": "https://hook.example/x"},
    "/api/v1/scrape-targets/{slug}/secret": {"secret": "sesame-street"},
    "/api/v1/definitions": {"slos": {"a": {"name": "A", "model": "credit-risk", "sli": "availability", "target": 0.9}}},
    "/api/v1/definitions/{section}": {
        "key": "new",
        "fields": {
            "name": "New",
            "kind": "threshold",
            "model": "credit-risk",
            "measure": "error_rate",
            "threshold": 0.1,
            "labels": {},
        },
    },
    "/api/v1/definitions/{section}/{key}": {"name": "Alive", "window": "5m", "labels": {"team": "a"}},
    "/api/v1/jobs/{number}/cancel": None,
    "/api/v1/incidents/{number}/acknowledge": None,
    "/api/v1/incidents/{number}/resolve": None,
    "/api/v1/incidents/{number}/comment": {"text": "Looking."},
    "/api/v1/incidents/{number}/silence": {"hours": 2, "comment": "Known."},
    "/api/v1/incidents/{number}/assign": {"assignee": "rui", "revision": 0},
    "/api/v1/incidents/{number}/close": {"without_review": "Nothing to learn."},
    "/api/v1/incidents/{number}/merge": {"into": 8, "revision": 0},
    "/api/v1/incidents/{number}/mitigate": {"text": "Rolled back."},
    "/api/v1/incidents/{number}/reopen": {"text": "It came back.", "revision": 0},
    "/api/v1/incidents/{number}/severity": {"severity": "page", "text": "Worse than it looked.", "revision": 0},
    "/api/v1/incidents/{number}/snooze": {"until": LATER, "text": "After lunch.", "revision": 0},
    "/api/v1/incidents/{number}/wake": None,
    "/api/v1/silences": {
        "matchers": ['model="credit-risk"'],
        "starts_at": NOW.isoformat(),
        "ends_at": LATER,
        "comment": "Known.",
    },
    "/api/v1/evaluators/preview": {"evaluator": {"kind": "pattern", "settings": {"must_match": "yes"}, "share": 0.5}},
    "/api/v1/silences/preview": {"matchers": ['model="credit-risk"']},
    "/api/v1/silences/{uid}": {"ends_at": LATER},
    "/api/v1/rules/backtest": {
        "rule": {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.05},
        "variant": {"threshold": 0.1},
        "from": EARLIER,
        "to": NOW.isoformat(),
    },
    "/api/v1/rules/preview": {
        "rule": {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.05},
    },
    "/api/v1/slos/preview": {"slo": {"model": "credit-risk", "sli": "availability", "target": 0.999}},
    "/api/v1/slo-corrections": {
        "model": "credit-risk",
        "starts_at": EARLIER,
        "ends_at": (NOW + timedelta(days=30)).isoformat(),
        "days": [0, 6],
        "start": "22:00",
        "end": "07:00",
        "time_zone": "America/Sao_Paulo",
        "effect": "good",
        "reason": "Moved the database.",
        "slug": "moved",
    },
    "/api/v1/slo-corrections/{slug}/end": None,
    "/api/v1/slo-corrections/{slug}/withdraw": None,
    "/api/v1/quiet-hours": {
        "person": "rui",
        "starts": "22:00",
        "ends": "07:00",
        "days": [0, 6],
        "zone": "America/Sao_Paulo",
        "pages_pass": True,
    },
    "/api/v1/quiet-hours/{number}": {"days": [1], "zone": "Europe/Berlin"},
    "/api/v1/routes": {
        "name": "credit",
        "parent": "all",
        "position": 1,
        "matchers": ['model="credit-risk"'],
        "keep_going": False,
        "channels": ["log"],
        "group_wait_s": 30,
        "steps": [{"after_s": 600, "channels": ["log"]}],
    },
    "/api/v1/routes/{number}": {"repeat_interval_s": 3_600},
    "/api/v1/rules/{slug}/heartbeat": None,
    "/api/v1/routes/preview": {"labels": {"severity": "page"}},
    "/api/v1/channels/{number}/test": None,
    "/api/v1/channels/{number}/requeue": None,
    "/api/v1/notifications/{uid}/requeue": None,
    "/api/v1/incident-policy": {"labels": ["model", "environment"], "reopen_within_s": 600, "hold_flapping": False},
    "/api/v1/exports": {
        "dataset": "predictions",
        "format": "jsonl",
        "filters": {"model": "credit-risk"},
        "fields": ["id"],
    },
    "/api/v1/incidents/{number}/runs": {"runbook": "credit-risk"},
    "/api/v1/incidents/{number}/steps/{step}/done": {"note": "p99 is 4 s."},
    "/api/v1/incidents/{number}/steps/{step}/reopen": None,
    "/api/v1/reviews": {"incident": 9},
    "/api/v1/reviews/{number}": {"body": "We learned.", "revision": 0},
    "/api/v1/reviews/{number}/publish": {"revision": 0},
    "/api/v1/reviews/{number}/actions": {"title": "Alert sooner", "owner": "ana", "due": "2026-04-01"},
    "/api/v1/reviews/{number}/alerts/{alert}/verdict": {"verdict": "noise"},
    "/api/v1/action-items/{number}": {"title": "Alert sooner", "owner": "rui", "due": "2026-05-01"},
    "/api/v1/action-items/{number}/done": None,
}
# Other bodies of the same addresses, to be tried in the same way.
ALSO: list[tuple[str, Any]] = [
    ("/api/v1/prompts/{name}/versions", {"version": "p2", "template": "Be kind.", "parameters": None}),
    (
        "/api/v1/models/{slug}/versions/{version}/reference",
        {
            "histograms": {
                "income": {"edges": [10.0, 20.0], "counts": [5, 3, 2], "nulls": 1, "low": 0, "high": 50},
                "region": {"categories": {"north": 7, "south": 3}, "other": 1},
            }
        },
    ),
    ("/api/v1/models/{slug}/versions/{version}/estimator", {"reference": True}),
]
DEEP = {
    "5,000 lists": "[" * 5_000 + "]" * 5_000,
    "5,000 objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "500 lists": "[" * 500 + "]" * 500,
}
NEVER = {  # nowhere in a body: text and numbers that no database holds, nesting that none can follow
    "NUL": r'"a\u0000b"',
    "a lone surrogate": r'"a\ud800b"',
    "a name with NUL": r'{"a\u0000": 1}',
    "NaN": "NaN",
    "a float without end": "1e999",
    "an integer without end": "9" * 400,
    **DEEP,
}
ODD = {  # up to each field
    "2^63": str(2**63),
    "a negative number": "-1",
    "a fraction": "0.5",
    "1 MB": '"' + "é" * 500_000 + '"',
    "nothing": "null",
    "an empty text": '""',
    "an empty list": "[]",
    "an object of objects": '{"a": {"b": []}}',
    "a text": '"x/~y"',
}
PLACE = "@place@"
PATCHED = (
    *("/api/v1/silences/{uid}", "/api/v1/quiet-hours/{number}", "/api/v1/routes/{number}", "/api/v1/projects/{slug}"),
    *("/api/v1/incident-policy", "/api/v1/models/{slug}/versions/{version}"),
    *("/api/v1/deployments/{number}", "/api/v1/keys/{prefix}"),
    *("/api/v1/definitions/{section}/{key}", "/api/v1/reviews/{number}", "/api/v1/action-items/{number}"),
)
PUT = (
    *("/api/v1/definitions", "/api/v1/channels/{number}/secret", "/api/v1/scrape-targets/{slug}/secret"),
    "/api/v1/reviews/{number}/alerts/{alert}/verdict",
)
METHODS = {**dict.fromkeys(PUT, "PUT"), **dict.fromkeys(PATCHED, "PATCH")}


@pytest.fixture
def client(credit_risk: Model, support_assistant: Model, stopped_clock: Any) -> Client:
    scopes = ["read", "respond", "admin", "ingest"]
    _, token = create_key(project=credit_risk.project, name="anybody", scopes=scopes)
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})


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
        "routes": route.pk,
    }
    found = {}
    for path in WRITES:
        ended = path.endswith(("/close", "{number}/reopen")) or "/steps/" in path
        number = over.number if ended else numbers.get(path.split("/")[3], 0)
        slug = project.slug if "projects" in path else "credit-risk"
        parts = {"section": "rules", "key": "credit-risk", "prefix": ApiKey.objects.get().prefix}
        parts |= {"alert": learned["alert"], "step": learned["done" if path.endswith("/reopen") else "step"]}
        parts["uid"] = dead.uid if "notifications" in path else silence.uid
        found[path] = path.format(name="answer", slug=slug, version="1", number=number, **parts)
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
    writing = {path for path, verbs in paths.items() if {"post", "put", "patch", "delete"} & verbs.keys()}
    assert {path for path in writing if path.startswith("/api/v1/")} == {
        *WRITES,
        *PATHS,
        "/api/v1/projects",  # by people alone
    }  # v2 is a protocol of others


def test_what_is_nested_too_deep_for_another_protocol_is_refused_too(client: Client) -> None:
    for deep in DEEP.values():
        for path in ("/api/v2/alerts", "/api/v2/silences"):
            assert post(client, path, deep).status_code == 400


@pytest.mark.parametrize(("path", "body"), [*WRITES.items(), *ALSO])
def test_nothing_in_a_body_is_a_server_error(client: Client, addresses: dict[str, str], path: str, body: Any) -> None:
    url, method = addresses[path], METHODS.get(path, "POST")
    accepted = post(client, url, "" if body is None else json.dumps(body), method)
    assert accepted.status_code < 300 or "reference" in (body or ()), accepted.content
    wrong = []
    for pointer, marked in places(body):
        for name, text in (NEVER | ODD).items():
            answer = post(client, url, marked.replace(f'"{PLACE}"', text), method)
            said = complaint(answer)
            if not said and name in NEVER and body is not None:
                said = misplaced(answer, pointer, deep=name in DEEP)
            if said:
                wrong.append(f"{name} at {pointer or 'the whole'}: {said}")
    assert not wrong, "\n".join(wrong)
