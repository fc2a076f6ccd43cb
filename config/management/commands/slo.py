"""`manage.py slo check [SLUG…]`: how objectives stand, with an exit code for the gate of a deployment."""

from typing import Any, Final, get_args

from django.core.management.base import CommandError, CommandParser

from config.named import UNKNOWN, project_named, rows_named
from config.terminal import Spoken, ago
from lib import clock
from monitoring.models import SLO
from monitoring.slo.status import SLOState, SLOStatus, slo_statuses

STATES: Final = get_args(SLOState)
HEAD: Final = ("", "slo", "state", "target", "attained", "budget left", "burn", "exhausted in")


class Command(Spoken):
    """Ends with 1 if an objective is burning, exhausted, stale or without data; with 2 where a name leads nowhere."""

    help = "Say how SLOs stand; end with 1 unless every one of them is ok, or in a state that --allow names."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which ones, and what passes."""
        parser.add_argument("action", choices=["check"])
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="All of the project unless named.")
        parser.add_argument("--project", help="Its slug; may be left out where there is only one.")
        parser.add_argument("--allow", default="", help=f"States that pass beside ok, of {', '.join(STATES)}.")
        parser.add_argument(
            "--budget", type=float, default=None, help="The share of the budget that must be left, such as 0.1."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """A line for each, then the verdict."""
        allowed = {"ok", *filter(None, (state.strip() for state in options["allow"].split(",")))}
        if unknown := allowed.difference(STATES):
            raise CommandError(f"--allow: {unknown.pop()!r} is none of {', '.join(STATES)}", returncode=UNKNOWN)
        project = project_named(options["project"])
        slos = rows_named(
            SLO.objects.filter(project=project).select_related("model").order_by("slug"),
            "slug",
            options["slugs"],
            "SLO",
        )
        if not slos:
            raise CommandError(
                "this project has no SLO: define one, or take one of the objectives that the panel suggests",
                returncode=UNKNOWN,
            )
        statuses = slo_statuses(slos, now=clock.now())
        judged = [(slo, statuses[slo.pk], _passes(statuses[slo.pk], allowed, options["budget"])) for slo in slos]
        if options["json"]:
            self.say_json([_document(*one) for one in judged])
        else:
            self.say_table(HEAD, [_row(*one) for one in judged])
        failed = [slo.slug for slo, _, passes in judged if not passes]
        if failed:
            raise CommandError(f"{len(failed)} of {len(judged)} do not pass: {', '.join(failed)}", returncode=1)


def _passes(status: SLOStatus, allowed: set[str], least: float | None) -> bool:
    """Its state may pass, and enough of its budget is left, where that is asked; what is not known is not enough."""
    enough = least is None or (status.budget_left is not None and status.budget_left >= least)
    return status.state in allowed and (enough or (status.budget_left is None and "no_data" in allowed))


def _row(slo: SLO, status: SLOStatus, passes: bool) -> tuple[str, ...]:
    burns = [f"{window} {rate:.1f}" for window, rate in status.burn.items() if rate]
    return (
        "ok" if passes else "FAIL",
        slo.slug,
        status.state,
        f"{slo.target:.4g}",
        _share(status.attained, 5),
        _share(status.budget_left, 1),
        ", ".join(burns) or "-",
        ago(status.exhausts_in_s) if status.exhausts_in_s is not None else "-",
    )


def _share(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}%}" if digits == 1 else f"{value:.{digits}f}"


def _document(slo: SLO, status: SLOStatus, passes: bool) -> dict[str, Any]:
    return {
        "slug": slo.slug,
        "passes": passes,
        "state": status.state,
        "target": slo.target,
        "attained": status.attained,
        "budget_left": status.budget_left,
        "burn": status.burn,
        "exhausts_in_s": status.exhausts_in_s,
        "window_end": status.window_end,
    }
