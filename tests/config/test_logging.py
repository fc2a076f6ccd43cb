"""Every line of the panel's own log is JSON and says which request and whose."""

import json
import logging
import logging.config
import os
import subprocess
import sys
from io import StringIO
from types import SimpleNamespace

import pytest
import structlog
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from django_structlog.celery.receivers import CeleryReceiver

from config.logging import add_ids, logging_config


def shout(request):
    structlog.get_logger("atalaia.test").warning("from_structlog", n=1)
    logging.getLogger("atalaia.test").warning("from the standard library")
    return HttpResponse(status=404)


urlpatterns = [path("shout", shout)]


@pytest.fixture
def lines(urls_shout):
    """What was written since, line by line, as dicts."""
    config = logging_config(level="INFO", style="json")
    config["handlers"]["stderr"]["stream"] = written = StringIO()
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


@pytest.fixture
def urls_shout(settings):
    settings.ROOT_URLCONF = "tests.config.test_logging"


def test_each_line_of_a_request_names_the_request_and_the_person(lines, as_bia, bia):
    answer = as_bia.get("/shout")
    written = lines()
    assert {"from_structlog", "from the standard library"} <= {line["event"] for line in written}
    assert any(line["logger"] == "django.request" for line in written)
    assert {line["user_id"] for line in written} == {bia.pk}
    assert {line["request_id"] for line in written} == {answer["X-Request-ID"]}


@pytest.mark.django_db
def test_nobody_and_nothing_are_null_not_absent(lines, client):
    client.get("/shout")
    logging.getLogger("atalaia.test").warning("outside")
    written = lines()
    assert {line["user_id"] for line in written} == {None}
    assert written[-1]["request_id"] is None


def test_on_a_terminal_ids_that_nobody_has_are_left_out():
    config = logging_config(level="INFO", style="text")
    config["handlers"]["stderr"]["stream"] = written = StringIO()
    logging.config.dictConfig(config)
    logging.getLogger("atalaia.test").warning("outside")
    structlog.get_logger("atalaia.test").warning("inside", user_id=7)
    logging.config.dictConfig(settings.LOGGING)
    outside, inside = written.getvalue().splitlines()
    assert "outside" in outside
    assert "_id" not in outside
    assert "user_id" in inside
    assert "request_id" not in inside


def test_an_expired_tick_says_nothing_a_failed_one_does(lines):
    expired = SimpleNamespace(id="t-1", task="atalaia.stage")
    CeleryReceiver().receiver_task_revoked(expired, terminated=False, expired=True)
    logging.getLogger("celery.worker.request").info("Discarding revoked task")
    assert lines() == []
    CeleryReceiver().receiver_task_failure("t-1", exception=ValueError("no such bucket"))
    assert [line["event"] for line in lines()] == ["task_failed"]


def test_a_task_stands_in_for_the_request():
    assert add_ids(None, "", {"task_id": "t-1", "event": "x"})["request_id"] == "t-1"


def test_standard_error_that_is_no_terminal_gets_json():
    code = "import logging; logging.getLogger('x').warning('olá')"
    env = {**os.environ, "ATALAIA_LOG_STYLE": "auto"}
    run = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stderr.splitlines()[-1])["event"] == "olá"
