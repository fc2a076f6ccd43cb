"""`manage.py up`: the whole panel as one supervised group of processes."""

import os
import signal
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.prepare import prepare, who_may_log_in
from config.supervise.diary import Diary
from config.supervise.gate import closed
from config.supervise.group import Group
from config.supervise.leftovers import AlreadyRunningError, end_leftovers, take_lock
from config.supervise.plans import plan_processes
from config.supervise.tether import die_with_parent


class Command(BaseCommand):
    """Start, watch, stop."""

    requires_system_checks = ()  # `prepare` runs them all, in its own process
    help = "Run broker, web server, worker and scheduler until Ctrl-C; with --demo also the demonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and whether to tell the story."""
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to be reached from other machines.")
        parser.add_argument("--demo", action="store_true", help="Seed the demonstration and stream live traffic.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Lock, clear away, prepare, run."""
        host, port = options["host"], options["port"]
        if options["demo"]:
            _become_demo()
        folder = Path(settings.DATA_DIR).resolve()
        try:
            lock = take_lock(folder / "up.lock")
        except AlreadyRunningError as error:
            message = f"already running as process {error} on the data in {folder}; stop it first (Ctrl-C there)"
            raise CommandError(message) from error
        with lock, _port_of_ours(host, port):
            for name in end_leftovers(folder / "processes.json"):
                self.stdout.write(f"Cleared away: {name} of an earlier start.")
            _insist_on_free_port(host, port)
            url = os.environ.setdefault("ATALAIA_PUBLIC_URL", f"http://{_shown(host)}:{port}")
            plans = plan_processes(host=host, port=port, demo=settings.DEMO)
            group = Group(plans, list_path=folder / "processes.json", tell=Diary().write)
            self.stdout.write("Starting; the first start makes the database.")
            self.stdout.flush()
            login = _prepare(group, folder)
            group.when_ready["web"] = lambda: self._announce(url, login)
            group.run()

    def _announce(self, url: str, login: str) -> None:
        self.stdout.write(f"\n  Atalaia is up: {url}\n  {login}\n  Ctrl-C stops everything.\n\n")
        self.stdout.flush()


def _prepare(group: Group, folder: Path) -> str:
    """Make tables and people while the web server loads. Who may log in, in words.

    In a process of its own: what migrating imports would stay in the supervisor's memory.
    """
    apart = ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=die_with_parent, initargs=(os.getpid(),))
    with closed(folder), apart:
        web = group.start_early("web")
        try:
            return who_may_log_in(apart.submit(prepare, demo=settings.DEMO).result())
        except BaseException as error:
            web.end_group(signal.SIGKILL)  # it has answered nobody yet
            if isinstance(error, KeyboardInterrupt):
                sys.exit(130)
            raise


def _port_of_ours(host: str, port: int) -> IO[str]:
    """Hold this port among panels: granian shares a port with whoever else listens, so two would answer by turns."""
    try:
        return take_lock(Path(gettempdir()) / f"atalaia-{os.getuid()}-{port}.lock")
    except AlreadyRunningError as error:
        message = f"cannot listen on {host}:{port} (process {error} is another panel on it); choose another with --port"
        raise CommandError(message) from error


def _become_demo() -> None:
    """For the children, and for this process, which has read its settings already."""
    os.environ["ATALAIA_DEMO"] = "True"
    settings.DEMO = True


def _shown(host: str) -> str:
    return "localhost" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound


def _insist_on_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
            raise CommandError(message) from error
