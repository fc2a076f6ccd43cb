"""Keys: shown once, found by prefix, scoped, expiring, revocable; and what a refused reader hears."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from lib import clock
from models_registry import keys
from models_registry.authenticate import project_of
from models_registry.keys import ScopeError, create_key, find_key, forget_keys, revoke_key
from models_registry.models import ApiKey


class Echo(APIView):
    """A view as the rooms write them."""

    permission = "alerting.change_incident"

    def get(self, request):
        return Response({"project": project_of(request).slug})

    def post(self, request):
        return Response({})


@pytest.fixture(autouse=True)
def _forget():
    forget_keys()
    yield
    forget_keys()


def ask(method: str = "get", token: str = "", person=None, query: str = ""):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = getattr(APIRequestFactory(), method)(f"/x{query}", headers=headers)
    if person is not None:
        force_authenticate(request, person)
    return Echo.as_view()(request)


def test_a_key_is_found_by_its_token_and_nothing_of_the_secret_is_stored(project, now):
    key, token = create_key(project=project, name="svc", scopes=["read", "ingest"])
    secret = token.split("_", 2)[2]
    assert token.startswith(f"at_{key.prefix}_")
    assert find_key(token, now=now) == key
    assert key.scopes == ["ingest", "read"]
    assert secret.encode() not in bytes(key.digest)
    assert find_key(token[:-1] + ("A" if token[-1] != "A" else "B"), now=now) is None


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", ""]])
def test_unknown_or_no_scopes_are_refused_by_name(project, scopes):
    with pytest.raises(ScopeError, match="Choose from ingest, read, respond, admin, backfill"):
        create_key(project=project, name="svc", scopes=scopes)


def test_expired_and_revoked_keys_open_nothing(project, now):
    key, token = create_key(project=project, name="svc", scopes=["read"], expires_at=now)
    assert find_key(token, now=now - timedelta(seconds=1)) == key
    assert find_key(token, now=now) is None
    other, token = create_key(project=project, name="svc", scopes=["read"])
    assert find_key(token, now=now) == other
    revoke_key(other, now=now)
    assert find_key(token, now=now) is None


def test_a_revocation_by_another_process_is_seen_within_five_seconds(
    project, now, monkeypatch, django_assert_num_queries
):
    key, token = create_key(project=project, name="svc", scopes=["read"])
    ticks = [100.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: ticks[0])
    find_key(token, now=now)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=now)
    with django_assert_num_queries(0):
        assert find_key(token, now=now) is not None
    ticks[0] += 5.0
    assert find_key(token, now=now) is None


def test_last_use_is_noted_at_most_once_a_minute(project, now):
    key, token = create_key(project=project, name="svc", scopes=["read"])
    for seconds, noted in ((0, 0), (59, 0), (61, 61)):
        forget_keys()
        find_key(token, now=now + timedelta(seconds=seconds))
        key.refresh_from_db()
        assert key.last_used_at == now + timedelta(seconds=noted)


def test_a_key_reads_its_own_project_and_needs_the_scope(project):
    reader = create_key(project=project, name="svc", scopes=["read"])[1]
    sender = create_key(project=project, name="svc", scopes=["ingest"])[1]
    assert ask(token=reader, query="?project=other").data == {"project": "aurora"}
    refused = ask(token=sender)
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert b"`read`" in refused.content
    assert ask("post", token=reader).status_code == 403
    responder = create_key(project=project, name="svc", scopes=["respond"])[1]
    assert ask("post", token=responder).status_code == 200


def test_without_or_with_a_wrong_key_it_is_401_and_says_how_to_ask(db):
    for token in ("", "at_nothing_x"):
        answer = ask(token=token)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_people_name_the_project_and_need_the_permission(project, ana, bia, caio):
    assert ask(person=bia, query="?project=aurora").data == {"project": "aurora"}
    assert ask(person=bia).status_code == 400
    assert ask(person=bia, query="?project=nowhere").status_code == 404
    assert ask(person=caio, query="?project=aurora").status_code == 403
    assert ask("post", person=bia).status_code == 200
    assert ask("post", person=caio).status_code == 403


def test_create_key_prints_the_key_alone_on_its_last_line(project, now):
    out = StringIO()
    call_command("create_key", project="aurora", scopes="ingest,read", stdout=out, stderr=StringIO())
    key = find_key(out.getvalue().rstrip("\n").rsplit("\n", 1)[-1], now=clock.real_now())
    assert key is not None
    assert (key.project, key.scopes) == (project, ["ingest", "read"])
    with pytest.raises(CommandError, match="Unknown scopes: write"):
        call_command("create_key", project="aurora", scopes="write", stdout=out, stderr=StringIO())
