"""The supervisor's rows about its children: a busy database is tried again, and talked about only when it stays busy."""

import sys
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from structlog.testing import capture_logs

from config.supervise.child import Child, Plan
from config.supervise.diary import TELL_AFTER, Diary
from lib.clock import real_now
from monitoring.models import ProcessState

CHILDREN = [Child(Plan("web", [sys.executable])), Child(Plan("worker", [sys.executable]))]


def refuse(*_: Any) -> NoReturn:
    raise OperationalError("database is locked")


@pytest.mark.django_db(transaction=True)
def test_children_have_a_row_each_and_those_of_an_earlier_shape_none():
    ProcessState.objects.create(name="ticker", state=ProcessState.State.RUNNING, seen_at=real_now())
    assert Diary().write(CHILDREN)
    assert set(ProcessState.objects.values_list("name", "state")) == {("web", "waiting"), ("worker", "waiting")}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_busy_is_told_once_it_is_news():
    diary = Diary()
    with capture_logs() as logs:
        with connection.execute_wrapper(refuse):
            assert not any(diary.write(CHILDREN) for _ in range(TELL_AFTER - 1))
            assert logs == []
            assert not diary.write(CHILDREN)
        assert [(line["event"], line["tries"]) for line in logs] == [("process_states_not_written", TELL_AFTER)]
        assert diary.write(CHILDREN)
        with connection.execute_wrapper(refuse):
            assert not diary.write(CHILDREN)
    assert len(logs) == 1
    assert ProcessState.objects.count() == 2
