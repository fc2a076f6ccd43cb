"""`manage.py stream`: live traffic of the demonstration, until Ctrl-C; `--pause` and `--resume` from anywhere."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from demo.models import Play
from demo.play import INGEST_SCOPES, data_folder, ensure_token, story_of
from demo.sender import HttpSender, NotAccepted
from demo.stream import Streamer
from lib.clock import now, real_now

BEAT = 2.0  # real seconds between looks
PATIENCE = 20.0
PROJECT = "demo"


class Command(BaseCommand):
    """Look, post, wait."""

    help = "Stream the demonstration's live traffic to the running panel."
    requires_system_checks = ()  # they would load every page of the panel into this small process

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Everything waits on one event, so that a stop is never late."""
        super().__init__(*args, **kwargs)
        self._stop = threading.Event()

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and the switch of a running stream."""
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="The running panel.")
        switch = parser.add_mutually_exclusive_group()
        switch.add_argument("--pause", action="store_true", help="Let the running stream rest, then return.")
        switch.add_argument("--resume", action="store_true", help="Let it go on, then return.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Flip the switch, or stream."""
        flag = data_folder() / "paused"
        if options["pause"]:
            flag.touch()
            return
        if options["resume"]:
            flag.unlink(missing_ok=True)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        play = self._seeded_play()
        if play is not None:
            self._stream(play, options["url"], flag)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _seeded_play(self) -> Play | None:
        """The play, once its past has been told; None when stopped before."""
        told = False
        while not self._stop.is_set():
            play = Play.objects.filter(project__slug=PROJECT, seeded=True).select_related("project").first()
            if play is not None:
                return play
            if not told:
                self._say(_("Waiting for the demonstration to be seeded (manage.py seed)."))
                told = True
            self._stop.wait(BEAT)
        return None

    def _stream(self, play: Play, url: str, flag: Path) -> None:
        """Until stopped; an unreachable panel is waited for, a paused stream rests."""
        token = ensure_token(play.project, INGEST_SCOPES, real_now=real_now())
        sender = HttpSender(url, token, patience=PATIENCE, pause=self._stop.wait)
        streamer = Streamer(play, story_of(play), sender)
        while not self._stop.is_set():
            try:
                if not flag.exists():
                    streamer.catch_up(now=now(), keep_going=lambda: not self._stop.is_set())
            except NotAccepted as error:
                self._say(str(error))
            self._stop.wait(BEAT)
        streamer.remember()
        sender.close()

    def _say(self, line: str) -> None:
        self.stdout.write(f"stream · {line}")
        self.stdout.flush()
