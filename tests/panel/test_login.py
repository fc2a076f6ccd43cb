"""The door: who knows the password comes in, who guesses is told when to try again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from lib import clock
from models_registry.models import LoginAttempts, User
from models_registry.throttle import FREE

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # 12:00 in São Paulo
RIGHT = "correct horse"


@pytest.fixture
def ana(ana: User) -> User:
    ana.set_password(RIGHT)
    ana.save()
    return ana


@pytest.fixture
def stand_at(monkeypatch: pytest.MonkeyPatch):
    def stand(at: datetime) -> None:
        monkeypatch.setattr(clock, "real_now", lambda: at)

    stand(NOON)
    return stand


def knock(client: Client, password: str = "guess", name: str = "ana", **headers: str) -> HttpResponse:
    return client.post("/login/", {"username": name, "password": password}, **headers)


def test_the_door_shuts_after_five_guesses_says_until_when_and_opens_again(client: Client, ana: User, stand_at) -> None:
    assert [knock(client).status_code for _ in range(FREE)] == [200] * FREE
    shut = knock(client, RIGHT)
    assert (shut.status_code, shut.headers["Retry-After"]) == (429, "30")
    page = shut.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "Too many attempts to log in as this user. Try again in 30 s, at 12:00:30." in page
    assert 'role="alert"' in page
    stand_at(NOON + timedelta(seconds=30))
    assert knock(client, RIGHT).status_code == 302
    assert not LoginAttempts.objects.exists()


def test_it_says_so_in_portuguese(client: Client, ana: User, stand_at) -> None:
    client.cookies["django_language"] = "pt-br"
    for _ in range(FREE + 1):
        page = knock(client).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "Muitas tentativas de entrar como este usuário. Tente de novo em 30 s, às 12:00:30." in page


def test_whoever_mistypes_now_and_then_never_waits(client: Client, ana: User, stand_at) -> None:
    for _ in range(3):
        for _ in range(FREE - 1):
            knock(client)
        assert knock(client, RIGHT).status_code == 302
        client.logout()


def test_a_stranger_elsewhere_shuts_nobody_out(client: Client, ana: User, stand_at) -> None:
    for _ in range(FREE + 1):
        shut = knock(client, REMOTE_ADDR="198.51.100.9")
    assert shut.status_code == 429
    assert knock(client, RIGHT, REMOTE_ADDR="203.0.113.7").status_code == 302


def test_behind_a_proxy_it_is_the_address_that_the_proxy_saw(client: Client, ana: User, stand_at, settings) -> None:
    def guess(forwarded: str) -> int:
        return knock(client, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded).status_code

    settings.BEHIND_TLS = True
    for number in range(FREE):
        guess(f"10.0.0.{number}, 198.51.100.9")
    assert guess("10.9.9.9, 198.51.100.9") == 429
    assert guess("198.51.100.9, 203.0.113.7") == 200
    settings.BEHIND_TLS = False
    for _ in range(FREE):
        guess("192.0.2.1")
    assert guess("192.0.2.2") == 429  # without a proxy anybody could write the header


def test_names_that_nobody_has_are_slowed_down_alike(client: Client, ana: User, stand_at) -> None:
    answers = [[knock(client, name=name).status_code for _ in range(FREE + 1)] for name in ("ana", "nobody")]
    assert answers[0] == answers[1]


def test_an_empty_form_is_no_attempt(client: Client, ana: User, stand_at) -> None:
    for _ in range(FREE + 1):
        assert knock(client, password="").status_code == 200
    assert knock(client, RIGHT).status_code == 302


def test_an_empty_password_opens_no_door_that_is_shut(client: Client, ana: User, stand_at) -> None:
    for _ in range(FREE + 1):
        knock(client)
    assert knock(client, password="").status_code == 200
    assert knock(client, RIGHT).status_code == 429
