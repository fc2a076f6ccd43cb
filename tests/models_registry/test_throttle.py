"""Guessing a password: the first attempts are free, then the wait doubles; nobody is locked out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from models_registry.models import LoginAttempts
from models_registry.throttle import FREE, LONGEST_WAIT, forget_attempts, take_attempt

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
HERE, THERE = "203.0.113.7", "198.51.100.9"


def guess(now: datetime, times: int = FREE, name: str = "ana", address: str = HERE) -> list[datetime | None]:
    return [take_attempt(name, address, real_now=now) for _ in range(times)]


def test_the_first_attempts_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour(now):
    assert guess(now) == [None] * FREE
    waits, at = [], now
    for _ in range(8):
        until = take_attempt("ana", HERE, real_now=at)
        waits.append((until - at) / SECOND)
        assert take_attempt("ana", HERE, real_now=until - SECOND) == until
        assert take_attempt("ana", HERE, real_now=until) is None
        at = until
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_refused_attempts_make_the_wait_no_longer(now):
    guess(now)
    assert set(guess(now, times=50)) == {now + 30 * SECOND}


def test_another_name_another_address_and_an_hour_later_begin_anew(now):
    guess(now)
    assert take_attempt("bia", HERE, real_now=now) is None
    assert take_attempt("ana", THERE, real_now=now) is None
    assert take_attempt("ana", HERE, real_now=now) is not None
    later = now + timedelta(hours=1, seconds=1)
    assert guess(later) == [None] * FREE
    assert LoginAttempts.objects.count() == 1


def test_however_many_were_wrong_the_next_attempt_is_at_most_a_quarter_of_an_hour_away(now):
    guess(now)
    LoginAttempts.objects.update(count=1_000_000, free_at=now)
    assert take_attempt("ana", HERE, real_now=now) is None
    assert take_attempt("ana", HERE, real_now=now) == now + LONGEST_WAIT


def test_the_right_password_forgets_the_wrong_ones(now):
    guess(now, times=FREE - 1)
    forget_attempts("ana", HERE)
    assert guess(now) == [None] * FREE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:203.0.113.7", HERE),
        (" 203.0.113.7", HERE),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_addresses_of_one_network_are_one(now, one, other):
    guess(now, address=one)
    assert take_attempt("ANA", other, real_now=now) is not None


def test_networks_are_told_apart(now):
    guess(now, address="2001:db8:1:2::1")
    assert take_attempt("ana", "2001:db8:1:3::1", real_now=now) is None


def test_neither_names_nor_addresses_are_kept(now):
    guess(now, name="my-secret-password", times=1)
    row = LoginAttempts.objects.values().get()
    assert not [value for value in row.values() if "secret" in str(value) or HERE in str(value)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_once_to_many_workers_are_counted_together(now):
    def guess_once(_: int) -> bool:
        try:
            return take_attempt("ana", HERE, real_now=now) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(guess_once, range(40))) == FREE
