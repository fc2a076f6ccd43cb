"""Whatever refuses a request, at the very edge or deep within: the problem, the answer's header and the log say the same id.

And one request is one, in the log, in the counts and in the pace, whatever the edge has to ask for it.
"""

import json
import logging.config
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from google.rpc.error_details_pb2 import RequestInfo
from google.rpc.status_pb2 import Status
from prometheus_client import REGISTRY

from alerting.models import Channel, Maintenance
from config.api import edge
from config.logging import logging_config
from lib.clock import real_now
from models_registry.jobs import run_jobs
from models_registry.keys import create_key, forget_keys
from models_registry.models import GivenAnswer, Job, Project
from monitoring.ingest import backpressure
from monitoring.ingest.pace import Pace
from tests.cast import NOW

pytestmark = pytest.mark.django_db
MEDIA = "application/problem+json"
GIVEN = "checkout-7/é"
BODY = {"name": "service", "scopes": ["ingest"]}
FORM = "application/x-www-form-urlencoded"
Call = Callable[..., Any]


@pytest.fixture
def token(project: Project) -> str:
    forget_keys()
    return create_key(project=project, name="tests", scopes=["read", "respond", "admin", "ingest"])[1]


@pytest.fixture
def call(token: str) -> Call:
    """A request with the key, unless another or none ("") is named."""

    def send(method: str, path: str, body: Any = None, *, auth: str = f"Bearer {token}", **given: str) -> Any:
        media = given.pop("content_type", "application/json")
        text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        headers = {name.replace("_", "-"): value for name, value in given.items()}
        if auth:
            headers["authorization"] = auth
        address = path if path.startswith("/") else f"/api/v1/{path}"
        client = Client(raise_request_exception=False)
        return client.generic(method, address, text, content_type=media, headers=headers)

    return send


@pytest.fixture
def written() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines of the panel's log since, as a program reads them."""
    config = logging_config(level="DEBUG", style="json")
    config["handlers"]["stderr"]["stream"] = stream = StringIO()
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.config.dictConfig(configured.LOGGING)


def once_in_use(call: Call, **headers: str) -> Any:
    call("POST", "keys", BODY, idempotency_key="a")
    GivenAnswer.objects.update(status=None, created_at=real_now())
    return call("POST", "keys", BODY, idempotency_key="a", **headers)


def reused(call: Call, **headers: str) -> Any:
    call("POST", "keys", BODY, idempotency_key="a")
    return call("POST", "keys", {**BODY, "name": "b"}, idempotency_key="a", **headers)


def stale(call: Call, **headers: str) -> Any:
    window = Maintenance.objects.create(project=Project.objects.get(), name="w", owner="ana", matchers=[])
    return call("PATCH", f"maintenance-windows/{window.pk}", {"name": "b"}, if_match='"old"', **headers)


def untagged(call: Call, **headers: str) -> Any:
    channel = Channel.objects.create(project=Project.objects.get(), name="ops", kind="console")
    return call("PUT", f"channels/{channel.pk}/secret", {"secret": "a"}, if_match='"a"', **headers)


def past_its_time(call: Call, **headers: str) -> Any:
    number = call("POST", "exports", {"dataset": "logs"}).json()["id"]
    while run_jobs(now=NOW).seen:
        pass
    Job.objects.update(stepped_at=real_now() - timedelta(hours=49))
    return call("GET", f"exports/{number}/file", **headers)


def asked(method: str, path: str, body: Any = None, **given: str) -> Call:
    return lambda call, **headers: call(method, path, body, **given, **headers)


REFUSALS: dict[str, tuple[int, str, Call]] = {
    "field": (400, "invalid", asked("POST", "keys", {"name": "a"})),
    "not JSON": (400, "parse_error", asked("POST", "keys", "{")),
    "NUL": (400, "nul_character", asked("GET", "models?q=%00")),
    "host": (400, "unknown_host", asked("GET", "models", host="elsewhere.example")),
    "multipart": (400, "bad_request", asked("POST", "keys", "x", content_type="multipart/form-data; boundary=é")),
    "long key": (400, "bad_idempotency_key", asked("POST", "keys", BODY, idempotency_key="a" * 201)),
    "nobody": (401, "not_authenticated", asked("GET", "models", auth="")),
    "nobody sends": (401, "not_authenticated", asked("POST", "logs", {"message": "a"}, auth="")),
    "scope": (403, "permission_denied", asked("POST", "projects", {"slug": "new", "name": "New"})),
    "address": (404, "not_found", asked("GET", "nothing-here")),
    "address of OTLP": (404, "not_found", asked("POST", "/v1/trace", "")),
    "thing": (404, "not_found", asked("GET", "models/gone")),
    "method": (405, "method_not_allowed", asked("DELETE", "models")),
    "method of the document": (405, "method_not_allowed", asked("POST", "/api/schema/")),
    "method of OTLP": (405, "method_not_allowed", asked("GET", "/v1/traces")),
    "in use": (409, "idempotency_key_in_use", once_in_use),
    "gone": (410, "gone", past_its_time),
    "changed": (412, "changed_meanwhile", stale),
    "untagged": (412, "tag_unknown", untagged),
    "form": (413, "body_too_large", asked("POST", "keys", b"a" * 13_000_000, content_type=FORM)),
    "fields": (413, "too_many_fields", asked("POST", "keys", "a&" * 1_001, content_type=FORM)),
    "body": (413, "body_too_large", asked("POST", "keys", b"[" * 13_000_000)),
    "body with a key": (413, "body_too_large", asked("POST", "keys", b"[" * 13_000_000, idempotency_key="a")),
    "events": (413, "body_too_large", asked("POST", "logs", b"[" * 11_000_000)),
    "media": (415, "unsupported_media_type", asked("POST", "logs", "a", content_type="text/csv")),
    "media of a form": (415, "unsupported_media_type", asked("POST", "keys", "a=b", content_type=FORM)),
    "reused": (422, "idempotency_key_reused", reused),
}


def is_named(answer: Any, status: int, code: str, given: str) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (status, MEDIA), answer.content[:300]
    assert (answer.json()["code"], answer.json()["request_id"], answer["X-Request-ID"]) == (code, given, given)


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_is_called_what_its_sender_calls_it(call: Call, stopped_clock: Any, name: str) -> None:
    status, code, provoke = REFUSALS[name]
    is_named(provoke(call, x_request_id=GIVEN), status, code, GIVEN)


@pytest.mark.parametrize("path", ["models", "logs"])
def test_what_nobody_named_gets_an_id_of_its_own(call: Call, path: str) -> None:
    heard = [call("POST", path, "{", x_request_id=given) for given in ("", "a" * 201, "a\nb", "a\x00b")]
    assert {answer.status_code for answer in heard} <= {400, 405}
    ids = [answer.json()["request_id"] for answer in heard]
    assert [answer["X-Request-ID"] for answer in heard] == ids
    assert len(set(ids)) == 4
    assert {len(one) for one in ids} == {32}


def test_who_is_too_fast_is_named_and_logged_too(call: Call, written: Any, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(edge, "pace", Pace())
    settings.API_RATE = 1
    settings.INGEST = {**settings.INGEST, "rate": 1}
    assert call("GET", "models").status_code == 200
    is_named(call("GET", "models", x_request_id=GIVEN), 429, "rate_limited", GIVEN)
    assert [line["code"] for line in written() if line["request_id"] == GIVEN and "code" in line] == [429]
    call("POST", "logs", {"message": "a"})
    is_named(call("POST", "logs", {"message": "a"}, x_request_id=GIVEN), 429, "rate_limited", GIVEN)


def test_faults_of_our_own_are_named_as_in_the_log(call: Call, written: Any, settings: Any, monkeypatch: Any) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("models_registry.api.projects.ProjectsView.get", fail)
    is_named(call("GET", "projects", x_request_id=GIVEN), 500, "server_error", GIVEN)
    (line,) = [line for line in written() if line["event"] == "request_failed"]
    assert line["request_id"] == GIVEN
    assert "ZeroDivisionError" in line["exception"]
    settings.INGEST = {**settings.INGEST, "inbox_max_items": -1}
    backpressure.forget()
    is_named(call("POST", "logs", {"message": "a"}, x_request_id=GIVEN), 503, "inbox_full", GIVEN)
    backpressure.forget()


def test_pages_and_successes_name_their_request_too(call: Call, as_bia: Client) -> None:
    assert call("GET", "models", x_request_id=GIVEN)["X-Request-ID"] == GIVEN
    for path, status in (("/", 302), ("/nothing", 404), ("/static/nothing.css", 404)):
        page = as_bia.get(path, headers={"x-request-id": GIVEN})
        assert (page.status_code, page["X-Request-ID"]) == (status, GIVEN)
    page = as_bia.get("/", headers={"host": "elsewhere.example", "x-request-id": GIVEN})
    assert (page.status_code, page["Content-Type"].partition(";")[0], page["X-Request-ID"]) == (400, "text/html", GIVEN)


def test_the_next_request_on_the_thread_does_not_inherit_an_id(call: Call) -> None:
    first, second = call("GET", "nothing"), call("GET", "nothing")
    assert first.json()["request_id"] != second.json()["request_id"]


OTLP = {
    400: {"body": b"\xff"},
    401: {"auth": ""},
    413: {"body": b"a" * 2_000},
    415: {"content_type": "text/plain"},
    429: {},
    503: {},
}


@pytest.mark.parametrize("media", ["application/x-protobuf", "application/json"])
@pytest.mark.parametrize("status", OTLP)
def test_refusals_of_opentelemetry_say_it_in_the_details_of_their_status(
    call: Call, settings: Any, status: int, media: str
) -> None:
    limits: dict[int, Any] = {413: {"otlp_max_bytes": 1_000}, 429: {"rate": 1}, 503: {"inbox_max_items": -1}}
    settings.INGEST = {**settings.INGEST, **limits.get(status, {})}
    backpressure.forget()
    given: dict[str, Any] = {"body": b"{}", "content_type": media, **OTLP[status]}
    if status == 429:
        call("POST", "/v1/traces", **given)
    answer = call("POST", "/v1/traces", x_request_id=GIVEN, **given)
    backpressure.forget()
    assert (answer.status_code, answer["X-Request-ID"]) == (status, GIVEN), answer.content
    if answer["Content-Type"] == "application/json":
        (told,) = answer.json()["details"]
        assert told == {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": GIVEN}
    else:
        (packed,), info = Status.FromString(answer.content).details, RequestInfo()
        assert packed.Unpack(info)
        assert info.request_id == GIVEN


def counted() -> dict[str, float]:
    """Every count of requests and answers, by its name and labels."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith("django_http_") and not sample.name.endswith(("_sum", "_bucket", "_created"))
    }


@pytest.mark.parametrize(("tag", "status"), [("*", 200), ('"old"', 412)])
def test_what_is_compared_before_a_change_is_no_request_of_its_own(
    call: Call, written: Any, settings: Any, monkeypatch: Any, tag: str, status: int
) -> None:
    monkeypatch.setattr(edge, "pace", Pace())
    settings.API_RATE = 1
    window = Maintenance.objects.create(project=Project.objects.get(), name="w", owner="ana", matchers=[])
    before, lines = counted(), len(written())
    answer = call("PATCH", f"maintenance-windows/{window.pk}", {"enabled": False}, if_match=tag)
    assert answer.status_code == status  # not 429: one request is within the pace, two would not be
    said = [line["event"] for line in written()[lines:] if line["logger"] == "django_structlog.middlewares.request"]
    assert said == ["request_started", "request_finished"]
    more = {name: value - before.get(name, 0) for name, value in counted().items() if value != before.get(name, 0)}
    assert not {name: value for name, value in more.items() if value != 1.0}
    assert not [name for name in more if "'GET'" in name]
    (by_view,) = [name for name in more if "responses_total_by_status_view_method_total" in name]
    assert f"('method', 'PATCH'), ('status', '{status}'), ('view', 'alerting" in by_view
