"""What the OpenAPI document says and what the addresses do are held against each other by Schemathesis, in this process."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Any

import pytest
import schemathesis
from django.conf import settings as settings_of
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis.checks import CHECKS
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup

from alerting.models import AlertRule, Channel, Inhibition, Maintenance, QuietHours, Route, Silence
from models_registry.exports import start_export
from models_registry.jobs import start_job
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model, Prompt, PromptVersion, User
from models_registry.roles import VIEWER
from monitoring.models import SLO, Policy
from runbooks.models import ActionItem, Review
from tests.api.bodies import OF_PEOPLE
from tests.cast import NOW, make_incident, make_person
from tests.otlp.conftest import request

PARTS = 4
OURS = ("/api/v1/", "/v1/", "/api/public/")
# Bodies of OpenTelemetry as they should be, cut off, and of anything: a schema says no more of them than that they are bytes.
SPANS = request({}, {"name": "é", "attributes": {"a": [1, {"b": 0.5}], "gen_ai.system": "openai"}}).SerializeToString()
WIRE = strategies.one_of(
    strategies.just(SPANS),
    strategies.integers(0, len(SPANS)).map(lambda end: SPANS[:end]),
    strategies.binary(max_size=64),
)
schemathesis.openapi.media_type("application/x-protobuf", WIRE)
# Not asked: what a schema cannot say of a value (that a model exists, that a time is past) and what is read kindly
# (numbers as text, a time in several forms); `tests/api/test_hostile_bodies.py` holds both.
RISK = [{"name": "model", "value": "credit-risk"}]
ASKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "missing_required_header",
    "unsupported_method",
)


def session_of(person: User) -> dict[str, str]:
    """The headers of somebody who is logged in, as a browser sends them; what a write must carry beside the session, too."""
    client, token = Client(), get_token(HttpRequest())
    client.force_login(person)
    cookies = {settings_of.CSRF_COOKIE_NAME: token, settings_of.SESSION_COOKIE_NAME: client.session.session_key}
    return {"Cookie": "; ".join(f"{name}={one}" for name, one in cookies.items()), "X-CSRFToken": token}


def known_of(model: Model, application: Model) -> dict[str, Any]:
    """Something for every gap of an address, by the gap's name; numbers by what they count."""
    project = model.project
    model.versions.create(version="2")
    prompt = Prompt.objects.create(project=project, name="answer", model=application)
    PromptVersion.objects.create(prompt=prompt, version="1")
    incident = make_incident(project, model=model, state="resolved", resolved_at=NOW)
    review = Review.objects.create(incident=incident, created_at=NOW)
    item = ActionItem.objects.create(review=review, title="Alert sooner", owner="ana", due=NOW.date())
    for row in (SLO(sli="availability", target=0.9), Policy(), AlertRule(kind="heartbeat", window=timedelta(hours=1))):
        row.project, row.slug, row.name, row.model = project, "credit-risk", "Credit risk", model
        row.save()
    silence = Silence.objects.create(
        project=project, owner=make_person("rui"), matchers=[], starts_at=NOW, ends_at=NOW + timedelta(hours=1)
    )
    channel = Channel.objects.create(project=project, name="log", kind="console")
    hours = QuietHours.objects.create(
        project=project, name="nights", channel=channel, starts=time(22), ends=time(7), zone="America/Sao_Paulo"
    )
    return {
        "username": "rui",
        "groups": VIEWER,
        "slug": "credit-risk",
        "version": "1",
        "name": "answer",
        "uid": str(silence.uid),
        "number": incident.number,
        "section": "models",
        "key": "credit-risk",
        "prefix": "0",
        "jobs": start_job("reprice", project=project, arguments={}, now=NOW).pk,
        "exports": start_export(project, "logs", form="csv", filters={}, now=NOW).pk,
        "action-items": item.pk,
        "channels": channel.pk,
        "quiet-hours": hours.pk,
        "maintenance-windows": Maintenance.objects.create(project=project, name="w", owner="ana", matchers=RISK).pk,
        "inhibitions": Inhibition.objects.create(project=project, name="i", source=RISK, target=RISK).pk,
        "routes": Route.objects.create(project=project, name="all").pk,
    }


@pytest.fixture
def ask(credit_risk: Model, support_assistant: Model, stopped_clock: Any) -> Iterator[Callable[[int, int], list[str]]]:
    """`ask(part, examples)`: every fourth operation with so many requests each; what does not hold."""
    forget_keys()
    known = known_of(credit_risk, support_assistant)
    scopes = ["read", "respond", "admin", "ingest"]
    _, token = create_key(project=credit_risk.project, name="anybody", scopes=scopes)
    document = SchemaGenerator().get_schema(request=None, public=True)
    document["paths"] = {path: verbs for path, verbs in document["paths"].items() if path.startswith(OURS)}
    config = SchemathesisConfig()
    config.projects.default.generation = GenerationConfig(deterministic=True, allow_x00=True)
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = get_wsgi_application()
    checks = [CHECKS.get_one(name) for name in ASKED]
    # Without the key that the document asks for, a session still opens.
    checks_of_people = [CHECKS.get_one(name) for name in ASKED if name != "ignored_auth"]
    root = make_person("root")
    root.is_superuser = True
    root.save()
    by_session = session_of(root)

    def ask(part: int, examples: int) -> list[str]:
        operations = [found.ok() for found in schema.get_all_operations()]
        wrong: list[str] = []
        for operation in operations[part::PARTS]:

            @settings(
                max_examples=examples, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=operation.as_strategy(), is_known=strategies.booleans())
            def holds(case: Any, is_known: bool) -> None:
                if is_known and case.path_parameters:
                    kind = case.path.split("/")[3]
                    here = {**known, **{name: known[kind] for name in ("number", "name") if kind in known}}
                    case.path_parameters = {name: here.get(name, 1) for name in case.path_parameters}
                with transaction.atomic():
                    try:
                        if case.path.startswith(OF_PEOPLE):
                            case.call_and_validate(headers=by_session, checks=checks_of_people)
                        else:
                            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=checks)
                    finally:
                        transaction.set_rollback(True)

            try:
                holds()
            except (FailureGroup, Failure) as error:
                found = error.exceptions if isinstance(error, FailureGroup) else [error]
                wrong += [f"{operation.label}: {one.title}: {str(one.message)[:500]}" for one in found]
        assert operations
        return wrong

    # The end of a request would close the connection that holds the test's transaction; Django's own client keeps it too.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield ask
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)
    forget_keys()


@pytest.mark.once
@pytest.mark.parametrize("part", range(PARTS))
def test_answers_are_those_of_the_document(ask: Any, part: int) -> None:
    wrong = ask(part, 4)
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_answers_are_those_of_the_document_however_long_it_is_asked(ask: Any, part: int) -> None:
    wrong = ask(part, 100)
    assert not wrong, "\n\n".join(wrong)
