"""The last refused request per reason is remembered: for its project, or overall where nobody knows the key; and sparingly."""

from base64 import b64encode
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client

from lib.clock import real_now
from models_registry.keys import create_key
from monitoring.ingest import refusals
from monitoring.ingest.codes import Refusal
from monitoring.ingest.refusals import EVERY, forget_refusals, note_refusal
from monitoring.models import RequestRefusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    forget_refusals()
    yield
    forget_refusals()


def test_an_unknown_key_is_remembered_overall_by_its_public_part_alone(post):
    assert post({}, key="at_0123456789ab_" + "s" * 40, User_Agent="curl/8.5").status_code == 401
    (row,) = RequestRefusal.objects.all()
    assert (row.project, row.code, row.path) == (None, "not_authenticated", "/api/v1/predictions")
    assert (row.key_prefix, row.agent) == ("0123456789ab", "curl/8.5")
    assert "Bearer" in row.detail
    assert not [value for value in vars(row).values() if "sss" in str(value)]


@pytest.mark.parametrize("key", ["secret", "at_secret_word", "at_" + "é" * 12 + "_x", "at__", ""])
def test_what_is_no_key_of_ours_leaves_nothing_of_itself(post, key):
    assert post({}, key=key).status_code == 401
    assert RequestRefusal.objects.get().key_prefix == ""


def test_a_known_key_names_its_project(post, project):
    reader = create_key(project=project, name="reader", scopes=["read"])[1]
    assert post({}, key=reader).status_code == 403
    assert post({}, content_type="text/csv").status_code == 415
    assert post(b"").status_code == 400
    found = {row.code: row.project for row in RequestRefusal.objects.all()}
    assert found == dict.fromkeys(("missing_scope", "unsupported_media_type", "empty_body"), project)


def test_one_row_per_reason_written_once_in_a_while(django_assert_num_queries):
    now = real_now()
    refusal = Refusal("not_authenticated", "no")
    note_refusal(refusal, path="/first", real_now=now, ticked=100.0)
    with django_assert_num_queries(0):
        note_refusal(refusal, path="/second", real_now=now, ticked=100.0 + EVERY / 2)
    note_refusal(refusal, path="/third", real_now=now + timedelta(seconds=9), ticked=100.0 + EVERY)
    (row,) = RequestRefusal.objects.all()
    assert (row.path, row.at) == ("/third", now + timedelta(seconds=9))


@pytest.mark.parametrize("code", ["rate_limited", "inbox_full", "not_stored", "server_error"])
def test_troubles_of_our_own_are_not_added_to(code, django_assert_num_queries):
    with django_assert_num_queries(0):
        note_refusal(Refusal(code, "later"), path="/", real_now=real_now())


def test_a_database_that_cannot_write_changes_no_answer(post, monkeypatch):
    def broken(*_):
        raise DatabaseError("full")

    monkeypatch.setattr(refusals, "_write", broken)
    assert post({}, key="unknown").status_code == 401


def test_who_sends_to_an_address_that_there_is_not_is_remembered(post, project):
    key = create_key(project=project, name="lost", scopes=["ingest"])[1]
    pair = b64encode(f"pk:{key}".encode()).decode()
    for path, sent in (("/api/v1/prediction", f"Bearer {key}"), ("/v1/trace", f"Basic {pair}")):
        headers = {"Authorization": sent, "User-Agent": "curl/8.5"}
        forget_refusals()
        answer = Client().post(path, "{}", content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        row = RequestRefusal.objects.get()
        assert (row.project, row.code, row.path, row.agent) == (project, "not_found", path, "curl/8.5")
    forget_refusals()
    Client().get("/api/v1/nothing", headers=headers)
    Client().post("/api/v1/nothing", "{}", content_type="application/json", headers={"Authorization": "Bearer at_0_1"})
    assert RequestRefusal.objects.get().path == "/v1/trace"


def test_a_slash_at_the_end_of_the_address_is_no_other_address(project):
    key = create_key(project=project, name="k", scopes=["ingest"])[1]
    headers = {"Authorization": f"Bearer {key}"}
    answer = Client().post("/api/v1/logs/", '{"message": "a"}', content_type="application/json", headers=headers)
    assert answer.status_code == 202
