"""The last refused request per reason is remembered: for its project, or overall where nobody knows the key; and sparingly."""

from datetime import timedelta

import pytest
from django.db import DatabaseError

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
