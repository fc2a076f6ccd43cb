"""Senders killed at random through 1,000 messages: none lost, and at most one of them twice per kill, with the same id."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from alerting.models import Notification
from alerting.notify.enqueue import enqueue
from tests.alerting.notify_cast import database_for_many, make_channel, make_incident
from tests.alerting.test_notify_delivery import _environment as environment
from tests.cast import make_credit_risk, make_project
from tests.receiver import Received, receiver, reply

INCIDENTS = 500
KILLS = 16
PATIENCE_S = 480
# Shorter leases than in earnest: what a dead sender held is taken up soon. Not so short that a busy machine outlasts them.
SENDER = """
import django
django.setup()
import time
from datetime import datetime, timedelta
from django.conf import settings
from alerting.notify import deliver
from alerting.notify.send import send
settings.OUTGOING_ALLOW_PRIVATE = True
deliver.LEASE = timedelta(seconds=15)
while True:
    if not send(now=datetime.fromisoformat("{now}")).seen:
        time.sleep(0.05)
"""


class Senders:
    """Some processes that send, of which one at random is killed now and then and replaced."""

    def __init__(self, count: int, command: list[str], env: dict[str, str], seed: int) -> None:
        self.command, self.env, self.chance = command, env, random.Random(seed)
        self.lock = threading.Lock()
        self.killed = 0
        self.alive = [self._start() for _ in range(count)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def kill_one(self) -> None:
        with self.lock:
            place = self.chance.randrange(len(self.alive))
            self.alive[place].kill()
            self.alive[place].wait()
            self.alive[place].stderr.close()
            self.killed += 1
            self.alive[place] = self._start()

    def end(self) -> list[str]:
        """What those said that died without being killed."""
        died = []
        for process in self.alive:
            dead = process.poll() is not None
            process.kill()
            process.wait()
            died += [process.stderr.read().decode()[-2_000:]] if dead else []
            process.stderr.close()
        return died


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [2, 4])
def test_senders_killed_at_random_lose_nothing(count, now, settings, tmp_path: Path):
    settings.INCIDENT_LINKS = []
    with database_for_many(tmp_path), receiver() as left, receiver() as right:
        uids = _fill([left.url(), right.url()], now)
        command = [sys.executable, "-c", SENDER.format(now=now.isoformat())]
        senders = Senders(count, command, environment(tmp_path), seed=count)
        chance = random.Random(20260310 + count)
        fatal = set(chance.sample(range(20, INCIDENTS * 2 - 20), KILLS))
        arrivals = Counter[str]()

        def answer(handler) -> None:
            """Some messages kill a sender, perhaps their own, between their arrival and the answer."""
            with senders.lock:
                arrivals["all"] += 1
                deadly = arrivals["all"] in fatal
            if deadly:
                senders.kill_one()
            reply(handler, 204)

        left.answer = right.answer = answer
        try:
            _until_all_are_sent()
        finally:
            died = senders.end()
        received = [left.received, right.received]
    assert senders.killed == KILLS
    assert died == []
    assert {got.headers["webhook-id"] for each in received for got in each} == uids, "none lost"
    for each in received:
        assert _again(each) <= KILLS, "at most one per kill"
        assert len(_kept_by_id(each)) == INCIDENTS, "none twice where ids are honoured"


def _fill(urls: list[str], now) -> set[str]:
    model = make_credit_risk(make_project())
    for place, url in enumerate(urls):
        make_channel(model.project, "webhook", name=f"receiver {place}", target=url)
    for number in range(1, INCIDENTS + 1):
        enqueue(make_incident(model, now, number=number), reason="opened", now=now)
    uids = {str(uid) for uid in Notification.objects.values_list("uid", flat=True)}
    assert len(uids) == INCIDENTS * len(urls)
    return uids


def _until_all_are_sent() -> None:
    until = time.monotonic() + PATIENCE_S
    while Notification.objects.exclude(state="sent").exists():
        assert time.monotonic() < until, Counter(Notification.objects.values_list("state", "last_error"))
        connection.close()
        time.sleep(0.2)


def _again(received: list[Received]) -> int:
    return len(received) - len({got.headers["webhook-id"] for got in received})


def _kept_by_id(received: list[Received]) -> dict[str, bytes]:
    """What a receiver that honours ids has: the first copy of each, which every other copy equals."""
    kept: dict[str, bytes] = {}
    for got in received:
        assert kept.setdefault(got.headers["webhook-id"], got.body) == got.body
    return kept
