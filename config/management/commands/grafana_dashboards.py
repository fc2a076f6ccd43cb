"""`manage.py grafana_dashboards FOLDER`: the dashboards for Grafana, written anew."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from config.interchange.grafana import DASHBOARDS, dashboard_json
from config.terminal import Spoken


class Command(Spoken):
    """One file each."""

    requires_system_checks = ()
    help = "Write the dashboards for Grafana into a folder that its provisioning names (see deploy/grafana)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Names of the files."""
        options["folder"].mkdir(parents=True, exist_ok=True)
        written = []
        for dashboard in DASHBOARDS:
            file = options["folder"] / f"{dashboard.uid}.json"
            file.write_text(dashboard_json(dashboard), encoding="utf-8")
            written.append(str(file))
        if options["json"]:
            self.say_json(written)
        else:
            self.stdout.write("\n".join(written))
