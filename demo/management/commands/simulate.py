"""`manage.py simulate SCENARIO --seed N --speed X`: one scenario, from a quiet past to the present, before your eyes."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from demo.play import INGEST_SCOPES, ensure_token
from demo.scenarios import SCENARIOS
from demo.sender import HttpSender, NotAccepted, Sender
from demo.simulate import Simulation, advance, busy_key, length, post_baseline, prepare
from demo.watch import Watch
from lib.clock import MAX_RATE, REREAD_SECONDS, now, real_now
from models_registry.clock import release_clock, set_clock

LOOK_EVERY = 1.0  # real seconds
QUIET = timedelta(minutes=10)


class Command(BaseCommand):
    """Prepare, play, print, let go of the clock."""

    help = "Play a scenario in a project of its own, story time catching up with the present."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how fast."""
        parser.add_argument("scenario", choices=sorted(SCENARIOS))
        parser.add_argument("--seed", type=int, default=1, help="Same seed, same story.")
        parser.add_argument("--speed", type=float, default=60.0, help="Story seconds per second, 1 to 600.")
        parser.add_argument("--anyway", action="store_true", help="Move the clock although programs are posting.")
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="The running panel.")

    def handle(self, *args: Any, **options: Any) -> None:
        """The clock is released whatever happens, Ctrl-C included."""
        if not 1 <= options["speed"] <= MAX_RATE:
            message = f"--speed must be between 1 and {MAX_RATE:.0f}, not {options['speed']:g}"
            raise CommandError(message)
        if not options["anyway"]:
            _refuse_live_panel(real_now())
        try:
            self._play(options)
        except NotAccepted as error:
            message = f"{error}. Is the panel running at {options['url']}? Start it with: manage.py up"
            raise CommandError(message) from error
        except KeyboardInterrupt:
            self._say(_("Stopped."))
        finally:
            release_clock()
            self._say(_("The clock is released: story time is real time again."))

    def _play(self, options: dict[str, Any]) -> None:
        scenario, began = SCENARIOS[options["scenario"]], real_now()
        set_clock(story=began - length(scenario), rate=0, real=began)
        time.sleep(REREAD_SECONDS)  # no process of the panel may look at the new rules at today's time
        simulation = prepare(scenario, seed=options["seed"], closes=began)
        set_clock(story=simulation.opens, rate=0, real=began)
        token = ensure_token(simulation.project, INGEST_SCOPES, real_now=real_now())
        sender = HttpSender(options["url"], token)
        posted = post_baseline(simulation, sender)
        self._say(
            _("Baseline: %(items)s items. Open %(url)s") % {"items": posted, "url": self._home(simulation, options)}
        )
        self._say(_("Onset at %(at)s.") % {"at": _local(simulation.onset)})
        set_clock(story=simulation.opens, rate=options["speed"], real=real_now())
        self._follow(simulation, sender)
        self._say(_("The cause, as recorded: %(cause)s") % {"cause": simulation.scenario.truth.cause})

    def _follow(self, simulation: Simulation, sender: Sender) -> None:
        """Post what happened since the last look, look, tell the news; until the end."""
        watch, through = Watch(simulation.project), simulation.opens
        while through < simulation.closes:
            looked = time.monotonic()
            at = min(now(), simulation.closes)
            advance(simulation, sender, start=through, end=at)
            through = at
            for line in watch.news():
                self._say(line)
            time.sleep(max(0.0, LOOK_EVERY - (time.monotonic() - looked)))

    def _home(self, simulation: Simulation, options: dict[str, Any]) -> str:
        return f"{options['url']}/p/{simulation.project.slug}/"

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _local(at: datetime) -> str:
    return f"{timezone.localtime(at):%d/%m %H:%M}"


def _refuse_live_panel(at: datetime) -> None:
    """The clock is one for all projects: a simulation would have real events rejected and real rules unjudged."""
    busy = busy_key(since=at - QUIET)
    if busy is not None:
        message = (
            f"The key {busy.prefix} of project {busy.project.slug} is in use, and a simulation moves the clock of every "
            "project. Play it on a panel of its own (ATALAIA_DATA_DIR=…), or add --anyway."
        )
        raise CommandError(message)
