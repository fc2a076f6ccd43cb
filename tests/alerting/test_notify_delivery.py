"""At least once, nearly never twice: leases, crashes, retries, and one slow receiver among healthy ones."""

import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from hypothesis import given
from hypothesis import strategies as st

from alerting.models import Channel, IncidentEvent, Notification
from alerting.notify import deliver
from alerting.notify.deliver import LEASE, retry_delay
from alerting.notify.enqueue import enqueue
from alerting.notify.send import send
from lib.clock import real_now
from tests.alerting.notify_cast import HandClock, database_for_many, make_channel, make_incident, verified
from tests.cast import make_credit_risk, make_project
from tests.receiver import receiver, reply


@pytest.fixture
def hook(settings):
    settings.OUTGOING_ALLOW_PRIVATE = True
    settings.INCIDENT_LINKS = []
    with receiver() as running:
        yield running


def outbox(hook, now: datetime, *, messages: int = 1) -> Channel:
    """A webhook with this many messages waiting, each of an incident of its own."""
    model = make_credit_risk(make_project())
    channel = make_channel(model.project, "webhook", target=hook.url())
    for number in range(1, messages + 1):
        enqueue(make_incident(model, now, number=number), reason="opened", now=now)
    return channel


@pytest.mark.django_db
def test_failures_are_tried_again_for_a_day_until_given_up(hook, now):
    hook.answer = lambda handler: reply(handler, 500)
    channel = outbox(hook, now)
    clock, waits = HandClock(), []
    began = clock.at
    while (row := Notification.objects.get()).state != "dead":
        channel.refresh_from_db()
        wake = max(row.not_before, channel.paused_until or row.not_before, clock.at)
        clock.at = wake - timedelta(milliseconds=1)
        assert not waits or send(now=now, clock=clock).seen == 0, "not before its time"
        clock.at = wake
        assert send(now=now, clock=clock).seen == 1
        waits.append((wake - began).total_seconds())
    channel.refresh_from_db()
    assert channel.failures == row.attempts == len(waits)
    assert "500" in channel.last_error
    gaps = [later - earlier for earlier, later in pairwise(waits)]
    assert gaps[0] < 10 < 60 < gaps[2] < gaps[3]
    assert max(gaps) <= 360, "it never stops looking whether the receiver is back"
    assert timedelta(hours=24) <= clock.at - began < timedelta(hours=24, minutes=6)
    assert {got.headers["webhook-id"] for got in hook.received} == {str(row.uid)}
    event = IncidentEvent.objects.get()
    assert (event.kind, event.data["code"]) == ("suppressed", "gave_up")
    clock.forward(days=30)
    assert send(now=now, clock=clock).seen == 0


@pytest.mark.django_db
def test_success_clears_the_failures_of_the_channel(hook, now):
    hook.answer = lambda handler: reply(handler, 503)
    channel = outbox(hook, now)
    clock = HandClock()
    send(now=now, clock=clock)
    hook.answer = lambda handler: reply(handler, 204)
    clock.forward(minutes=1)
    send(now=now, clock=clock)
    channel.refresh_from_db()
    assert (channel.failures, channel.last_error, channel.last_ok_at) == (0, "", now)


@pytest.mark.django_db
def test_a_receiver_may_ask_for_a_longer_pause(hook, now):
    hook.answer = lambda handler: reply(handler, 429, Retry_After="600")
    channel = outbox(hook, now, messages=2)
    clock = HandClock()
    send(now=now, clock=clock)
    assert Notification.objects.order_by("id")[0].not_before == clock.at + timedelta(seconds=600)
    channel.refresh_from_db()
    assert channel.paused_until == clock.at + timedelta(seconds=600), "its other messages wait too"
    clock.forward(seconds=599)
    assert send(now=now, clock=clock).seen == 0
    hook.answer = lambda handler: reply(handler, 204)
    clock.forward(seconds=1)
    assert send(now=now, clock=clock).written == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("date", "after", "seconds"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:30:00 GMT", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:00:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "tomorrow", None),
    ],
)
def test_a_pause_given_as_a_date_is_read_by_the_clock_of_the_receiver(hook, now, date, after, seconds):
    def answer(handler) -> None:
        handler.date_time_string = lambda *_: date
        reply(handler, 503, Retry_After=after)

    hook.answer = answer
    channel = outbox(hook, now)
    clock = HandClock()
    send(now=now, clock=clock)
    channel.refresh_from_db()
    assert channel.paused_until == (clock.at + timedelta(seconds=seconds) if seconds else None)


@given(attempts=st.integers(1, 10_000), asked=st.none() | st.floats(0, 1e12))
def test_a_pause_is_never_zero_and_never_longer_than_four_hours(attempts, asked):
    assert timedelta(seconds=4) <= retry_delay(attempts, asked) <= timedelta(hours=4)


@pytest.mark.django_db
def test_a_channel_that_breaks_in_an_unforeseen_way_is_a_failure_and_not_an_end(hook, now):
    channel = outbox(hook, now)
    Channel.objects.filter(pk=channel.pk).update(kind="carrier-pigeon")
    send(now=now, clock=HandClock())
    row = Notification.objects.get()
    assert (row.state, row.attempts) == ("queued", 1)
    assert "ModuleNotFoundError" in row.last_error


@pytest.mark.django_db
def test_who_lost_the_lease_marks_nothing(hook, now):
    outbox(hook, now)
    [pk] = Notification.objects.values_list("pk", flat=True)
    real = HandClock().at
    slow = deliver.claim(pk, now=now, real=real)
    assert deliver.claim(pk, now=now, real=real + LEASE - timedelta(seconds=1)) is None
    fast = deliver.claim(pk, now=now, real=real + LEASE)
    assert deliver.mark_sent(slow, now=now) is False
    assert deliver.mark_sent(fast, now=now) is True
    assert deliver.mark_sent(fast, now=now) is False
    assert IncidentEvent.objects.count() == 1


@pytest.mark.django_db
def test_one_slow_receiver_does_not_hold_up_the_others(hook, now):
    released = threading.Event()
    told_in_time: list[bool] = []
    slow_channel = outbox(hook, now)
    hook.answer = lambda handler: (told_in_time.append(released.wait(8)), reply(handler, 204))
    with receiver() as healthy:
        others = [
            make_channel(slow_channel.project, "webhook", name=f"healthy {index}", target=healthy.url())
            for index in range(12)
        ]
        incident = make_incident(slow_channel.project.models.get(), now, number=99)
        enqueue(incident, reason="opened", now=now)

        def all_others_were_told(_handler) -> None:
            if len(healthy.received) >= len(others):
                released.set()
            reply(_handler, 204)

        healthy.answer = all_others_were_told
        assert send(now=now, clock=HandClock()).written == len(others) + 2
    assert told_in_time == [True, True], "the slow one was only let go after all others were told"


@pytest.mark.django_db(transaction=True)
def test_concurrent_senders_never_send_twice(hook, now, tmp_path: Path):
    with database_for_many(tmp_path):
        outbox(hook, now, messages=24)
        start = threading.Barrier(4)
        written: list[int] = []

        def one_sender() -> None:
            try:
                start.wait()
                written.extend(send(now=now).written for _ in range(4))
            finally:
                connections.close_all()

        senders = [threading.Thread(target=one_sender) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert Notification.objects.filter(state="sent").count() == 24
    ids = [got.headers["webhook-id"] for got in hook.received]
    assert len(ids) == len(set(ids)) == sum(written) == 24


SENDER = """
import django
django.setup()
from django.conf import settings
from datetime import datetime
from alerting.notify.send import send
settings.OUTGOING_ALLOW_PRIVATE = True
send(now=datetime.fromisoformat("{now}"))
"""


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_between_sending_and_marking_is_made_up_for_with_the_same_id(hook, now, tmp_path: Path):
    with database_for_many(tmp_path):
        outbox(hook, now)
        victims: list[subprocess.Popen] = []
        ready = threading.Event()

        def kill_the_sender(_handler) -> None:
            ready.wait(10)
            victims[0].send_signal(signal.SIGKILL)
            victims[0].wait()

        hook.answer = kill_the_sender
        victims.append(
            subprocess.Popen([sys.executable, "-c", SENDER.format(now=now.isoformat())], env=_environment(tmp_path))
        )
        ready.set()
        assert victims[0].wait(60) == -signal.SIGKILL
        assert Notification.objects.get().state == "sending", "sent, but nobody could mark it"
        hook.answer = lambda handler: reply(handler, 204)
        assert send(now=now).seen == 0, "the dead sender's lease still runs"
        assert send(now=now, clock=lambda: real_now() + LEASE).written == 1
        assert Notification.objects.get().state == "sent"
    first, second = hook.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert verified(first) == verified(second)


def _environment(folder: Path) -> dict[str, str]:
    """The database of this test, for another process."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        login = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        url = f"postgresql://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(django_settings.BASE_DIR),
        "ATALAIA_DATA_DIR": str(folder),
        "ATALAIA_CHANNEL_KEY": django_settings.CHANNEL_KEY,
        "ATALAIA_SECRET_KEY": django_settings.SECRET_KEY,
    }
