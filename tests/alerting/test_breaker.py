"""A channel that fails is left alone for a while, is probed without end, and harms nobody else."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.models import Channel, Notification
from alerting.notify.breaker import OPENS_AFTER, may_try, pause_after
from alerting.notify.enqueue import enqueue
from alerting.notify.requeue import requeue
from alerting.notify.send import send
from alerting.notify.test import send_test
from tests.alerting.notify_cast import HandClock, make_channel, make_incident
from tests.receiver import receiver, reply

MESSAGES = 12


@pytest.fixture
def hook(settings):
    settings.OUTGOING_ALLOW_PRIVATE = True
    settings.INCIDENT_LINKS = []
    with receiver() as running:
        running.answer = lambda handler: reply(handler, 503)
        yield running


@pytest.fixture
def channel(credit_risk, now, hook) -> Channel:
    """A webhook with messages of many incidents waiting."""
    made = make_channel(credit_risk.project, "webhook", target=hook.url())
    for number in range(1, MESSAGES + 1):
        enqueue(make_incident(credit_risk, now, number=number), reason="opened", now=now)
    return made


def test_after_five_failures_one_message_at_a_time_tries_and_then_all_follow(channel, hook, now):
    clock = HandClock()
    while channel.failures < OPENS_AFTER:
        send(now=now, clock=clock)
        channel.refresh_from_db()
    assert len(hook.received) == OPENS_AFTER
    assert channel.paused_until > clock.at
    assert send(now=now, clock=clock).seen == 0, "open: nothing leaves"
    for _ in range(30):
        clock.at = channel.paused_until
        assert send(now=now, clock=clock).seen == 1, "half open: one probe"
        channel.refresh_from_db()
    assert Notification.objects.filter(state="queued").count() == MESSAGES, "nothing is lost by waiting"
    hook.answer = lambda handler: reply(handler, 204)
    clock.at = channel.paused_until
    send(now=now, clock=clock)
    channel.refresh_from_db()
    assert (channel.failures, channel.paused_until) == (0, None)
    clock.forward(minutes=6)
    send(now=now, clock=clock)
    assert Notification.objects.filter(state="sent").count() == MESSAGES


def test_of_many_senders_one_gets_the_probe(channel, now):
    clock = HandClock()
    Channel.objects.update(failures=OPENS_AFTER, paused_until=clock.at)
    channel.refresh_from_db()
    assert [may_try(channel, real=clock.at) for _ in range(4)] == [True, False, False, False]


def test_a_person_who_mended_it_need_not_wait_for_the_probe(channel, hook, ana, now):
    clock = HandClock()
    Channel.objects.update(failures=50)
    channel.refresh_from_db()
    send(now=now, clock=clock)
    hook.answer = lambda handler: reply(handler, 204)
    assert send_test(channel, by=ana, now=now, clock=clock).state == "sent"
    assert send(now=now, clock=clock).written == MESSAGES - 1, "the one that failed has a pause of its own"
    Notification.objects.filter(state="queued").update(state="dead")
    Channel.objects.update(failures=50, paused_until=clock.at.replace(year=2100))
    assert requeue(Notification.objects.filter(state="dead"), by=ana, now=now, clock=clock) == 1
    assert send(now=now, clock=clock).written == 1


@given(failures=st.integers(0, 10_000), wish=st.none() | st.floats(0, 1e9))
def test_a_pause_never_outlasts_five_minutes_or_the_receivers_wish(failures, wish):
    pause = pause_after(failures, wish)
    assert (pause or timedelta()) <= timedelta(seconds=max(360, min(wish or 0, 4 * 3_600)))
    assert (pause and pause >= timedelta(seconds=24)) or failures < OPENS_AFTER


def test_twenty_channels_that_hang_do_not_hold_up_the_one_that_works(credit_risk, hook, now):
    """Whoever failed before may take half of the slots; the healthy one is told while all of them hang."""
    released = threading.Event()
    hook.answer = lambda handler: (released.wait(8), reply(handler, 503))
    for number in range(20):
        make_channel(credit_risk.project, "webhook", name=f"hangs {number}", target=hook.url(), failures=1)
    with receiver() as healthy:
        healthy.answer = lambda handler: (released.set() if len(healthy.received) == 3 else None, reply(handler, 204))
        make_channel(credit_risk.project, "webhook", name="works", target=healthy.url())
        for number in range(3):
            enqueue(make_incident(credit_risk, now, number=number), reason="opened", now=now)
        send(now=now, clock=HandClock())
        assert len(healthy.received) == 3
    assert released.is_set()
