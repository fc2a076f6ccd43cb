"""Many writers, one commit at a time; nobody hears 202 before it."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import IntegrityError, connection

from models_registry.models import Project
from monitoring.ingest.store import Body, Committer
from monitoring.models import InboxBody

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys, threading
import django
django.setup()
from django.db import connection
from django.test import Client
from models_registry.keys import create_key
from models_registry.models import Project

project, _ = Project.objects.get_or_create(slug="aurora", defaults={"name": "Aurora"})
token = create_key(project=project, name="writer", scopes=["ingest"])[1]
answers = []
loaded = Client()
loaded.get("/health/live")

def send():
    client = Client()
    client.handler = loaded.handler
    for _ in range(25):
        response = client.post("/api/v1/logs", data=b'[{"message": "m"}]', content_type="application/json",
                                 headers={"Authorization": "Bearer " + token})
        answers.append(response.status_code)
    connection.close()

threads = [threading.Thread(target=send) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(answers.count(202), len(answers))
"""


def _body(project_id: int, items: bytes = b"[]") -> Body:
    return Body(project_id, "log", 1, items, 1, 0, {})


def test_two_processes_of_four_threads_on_one_sqlite_file_are_all_accepted(tmp_path):
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'a.sqlite3'}",
        "ATALAIA_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "PATH": "",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [writer.communicate(timeout=120)[0].strip() for writer in writers] == ["100 100"] * 2


@pytest.mark.django_db(transaction=True)
def test_those_who_wait_share_one_commit(project):
    """While the first write is held up, three more arrive; they then go in one statement."""
    committer, held, entered = Committer(), Event(), Event()
    insert, sizes = committer._insert, []

    def slow(bodies: list[Body]) -> None:
        sizes.append(len(bodies))
        entered.set()
        held.wait(10)
        insert(bodies)

    def send() -> None:
        committer.commit(_body(project.pk))
        connection.close()

    committer._insert = slow  # type: ignore[method-assign] - to hold the first commit up
    first = Thread(target=send)
    first.start()
    assert entered.wait(10)
    rest = [Thread(target=send) for _ in range(3)]
    for thread in rest:
        thread.start()
    while len(committer.waiting) < 3:
        pass
    assert not InboxBody.objects.exists()
    held.set()
    for thread in [first, *rest]:
        thread.join(10)
    assert sizes == [1, 3]
    assert InboxBody.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_row_that_cannot_be_stored_does_not_cost_those_who_share_its_commit(project: Project):
    committer = Committer()
    good, bad = _body(project.pk), Body(None, "log", 1, b"[]", 1, 0, {})  # type: ignore[arg-type] - what no project has
    tickets = [committer.ticket(body) for body in (good, bad, good)]
    committer.flush()
    assert [ticket.error is None for ticket in tickets] == [True, False, True]
    assert isinstance(tickets[1].error, IntegrityError)
    assert InboxBody.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_on_postgresql_the_insert_is_parsed_once_and_nothing_unasked_is_prepared(project: Project):
    """Looked up in the server: a driver that is told never to prepare keeps silent about it."""
    connection.close()
    committer = Committer()
    for _ in range(7):
        committer.commit(_body(project.pk))
        Project.objects.get(pk=project.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        prepared = cursor.fetchall()
    assert [(statement.split(" (")[0], runs) for statement, runs in prepared] == [
        ("INSERT INTO monitoring_inboxbody", 7)
    ]
