"""`manage.py rule backtest FILE.yml`: test rules by written series and past ranges, as `promtool test rules` does."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser

from config.definitions.document import DefinitionError
from config.rehearsals import Asked, Outcome, run_file
from config.terminal import Spoken
from lib import clock

FIGURES: Final = ("firings", "time_in_firing_s", "caught", "missed", "false_alarms", "pages", "pages_at_night")
UNREADABLE: Final = 2


class Command(Spoken):
    """Says what does not hold; ends with 1 where something does not, with 2 where a file cannot be read."""

    help = "Test rules: expected alerts over written series, and figures of backtests over past ranges."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which files."""
        parser.add_argument("action", choices=["backtest"])
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.yml")

    def handle(self, *args: Any, **options: Any) -> None:
        """Every file, then the verdict."""
        try:
            outcomes = [run_file(path, now=clock.now()) for path in options["files"]]
        except DefinitionError as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        if options["json"]:
            self.say_json([_document(one) for one in outcomes])
        else:
            for outcome in outcomes:
                self._tell(outcome)
        failed = sum(len(one.failed) for one in outcomes)
        if failed:
            checks = sum(len(one.checks) for one in outcomes)
            message = f"{failed} of {checks} expectations do not hold"
            raise CommandError(message, returncode=1)

    def _tell(self, outcome: Outcome) -> None:
        for asked in outcome.backtests:
            self._table(asked)
        for check in outcome.checks:
            mark = self.style.SUCCESS("ok  ") if check.holds else self.style.ERROR("FAIL")
            self.stdout.write(f"{mark} {outcome.path}:{check.line} {check.name}: {check.expected}")
            if not check.holds:
                self.stdout.write(f"     found: {check.found}")
        self.stdout.write(f"{outcome.path}: {len(outcome.checks) - len(outcome.failed)} of {len(outcome.checks)} hold")

    def _table(self, asked: Asked) -> None:
        self.stdout.write(f"{asked.rule}, {asked.start:%Y-%m-%d %H:%M} to {asked.end:%Y-%m-%d %H:%M} UTC")
        columns = [asked.figures, *([asked.variant] if asked.variant else [])]
        self.stdout.write(
            f"  {'':18}{'this rule':>12}{'variant':>12}" if asked.variant else f"  {'':18}{'this rule':>12}"
        )
        for name in FIGURES:
            told = [one[name] for one in columns]
            shown = [str(len(value)) if isinstance(value, list) else f"{value:g}" for value in told]
            self.stdout.write(f"  {name:18}" + "".join(f"{text:>12}" for text in shown))
        if any(one["with_hindsight"] for one in columns):
            self.stdout.write("  with hindsight: later truth changed what the rule would have done")


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "file": str(outcome.path),
        "checks": [{**asdict(one), "holds": one.holds} for one in outcome.checks],
        "backtests": [asdict(one) for one in outcome.backtests],
        "failed": len(outcome.failed),
    }
