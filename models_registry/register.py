"""Register models and versions on first sight, so that no event is lost because somebody forgot a form."""

from collections.abc import Collection
from dataclasses import dataclass

from models_registry.models import Model, ModelVersion

OTHER = "other"


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version and what the drain needs of its model's definition."""

    id: int
    model_id: int
    slug: str
    version: str
    kind: str
    positive_label: str
    threshold: float


_COLUMNS = ("id", "model_id", "model__slug", "version", "model__kind", "model__positive_label", "model__threshold")


def known_versions(*, project_id: int, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], KnownVersion]:
    """The registered ones among (slug, version) pairs of a project, in one query."""
    rows = (
        ModelVersion.objects.filter(
            model__project_id=project_id,
            model__slug__in={slug for slug, _ in names},
            version__in={version for _, version in names},
        )
        .order_by()
        .values_list(*_COLUMNS)
    )
    found = (KnownVersion(*row) for row in rows)
    return {(version.slug, version.version): version for version in found}


def read_version(version_id: int) -> KnownVersion:
    """One registered version."""
    return KnownVersion(*ModelVersion.objects.values_list(*_COLUMNS).get(id=version_id))


def ensure_version(*, project_id: int, slug: str, version: str, kind: str, positive_label: str, cap: int) -> int:
    """The id of this version, registered as unreviewed if it is new; `kind` and `positive_label` are those of a new model.

    With `cap` unreviewed versions waiting in the project, a new version of a known model goes to that model's
    version "other", and a new model to the model "other": counted, visible, never lost.
    """
    found = ModelVersion.objects.filter(model__project_id=project_id, model__slug=slug, version=version).first()
    if found:
        return found.id
    waiting = ModelVersion.objects.filter(model__project_id=project_id, reviewed=False).count()
    if waiting >= cap:
        known = Model.objects.filter(project_id=project_id, slug=slug).exists()
        slug, version = (slug if known else OTHER), OTHER
    defaults = {"kind": kind, "positive_label": positive_label}
    model, _ = Model.objects.get_or_create(project_id=project_id, slug=slug, defaults=defaults)
    return ModelVersion.objects.get_or_create(model=model, version=version)[0].id


def take_for(known: KnownVersion, *, kind: str, positive_label: str = "") -> KnownVersion:
    """The version of what a marker or a log line had named before it first answered; unless a person said what it is."""
    defined = {"kind": kind, **({"positive_label": positive_label} if positive_label else {})}
    Model.objects.filter(id=known.model_id, kind=known.kind, reviewed=False).update(**defined)
    return read_version(known.id)


def newest_version(*, project_id: int, slug: str) -> int | None:
    """The version of a model that was seen first most recently; None for an unknown model."""
    return (
        ModelVersion.objects.filter(model__project_id=project_id, model__slug=slug)
        .order_by("-id")
        .values_list("id", flat=True)
        .first()
    )
