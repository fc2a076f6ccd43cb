"""Real web frameworks, Celery, logging and loguru: one request, one set of ids, on every record made in it."""

import asyncio
import logging
import time

import django.test
import flask
import loguru
import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.utils.functional import SimpleLazyObject
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

import atalaia
import atalaia.celery
from atalaia.asgi import AtalaiaMiddleware as Asgi
from atalaia.context import NOBODY, current
from atalaia.django import AtalaiaMiddleware as DjangoMiddleware
from atalaia.logs import AtalaiaHandler, ContextFilter, loguru_sink
from atalaia.wsgi import AtalaiaMiddleware as Wsgi

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADERS = {"X-Request-ID": "r-1", "traceparent": f"00-{TRACE}-{PARENT}-01"}


def test_fastapi(sent):
    app = FastAPI()
    app.add_middleware(Asgi, user_id=lambda scope: dict(scope["headers"]).get(b"x-user", b"").decode())

    @app.get("/async")
    async def in_loop():
        atalaia.prediction("m", "async")
        return atalaia.outgoing()

    @app.get("/sync")
    def in_thread():
        atalaia.prediction("m", "sync")

        def body():
            atalaia.prediction("m", "stream")
            yield b"ok"

        return StreamingResponse(body())

    client = TestClient(app)
    answer = client.get("/async", headers={**HEADERS, "X-User": "ana"})
    assert answer.headers["x-request-id"] == "r-1"
    assert answer.json()["X-Request-ID"] == "r-1"
    assert answer.json()["traceparent"].startswith(f"00-{TRACE}-")
    made = client.get("/sync").headers["x-request-id"]
    items = {item["prediction"]: item for item in sent("predictions")}
    assert (items["async"]["request_id"], items["async"]["trace_id"], items["async"]["user_id"]) == (
        "r-1",
        TRACE,
        "ana",
    )
    assert items["async"]["span_id"] != PARENT
    assert items["sync"]["request_id"] == items["stream"]["request_id"] == made
    assert current.get() is NOBODY


@pytest.mark.parametrize(
    "header", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "é", "\x00"]
)
def test_headers_of_strangers_are_not_believed(header):
    seen = []

    async def app(scope, receive, send):
        seen.append(current.get())
        await send({"type": "http.response.start", "status": 200})

    async def nothing(*_):
        return {}

    headers = [(b"traceparent", header.encode("latin-1")), (b"x-request-id", b"x" * 500)]
    asyncio.run(Asgi(app)({"type": "http", "headers": headers}, nothing, nothing))
    assert len(seen[0].request_id) == 36
    assert seen[0].trace_id not in {"", TRACE, "0" * 32}


def test_flask(sent):
    app = flask.Flask(__name__)

    @app.get("/")
    def index():
        atalaia.set_user("ana")
        atalaia.prediction("m", 1)

        def body():
            atalaia.prediction("m", 2)
            yield "ok"

        return flask.Response(body())

    @app.get("/fails")
    def fails():
        raise RuntimeError("oops")

    app.wsgi_app = Wsgi(app.wsgi_app)  # type: ignore[method-assign]
    app.testing = True
    answer = app.test_client().get("/", headers=HEADERS)
    assert (answer.data, answer.headers["X-Request-ID"]) == (b"ok", "r-1")
    with pytest.raises(RuntimeError):
        app.test_client().get("/fails")
    assert current.get() is NOBODY
    assert [item["request_id"] for item in sent("predictions")] == ["r-1", "r-1"]
    assert {item["user_id"] for item in sent("predictions")} == {"ana"}


class Person:
    pk, is_authenticated = 7, True


def test_django_in_threads_and_in_a_loop(sent):
    def view(request):
        request.user = SimpleLazyObject(Person)
        atalaia.prediction("m", "before anybody looked")
        assert request.user.pk == 7
        atalaia.prediction("m", "after")
        return HttpResponse("ok")

    async def aview(request):
        request.user = AnonymousUser()
        atalaia.prediction("m", "async")
        return HttpResponse("ok")

    answer = DjangoMiddleware(view)(RequestFactory().get("/", headers=HEADERS))
    assert answer.headers["X-Request-ID"] == "r-1"
    asyncio.run(DjangoMiddleware(aview)(AsyncRequestFactory().get("/")))
    items = {item["prediction"]: item for item in sent("predictions")}
    assert items["after"]["user_id"] == "7"
    assert items["after"]["trace_id"] == TRACE
    assert "user_id" not in items["before anybody looked"]
    assert "user_id" not in items["async"]
    assert len(items["async"]["request_id"]) == 36


@pytest.mark.django_db
def test_django_with_its_whole_stack(sent, settings, admin_user):
    settings.MIDDLEWARE = ["atalaia.django.AtalaiaMiddleware", *settings.MIDDLEWARE]
    settings.ROOT_URLCONF = "django_urls"
    client = django.test.Client()
    client.force_login(admin_user)
    client.get("/predict/", headers=HEADERS)
    (item,) = sent("predictions")
    assert (item["request_id"], item["user_id"]) == ("r-1", str(admin_user.pk))


def test_celery(sent):
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    atalaia.celery.install()
    atalaia.celery.install()

    @app.task
    def score(number):
        return atalaia.prediction("m", number), atalaia.traceparent()

    with start_worker(app, pool="threads", perform_ping_check=False, shutdown_timeout=60):
        with atalaia.context(request_id="r-1", user_id="ana", trace_id=TRACE, span_id=PARENT):
            sent_by_request = score.delay(1)
        lonely = score.delay(2)
        _, header = sent_by_request.get(timeout=30)
        lonely.get(timeout=30)
    items = {item["prediction"]: item for item in sent("predictions")}
    assert (items[1]["request_id"], items[1]["user_id"], items[1]["trace_id"]) == ("r-1", "ana", TRACE)
    assert header == f"00-{TRACE}-{items[1]['span_id']}-01"
    assert items[1]["span_id"] != PARENT
    assert items[2]["request_id"] == lonely.id
    assert "user_id" not in items[2]


def test_a_task_that_runs_in_place_gives_the_caller_its_ids_back(sent):
    app = Celery("shop", task_always_eager=True)
    atalaia.celery.install()

    @app.task
    def score():
        atalaia.prediction("m", 1)

    with atalaia.context(request_id="r-1") as before:
        score.delay()
        assert current.get() == before
    assert sent("predictions")[0]["request_id"] == "r-1"


@pytest.fixture
def logger():
    found = logging.getLogger("shop.orders")
    found.propagate, found.level = False, logging.DEBUG
    yield found
    found.handlers.clear()
    found.filters.clear()
    found.propagate = True


def test_logging(sent, logger):
    logger.addHandler(AtalaiaHandler())
    with atalaia.context(request_id="r-1"):
        logger.info("order %s of %s", 18, "ana", extra={"amount": 12.5, "level": "gold"})
        try:
            raise ZeroDivisionError("division by zero")
        except ZeroDivisionError:
            logger.exception("it failed")
    plain, failed = sent("logs")
    assert (plain["message"], plain["template"]) == ("order 18 of ana", "order %s of %s")
    assert (plain["level"], plain["logger"], plain["request_id"]) == ("info", "shop.orders", "r-1")
    assert (plain["amount"], plain["extra_level"]) == (12.5, "gold")
    assert abs(plain["ts"] - time.time()) < 60
    assert failed["level"] == "error"
    assert failed["exception"].endswith("ZeroDivisionError: division by zero\n")
    assert not {"args", "pathname", "process", "msg"} & set(plain)


def test_logging_of_the_library_itself_begets_no_records(sent):
    root, handler = logging.getLogger(), AtalaiaHandler()
    root.addHandler(handler)
    try:
        logging.getLogger("atalaia").warning("about sending")
        logging.getLogger("atalaia.inner").warning("about sending")
    finally:
        root.removeHandler(handler)
    assert sent("logs") == []


def test_a_message_that_cannot_be_formatted_raises_nothing(sent, logger, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger.addHandler(AtalaiaHandler())
    logger.info("%d", "seven")
    assert sent("logs") == []


def test_a_filter_gives_lines_of_the_program_the_ids(logger, caplog):
    logger.addFilter(ContextFilter())
    logger.addHandler(caplog.handler)
    with atalaia.context(request_id="r-1", user_id="ana"):
        logger.info("hello")
    assert [(record.request_id, record.user_id, record.trace_id) for record in caplog.records] == [("r-1", "ana", "")]


def test_loguru(sent):
    loguru.logger.remove()
    loguru.logger.add(loguru_sink, level="DEBUG")
    try:
        with atalaia.context(request_id="r-1"), loguru.logger.contextualize(tenant="acme"):
            loguru.logger.bind(message="mine").success("order {}", 18)
            try:
                raise ZeroDivisionError("division by zero")
            except ZeroDivisionError:
                loguru.logger.exception("it failed")
    finally:
        loguru.logger.remove()
    plain, failed = sent("logs")
    assert (plain["message"], plain["level"], plain["request_id"]) == ("order 18", "success", "r-1")
    assert (plain["tenant"], plain["extra_message"]) == ("acme", "mine")
    assert plain["logger"] == __name__
    assert "ZeroDivisionError" in failed["exception"]
