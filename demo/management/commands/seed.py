"""`manage.py seed`: the demonstration's story, 30 days deep, through the public API of the running panel."""

import time
from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from demo.play import INGEST_SCOPES, ensure_token
from demo.progress import Progress
from demo.seed import begin, done_share, seed_story
from demo.sender import HttpSender, NotAccepted
from lib.clock import REREAD_SECONDS, real_now
from models_registry.clock import release_clock


class Command(BaseCommand):
    """Tell the past, then let go of the clock."""

    help = (
        "Seed the demonstration: 30 days of story, posted to the running panel. Goes on where an earlier run stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which story, to which panel."""
        parser.add_argument("--seed", type=int, default=7, help="Same seed, same story.")
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="The running panel.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Begin or go on, showing progress and time left."""
        began = time.monotonic()
        play = begin(seed=options["seed"], real_now=real_now())
        if play.seeded:
            release_clock()
            self._say(_("The demonstration is there already."))
            return
        token = ensure_token(play.project, INGEST_SCOPES, real_now=real_now())
        time.sleep(REREAD_SECONDS)  # until every process of the panel has seen the clock stand still
        progress = Progress(self._say, done=done_share(play, real_now=real_now()))
        try:
            seed_story(play, HttpSender(options["url"], token), until=real_now, tell=progress.show)
        except NotAccepted as error:
            message = f"{error}. Is the panel running at {options['url']}? Run the command again: it goes on from here."
            raise CommandError(message) from error
        release_clock()
        seconds = round(time.monotonic() - began)
        self._say(_("The story is told up to now, in %(seconds)s s.") % {"seconds": seconds})

    def _say(self, line: str) -> None:
        self.stdout.write(f"{real_now().astimezone(UTC):%H:%M:%S} seed · {line}")
        self.stdout.flush()
