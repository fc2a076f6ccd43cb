"""Whole requests that are refused: a problem document with a code, and nothing kept."""

import gzip
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError
from django.test import Client

from lib import clock
from models_registry.keys import create_key, revoke_key
from monitoring.ingest import backpressure
from monitoring.ingest.store import committer
from monitoring.models import InboxBody
from tests.ingest.conftest import prediction


def _is_problem(response, status, code):
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response["X-Request-ID"]
    assert body["title"]
    assert body["detail"]
    assert not InboxBody.objects.exists()
    return response


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"5",
        b'"text"',
        b"NaN",
        b'{"model":',
        b"[1, 2",
        b"[1]]",
        b'[{"a": 1},]',
        b"[nope]",
        b"\xff\xfe",
        b"{}{}",
    ],
)
def test_a_body_of_which_nothing_can_be_read_is_malformed(post, body):
    _is_problem(post(body), 400, "malformed")


def test_an_empty_body_is_said_to_be_empty(post):
    _is_problem(post(b" \n"), 400, "empty_body")


@pytest.mark.parametrize("key", ["", "nonsense", "at_000000000000_" + "x" * 43])
def test_without_a_live_key_it_is_401(post, key):
    response = _is_problem(post(prediction(), key=key), 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_without_any_header_it_is_401(db):
    _is_problem(Client().post("/api/v1/logs", data=b"{}", content_type="application/json"), 401, "not_authenticated")


def test_a_revoked_or_expired_key_is_401(post, project):
    now = clock.real_now()
    revoked, token = create_key(project=project, name="old", scopes=["ingest"])
    revoke_key(revoked, now=now)
    _is_problem(post(prediction(), key=token), 401, "not_authenticated")
    expired = create_key(project=project, name="old", scopes=["ingest"], expires_at=now - timedelta(seconds=1))[1]
    _is_problem(post(prediction(), key=expired), 401, "not_authenticated")


@pytest.mark.parametrize("path", ["predictions", "llm-calls", "outcomes", "feedback", "events", "logs"])
def test_a_key_without_the_scope_is_403(post, project, path):
    key = create_key(project=project, name="reader", scopes=["read", "respond", "admin", "backfill"])[1]
    _is_problem(post({}, path=path, key=key), 403, "missing_scope")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
def test_other_content_types_are_415(post, content_type):
    _is_problem(post(prediction(), content_type=content_type), 415, "unsupported_media_type")


def test_other_encodings_are_415(post):
    _is_problem(post(prediction(), Content_Encoding="br"), 415, "unsupported_encoding")


def test_a_bomb_costs_its_cap_and_is_413(post, settings):
    bomb = gzip.compress(b"0" * (200 * 1024 * 1024), compresslevel=1)
    assert len(bomb) < settings.INGEST["max_bytes"]
    _is_problem(post(bomb, Content_Encoding="gzip"), 413, "body_too_large")
    two = gzip.compress(b" " * 6_000_000) * 2
    _is_problem(post(two, Content_Encoding="gzip"), 413, "body_too_large")


def test_a_body_above_the_limit_is_413(post, settings):
    _is_problem(post(b" " * (settings.INGEST["max_bytes"] + 1)), 413, "body_too_large")


@pytest.mark.parametrize(
    "body", [b"plain", gzip.compress(b"[]")[:-6], gzip.compress(b"[]") + b"tail"], ids=["plain", "cut", "tail"]
)
def test_what_is_no_gzip_is_400(post, body):
    _is_problem(post(body, Content_Encoding="gzip"), 400, "bad_gzip")


def test_a_swarm_of_empty_gzip_members_is_refused_before_it_costs_anything(post):
    swarm = gzip.compress(b"") * 200 + gzip.compress(b"[]")
    _is_problem(post(swarm, Content_Encoding="gzip"), 400, "bad_gzip")


@pytest.mark.parametrize("body", [b"[" + b"{}," * 5000 + b"{}]", b"{}\n" * 5001, b"[" + b"NaN," * 5000 + b"{}]"])
def test_too_many_items_are_413(post, body):
    _is_problem(post(body), 413, "too_many_items")


def test_a_long_idempotency_key_is_400(post):
    _is_problem(post(prediction(), Idempotency_Key="x" * 201), 400, "bad_idempotency_key")


def test_a_key_above_its_pace_is_429_with_retry_after(post, settings):
    settings.INGEST = {**settings.INGEST, "rate": 2}
    codes = [post([]).status_code for _ in range(3)]
    assert codes == [202, 202, 429]
    assert _is_problem(post([]), 429, "rate_limited")["Retry-After"] == "1"


def test_a_full_inbox_is_503_with_retry_after_and_accepts_again_when_drained(post, settings):
    settings.INGEST = {**settings.INGEST, "inbox_max_items": 2}
    assert post([prediction(id=str(i)) for i in range(3)]).status_code == 202
    response = post(prediction())
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (503, "inbox_full", "5")
    assert backpressure.can_accept() == (False, "inbox_full")
    InboxBody.objects.all().delete()
    backpressure.forget()
    assert backpressure.can_accept() == (True, "")
    assert post(prediction()).status_code == 202


def test_an_inbox_whose_oldest_body_is_too_old_is_503(post, settings):
    post(prediction())
    InboxBody.objects.update(arrived_at=clock.real_now() - settings.INGEST["inbox_max_age"] - timedelta(seconds=1))
    backpressure.forget()
    assert post(prediction()).json()["code"] == "inbox_stale"


def test_a_database_that_cannot_write_is_503_and_not_ready(post, monkeypatch):
    def full(bodies: object) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(committer, "_insert", full)
        response = _is_problem(post(prediction()), 503, "not_stored")
        assert response["Retry-After"] == "5"
        assert backpressure.can_accept() == (False, "the last write to the inbox failed")
    assert post(prediction()).status_code == 202
    assert backpressure.can_accept() == (True, "")


def test_a_database_that_does_not_answer_is_503(post, monkeypatch):
    def gone() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(backpressure, "inbox_backlog", gone)
    _is_problem(post(prediction()), 503, "not_stored")
    backpressure.forget()
    assert backpressure.can_accept() == (False, "the database does not answer: DatabaseError")
