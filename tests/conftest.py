"""The shared cast as fixtures; whoever needs more adds it in the conftest of their room."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import translation

from lib import clock
from models_registry.clock import set_clock
from models_registry.models import Model, Project, User
from models_registry.roles import EDITOR, RESPONDER
from monitoring.ingest import backpressure
from monitoring.models.log_text import create_index
from monitoring.policies import decide
from tests import cast
from tests.alertmanager import INSTALL
from tests.receiver import Receiver, receiver

MISSING = pytest.StashKey[str]()
LONGEST = "test_queries.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-postgres", action="store_true", help="fail unless the tests run on PostgreSQL")
    parser.addoption("--require-programs", action="store_true", help="fail where Prometheus's programs are missing")


def pytest_configure() -> None:
    """Pages name static files plainly: nothing was collected. `tests/config/test_static.py` collects, and so does a panel.

    Passwords are hashed in no time, as Django advises for tests: a quarter of a second each is what makes hashes of a panel safe.
    """
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for tests that wait for another process."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite the tests of PostgreSQL's own paths are left out; `make test` runs the suite on both.

    Where PostgreSQL is required, it is what is tried: what asks no database, or is marked `once`, was tried on SQLite.
    The test that takes longest begins first, so that no worker is left alone with it.
    """
    items.sort(key=lambda item: item.path.name != LONGEST)
    if config.getoption("--require-postgres"):
        if connection.vendor != "postgresql":
            pytest.exit(f"these tests must run on PostgreSQL, but DATABASE_URL leads to {connection.vendor}", 1)
        leave_out(config, items, [item for item in items if marked(item, "once") or not may_ask_a_database(item)])
    leave_out(config, items, [] if connection.vendor == "postgresql" else [i for i in items if marked(i, "postgres")])
    if not config.getoption("--require-programs"):
        missing = {item: absent for item in items if (absent := missing_programs(item))}
        names = sorted({name for absent in missing.values() for name in absent})
        config.stash[MISSING] = f"{len(missing)} tests that are held against {', '.join(names)}" if missing else ""
        leave_out(config, items, list(missing))


def leave_out(config: pytest.Config, items: list[pytest.Item], unwanted: list[pytest.Item]) -> None:
    gone = set(unwanted)
    config.hook.pytest_deselected(items=unwanted)
    items[:] = [item for item in items if item not in gone]


def marked(item: pytest.Item, name: str) -> bool:
    return item.get_closest_marker(name) is not None


def may_ask_a_database(item: pytest.Item) -> bool:
    """Slow tests start processes that may do so without saying it."""
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return marked(item, "slow") or marked(item, "django_db") or bool(fixtures)


def missing_programs(item: pytest.Item) -> list[str]:
    """What a test is held against and this machine does not have."""
    return [name for mark in item.iter_markers("programs") for name in mark.args if not shutil.which(name)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = terminalreporter.stats.get("passed", [])
    for report in passed:
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid.split('::')[-1]} · {name}: {value}")
    terminalreporter.write_line(f"{len(passed)} tests passed on {connection.vendor}")
    if missing := terminalreporter.config.stash.get(MISSING, ""):
        terminalreporter.write_line(f"NOT RUN: {missing}; {INSTALL}", yellow=True, bold=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of several tells the one who writes the summary."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["missing"] = session.config.stash.get(MISSING, "")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[MISSING] = getattr(node, "workeroutput", {}).get("missing", "")


# A busy machine is not a failure: properties are judged by their answers, never by their speed. What is true of a hundred
# examples on SQLite is tried with fewer on PostgreSQL: there it is the statements that differ, not the arithmetic.
hypothesis.settings.register_profile("sqlite", deadline=None)
hypothesis.settings.register_profile("postgresql", deadline=None, max_examples=40)
hypothesis.settings.load_profile(connection.vendor)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """With `--no-migrations` the index of the words of log lines is missing, which no model declares."""
    with django_db_blocker.unblock():
        create_index(connection)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """The clock row and the inbox's size are cached for a moment; one test's must not show in the next."""
    clock.forget()
    backpressure.forget()
    decide.forget()
    yield
    clock.forget()
    translation.deactivate()  # a request in another language leaves it on in its thread


class Told(psycopg.Cursor[Any]):
    """A cursor of psycopg that tells Django what it executes, so that a test counts such statements like all others."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> "Told":
        if connection.queries_logged:
            sql = query.decode() if isinstance(query, bytes) else str(query)
            connection.queries_log.append({"sql": sql, "time": "0"})
        return super().execute(query, *args, **kwargs)


@pytest.fixture(autouse=True)
def _statements_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that go past Django's cursor (`monitoring.storage.postgres`)."""
    monkeypatch.setattr(psycopg, "Cursor", Told)


@pytest.fixture
def now() -> datetime:
    return cast.NOW


@pytest.fixture
def stopped_clock(db: None, now: datetime) -> datetime:
    """Edges that ask the clock see `now`, until the test moves it with `set_clock`."""
    set_clock(story=now, rate=0, real=clock.real_now())
    return now


@pytest.fixture
def project(db: None) -> Project:
    return cast.make_project()


@pytest.fixture
def other_project(db: None) -> Project:
    return cast.make_project("boreal", "Boreal")


@pytest.fixture
def credit_risk(project: Project) -> Model:
    return cast.make_credit_risk(project)


@pytest.fixture
def support_assistant(project: Project) -> Model:
    return cast.make_support_assistant(project)


@pytest.fixture
def ana(db: None) -> User:
    """Editor: defines and responds."""
    return cast.make_person("ana", EDITOR)


@pytest.fixture
def bia(db: None) -> User:
    """Responder: acts on incidents, defines nothing."""
    return cast.make_person("bia", RESPONDER)


@pytest.fixture
def caio(db: None) -> User:
    """In no group: may log in and see nothing."""
    return cast.make_person("caio")


@pytest.fixture
def admin(db: None) -> User:
    """The administrator."""
    person = cast.make_person("root")
    person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def hook(settings: Any) -> Iterator[Receiver]:
    """A receiver of this machine, which messages may be sent to."""
    settings.OUTGOING_ALLOW_PRIVATE = True
    with receiver() as running:
        yield running


def _logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def as_ana(ana: User) -> Client:
    return _logged_in(ana)


@pytest.fixture
def as_bia(bia: User) -> Client:
    return _logged_in(bia)


@pytest.fixture
def as_caio(caio: User) -> Client:
    return _logged_in(caio)


@pytest.fixture
def as_admin(admin: User) -> Client:
    return _logged_in(admin)
