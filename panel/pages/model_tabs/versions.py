"""The newest versions, each measured alone, two of them side by side, and the newest batch runs."""

from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from models_registry.models import Deployment, ModelVersion
from monitoring.catalogue import MEASURES
from monitoring.catalogue.base import ALL
from monitoring.models import BatchRun
from panel import format as write
from panel.pages.indicators import main_measure
from panel.pages.model_tabs.figures import Figure, figure_of, readings_of
from panel.pages.model_tabs.side_by_side import SideBySide, side_by_side
from panel.pages.model_tabs.tab import Sight, Tab

SHOWN = 10


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version over the range."""

    version: ModelVersion
    deployment: Deployment | None
    serving: bool
    requests: int
    error_rate: str
    latency: str
    quality: Figure


@dataclass(frozen=True, slots=True)
class RunRow:
    """One batch run."""

    run: BatchRun
    state: str


@dataclass(frozen=True, slots=True)
class Versions:
    """What the tab shows."""

    rows: list[VersionRow]
    quality_label: str
    both: SideBySide | None
    runs: list[RunRow]


def build(sight: Sight) -> Versions:
    """A row for each version; events that named none have one too, where there are any in the range."""
    main = main_measure(sight.model)
    versions = list(sight.model.versions.all())[:SHOWN]
    readings = readings_of(sight, ["requests", "error_rate", "latency_p95", main], versions=versions)
    found = Deployment.objects.filter(version__in=versions, kind=Deployment.Kind.DEPLOY).order_by("at", "id")
    deployed = {one.version_id: one for one in found}
    serving = sight.row.deployed.version_id if sight.row.deployed else None
    rows = [
        VersionRow(
            version,
            deployed.get(version.pk),
            version.pk == serving,
            one["requests"].n,
            write.figure(one["error_rate"].value, "ratio"),
            write.figure(one["latency_p95"].value, "ms"),
            figure_of(main, one[main]),
        )
        for version, one in zip(versions, readings, strict=True)
        if version.version or one["requests"].n
    ]
    both = side_by_side(sight, [row.version for row in rows])
    return Versions(rows, capfirst(str(MEASURES[main].label)), both, _runs(sight))


def _runs(sight: Sight) -> list[RunRow]:
    """The newest, whatever the range: of a nightly run a day shows one."""
    runs = BatchRun.objects.filter(project=sight.model.project_id, version__model=sight.model).select_related("version")
    return [RunRow(run, run.seen_state(now=sight.now)) for run in runs[:SHOWN]]


TAB = Tab("versions", _("Versions"), ALL, build)
