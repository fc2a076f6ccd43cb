"""Prompts as calls show them: registered on first sight, with the system prompt and parameters that all calls share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from models_registry.models import Model, Project, Prompt, PromptVersion

Named = tuple[str, str]  # name, version


@dataclass(frozen=True, slots=True)
class Constant:
    """What calls sent: one value (None: nothing), or several."""

    value: Any = None
    varies: bool = False

    def beside(self, stored: Any, stored_varies: bool) -> "Constant":
        """Together with what was seen before."""
        if stored_varies or self.varies:
            return Constant(None, varies=True)
        if self.value is None or stored is None:
            return Constant(stored if self.value is None else self.value)
        return Constant(stored) if stored == self.value else Constant(None, varies=True)


@dataclass(frozen=True, slots=True)
class Sight:
    """What some calls, or the announcement of a change, say of a prompt version; `used_at` None: not used yet."""

    model_id: int | None
    used_at: datetime | None = None
    system: Constant = Constant()
    parameters: Constant = Constant()


def known_prompts(*, project_id: int, names: Mapping[Named, Any] | set[Named]) -> dict[Named, PromptVersion]:
    """The registered ones of (name, version) pairs of a project, in one query."""
    rows = PromptVersion.objects.filter(
        prompt__project_id=project_id,
        prompt__name__in={name for name, _ in names},
        version__in={version for _, version in names},
    ).select_related("prompt")
    return {(row.prompt.name, row.version): row for row in rows}


def note_sights(
    known: Mapping[Named, PromptVersion], sights: Mapping[Named, Sight], *, project_id: int, cap: int
) -> dict[Named, PromptVersion]:
    """Register what is new as unreviewed, and add what is seen to what was.

    With `cap` unreviewed versions waiting in the project, a new one is not registered: its calls keep its name.
    """
    found = {name: row for name, row in known.items() if name in sights}
    missing = sorted(sights.keys() - found.keys())
    room = cap - _waiting(project_id) if missing else 0
    for name in missing[: max(room, 0)]:
        found[name] = _register(name, sights[name], project_id)
    for name in sorted(found):  # two drains that wait for each other's rows never wait in a circle
        _observe(found[name], sights[name])
    return found


def settled(row: PromptVersion) -> bool:
    """Nothing can be learned from its calls any more."""
    return row.first_used_at is not None and row.system_varies and row.parameters_vary


def _waiting(project_id: int) -> int:
    return PromptVersion.objects.filter(prompt__project_id=project_id, reviewed=False).count()


def _register(named: Named, sight: Sight, project_id: int) -> PromptVersion:
    name, version = named
    prompt, _ = Prompt.objects.get_or_create(project_id=project_id, name=name, defaults={"model_id": sight.model_id})
    return PromptVersion.objects.get_or_create(prompt=prompt, version=version)[0]


def _observe(row: PromptVersion, sight: Sight) -> None:
    """Add it to the row as it is now, which another drain may have changed since it was read.

    What is observed only ever grows (nothing, one value, several), so a sight that adds nothing to an older state of the
    row adds nothing to this one: the usual case takes no lock.
    """
    if _changes(row, sight):
        with transaction.atomic():
            current = PromptVersion.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
            changes = _changes(current, sight) if current else {}
            if changes:
                PromptVersion.objects.filter(pk=row.pk).update(**changes)
    if row.prompt.model_id is None and sight.model_id is not None:
        Prompt.objects.filter(pk=row.prompt_id, model=None).update(model_id=sight.model_id)


def _changes(row: PromptVersion, sight: Sight) -> dict[str, Any]:
    """The fields that a sight gives another value."""
    system = sight.system.beside(row.observed_system, row.system_varies)
    parameters = sight.parameters.beside(row.observed_parameters, row.parameters_vary)
    now = {
        "first_used_at": row.first_used_at or sight.used_at,
        "observed_system": system.value,
        "system_varies": system.varies,
        "observed_parameters": parameters.value,
        "parameters_vary": parameters.varies,
    }
    return {name: value for name, value in now.items() if getattr(row, name) != value}


class VersionInUseError(ValueError):
    """Calls have used this version with another text or other parameters; `fields` says which would change."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def define_prompt(*, project: Project, name: str, model: Model | None = None, **values: str) -> tuple[Prompt, bool]:
    """The prompt by this name with what is given, and whether it is new; `ValidationError` if that cannot be."""
    found = Prompt.objects.filter(project=project, name=name).first()
    row = found or Prompt(project=project, name=name)
    row.reviewed = True
    if model is not None:
        row.model = model
    for field, value in values.items():
        setattr(row, field, value)
    row.full_clean()
    with transaction.atomic():
        row.save()
    return row, found is None


def define_version(prompt: Prompt, version: str, values: Mapping[str, Any]) -> tuple[PromptVersion, bool]:
    """The version with these values, and whether it is new.

    `VersionInUseError` where calls used it and it would change, `ValidationError` where a value cannot be.
    """
    with transaction.atomic():
        # the lock holds a call that is just about to use the version for the first time
        found = PromptVersion.objects.select_for_update().filter(prompt=prompt, version=version).first()
        wanted = PromptVersion(prompt=prompt, version=version)
        for field in ("template", "parameters", "note", "author"):
            setattr(wanted, field, values.get(field, getattr(found or wanted, field)))
        if found is None:
            wanted.reviewed = True
            wanted.full_clean()
            wanted.save()
            return wanted, True
        if changed := found.conflicts(wanted):
            raise VersionInUseError(changed)
        for field in ("template", "parameters", "note", "author"):
            setattr(found, field, getattr(wanted, field))
        found.reviewed = True
        found.full_clean()
        found.save(update_fields=["template", "parameters", "note", "author", "reviewed"])
        return found, False
