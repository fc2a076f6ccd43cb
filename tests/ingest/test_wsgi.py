"""Ingest answers on the WSGI environment itself; whatever is not for it goes on to Django."""

import io
import json
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from monitoring.ingest.otlp.views import DOOR as OTLP
from monitoring.ingest.views import DOOR
from tests.ingest.conftest import prediction, stored


def ask(
    method: str, token: str = "", sent: io.BytesIO | None = None, path: str = "/api/v1/predictions"
) -> tuple[str, dict[str, str], bytes]:
    sent = sent or io.BytesIO(json.dumps(prediction()).encode())
    body = sent.getvalue()
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body))}
    environ |= {"HTTP_AUTHORIZATION": f"Bearer {token}", "CONTENT_TYPE": "application/json"}
    said: list[Any] = []
    answer = DOOR.before(OTLP.before(lambda *_: [b"from Django"]))(
        {**environ, "wsgi.input": sent}, lambda *a: said.extend(a)
    )
    status, headers = said or ("", [])
    return status, dict(headers), b"".join(answer)


@pytest.mark.django_db
def test_items_are_answered_without_django_and_with_their_length(token):
    status, headers, body = ask("POST", token)
    assert status == "202 Accepted"
    assert int(headers["Content-Length"]) == len(body)
    assert json.loads(body)["accepted"] == len(stored()) == 1


@pytest.mark.django_db
def test_without_a_key_the_answer_is_a_problem():
    status, headers, body = ask("POST")
    assert (status, headers["Content-Type"]) == ("401 Unauthorized", "application/problem+json")
    assert json.loads(body)["code"] == "not_authenticated"


@pytest.mark.django_db
def test_a_refused_body_is_read_all_the_same_so_that_its_sender_hears_why(token, settings):
    settings.INGEST = {**settings.INGEST, "max_bytes": 1_000_000}
    strange, large, huge = (io.BytesIO(b" " * size) for size in (900_000, 1_900_000, 9_000_000))
    assert ask("POST", "at_nobody", strange)[0] == "401 Unauthorized"
    assert [ask("POST", token, body)[0][:3] for body in (large, huge)] == ["413", "413"]
    assert strange.read() == large.read() == b""
    assert huge.tell() == 2_000_000  # a stranger does not keep us reading for ever


@pytest.mark.django_db
def test_so_is_one_of_an_exporter(settings):
    settings.INGEST = {**settings.INGEST, "otlp_max_bytes": 1_000_000}
    sent = io.BytesIO(b" " * 1_900_000)
    assert ask("POST", "at_nobody", sent, "/v1/traces")[0] == "401 Unauthorized"
    assert sent.read() == b""


@pytest.mark.django_db
def test_a_request_leaves_no_id_behind_for_the_next_line_of_its_thread(token):
    with bound_contextvars(request_id="outer"):
        assert ask("POST", token)[0] == "202 Accepted"
        assert get_contextvars()["request_id"] == "outer"
    assert ask("POST", token)[0] == "202 Accepted"
    assert "request_id" not in get_contextvars()


def test_what_is_not_for_ingest_goes_on():
    assert ask("GET")[2] == b"from Django"
