"""`manage.py tail [SOURCE…]`: events, log lines and changes of alerts as they arrive."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.db import close_old_connections
from django.utils.timezone import localtime

from config.named import UNKNOWN, project_named
from config.tail import ALERTS, KINDS, SOURCES, Alerts, Events, Line, Source, arrived, newest
from config.terminal import Spoken, as_json, cut, plain, width_of
from lib import clock
from models_registry.models import Project
from monitoring.selectors.event_filters import FilterError, read_filter

LOUD: Final = ("error", "fatal", "critical", "firing")
# What a line says after its time, by source; other fields are in --json.
TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "predictions": ("model", "version", "status", "error_type", "prediction", "score", "latency_ms", "id"),
    "llm-calls": (
        "model",
        "version",
        "status",
        "error_type",
        "request_model",
        "finish_reason",
        "latency_ms",
        "cost_usd",
        "id",
    ),
    "outcomes": ("prediction_id", "label", "value"),
    "feedback": ("target_id", "kind", "value", "comment"),
    "events": ("kind", "name", "model", "version", "value"),
    "logs": ("level", "logger", "message", "request_id"),
    "spans": ("status", "service", "name", "duration_ms", "status_message", "trace_id"),
    ALERTS: ("rule", "from", "to", "severity", "reason", "incident"),
}


class Command(Spoken):
    """Goes on until Ctrl-C, or ends at once with `--once`; `--json` writes one object a line."""

    help = "Show the newest events, log lines and changes of alerts, and then what arrives."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to show."""
        parser.add_argument(
            "sources", nargs="*", metavar="SOURCE", help=f"Of {', '.join(SOURCES)}; logs and alerts unless named."
        )
        parser.add_argument("--project", help="Its slug; may be left out where there is only one.")
        parser.add_argument("-n", "--lines", type=int, default=10, help="How many to begin with.")
        parser.add_argument("--once", action="store_true", help="Show the newest and end.")
        parser.add_argument("--every", type=float, default=1.0, help="Seconds between looks.")
        parser.add_argument(
            "--where",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="A filter of the API, such as status=error; may be given again.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """The newest, then whatever comes."""
        sources = _sources(project_named(options["project"]), options)
        try:
            self._say(newest(sources, max(0, min(options["lines"], 1_000))), options)
            while not options["once"]:
                time.sleep(max(0.1, options["every"]))
                self._say(arrived(sources), options)
                close_old_connections()
        except KeyboardInterrupt:
            return
        except BrokenPipeError:  # `tail | head`: nobody reads on, and the interpreter must not try to flush the rest
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _say(self, lines: Sequence[Line], options: dict[str, Any]) -> None:
        for line in lines:
            self.stdout.write(as_json({"source": line.source, **line.wire}) if options["json"] else self._told(line))
        self.stdout.flush()

    def _told(self, line: Line) -> str:
        words = [str(line.wire[name]) for name in TOLD[line.source] if line.wire.get(name) not in (None, "")]
        text = cut(plain(f"{localtime(line.at):%H:%M:%S} {line.source:11} {' '.join(words)}"), width_of(self.stdout))
        loud = any(str(line.wire.get(name)) in LOUD for name in ("status", "level", "to"))
        return str(self.style.ERROR(text)) if loud else text


def _sources(project: Project, options: dict[str, Any]) -> list[Source]:
    names = options["sources"] or ["logs", ALERTS]
    if unknown := [name for name in names if name not in SOURCES]:
        raise CommandError(f"{unknown[0]!r} is none of {', '.join(SOURCES)}", returncode=UNKNOWN)
    wanted = dict(pair.split("=", 1) for pair in options["where"] if "=" in pair)
    if len(wanted) < len(options["where"]):
        raise CommandError("--where takes FIELD=VALUE, such as status=error, each field once", returncode=UNKNOWN)
    try:
        return [_source(name, project, wanted) for name in dict.fromkeys(names)]
    except FilterError as error:
        raise CommandError(f"--where {error.field}: {error}", returncode=UNKNOWN) from error


def _source(name: str, project: Project, wanted: Mapping[str, str]) -> Source:
    if name != ALERTS:
        return Events(name, project, read_filter(KINDS[name], wanted, now=clock.now(), local=True))
    if wanted:
        raise CommandError("--where filters events; name the kinds to follow without alerts", returncode=UNKNOWN)
    return Alerts(project)
