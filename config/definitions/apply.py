"""Write a file of definitions into the database: all of it or nothing, the same result the second time."""

import os
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from alerting.branches import set_channels, set_steps
from alerting.matchers import MatcherError
from alerting.models import AlertRule, Channel, Route
from alerting.wrongs import sentence
from config.definitions.document import DefinitionError, Problem, Section, endless_numbers
from config.definitions.kinds import INCIDENT_POLICY, KEYS, KINDS, Form, Kind
from config.definitions.plain import shown, wrong_shape
from config.definitions.routes import read_matchers
from lib.vault import holds, seal
from models_registry.durations import read_duration
from models_registry.models import LONGEST, Model, Project, Prompt, PromptVersion, User
from monitoring.components import read_components, set_components
from monitoring.models import SLO, Component, OwnPrice, ScrapeTarget
from monitoring.price_edits import record_edit
from monitoring.segments import set_keys
from monitoring.selectors.components import load_components
from runbooks.models import Runbook, Step

PROJECT_FIELDS = ("name", "redact", "redact_extra")
# What a section holds beside the columns of its table.
EXTRAS = {
    "models": ("segments",),
    "prompts": ("versions",),
    "slos": ("components",),
    "channels": ("secret_env",),
    "scrape_targets": ("secret_env",),
    "runbooks": ("rules", "steps"),
    "routes": ("parent", "matchers", "channels", "steps"),
}
PROMPT_FIELDS = ("template", "parameters", "note", "author")
STEP_FIELDS = ("title", "body")


@dataclass
class Change:
    """What became of one definition."""

    path: str
    action: str
    fields: list[str]
    # Of columns, as they are told: before and after.
    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def also(self, name: str) -> None:
        """A field that stands in another table."""
        self.fields.append(name)
        self.action = "changed" if self.action == "unchanged" else self.action


@dataclass
class Writer:
    """One application of one file; problems are collected, so that a person mends all of them at once."""

    file: Path
    document: Section
    now: datetime
    by: User | None = None
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def write(self, *, dry_run: bool) -> list[Change]:
        """`DefinitionError` with every problem, and then nothing is written; a dry run never writes."""
        with transaction.atomic():
            self._known(self.document, ("project", INCIDENT_POLICY.section, *(kind.section for kind in KINDS)), "")
            endless = list(endless_numbers(self.document, "", 1))
            for line, path, text in endless:
                self._problem(line, path, text)
            project = None if endless else self._project()
            if project:
                self._define_all(project)
            if self.problems:
                raise DefinitionError(self.problems)
            if dry_run:
                transaction.set_rollback(True)
        return self.changes

    def _define_all(self, project: Project) -> None:
        policy, line = self.document.get(INCIDENT_POLICY.section), self.document.lines.get(INCIDENT_POLICY.section, 1)
        if policy is not None and self._fits(INCIDENT_POLICY, policy, INCIDENT_POLICY.section, line):
            self._define(INCIDENT_POLICY, project, project, policy, path=INCIDENT_POLICY.section, line=line)
        for kind in KINDS:
            for path, key, item, line in self._items(kind):
                self._define(kind, project, key, item, path=path, line=line)

    def _problem(self, line: int, path: str, text: str) -> None:
        self.problems.append(Problem(self.file, line, path, text))

    def _known(self, section: Section, allowed: tuple[str, ...], path: str) -> None:
        for name in section.keys() - set(allowed):
            close = get_close_matches(name, allowed, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(allowed)}"
            self._problem(section.lines[name], f"{path}{name}", f"unknown{hint}")

    def _items(self, kind: Kind) -> Iterator[tuple[str, str, Section, int]]:
        section = self.document.get(kind.section) or Section()
        if not isinstance(section, Section):
            self._problem(self.document.lines[kind.section], kind.section, f"must be a mapping of {kind.key} to fields")
            return
        for key, item in section.items():
            path, line = f"{kind.section}.{key}", section.lines[key]
            if self._fits(kind, item, path, line):
                yield path, key, item, line

    def _fits(self, kind: Kind, item: object, path: str, line: int) -> bool:
        """Whether it is a mapping; fields that the kind does not have are told."""
        if not isinstance(item, Section):
            self._problem(line, path, "must be a mapping of fields")
            return False
        self._known(item, (*kind.fields, *EXTRAS.get(kind.section, ())), f"{path}.")
        return True

    def _project(self) -> Project | None:
        given: Any = self.document.get("project")
        item = Section(slug=given) if isinstance(given, str) else given
        if not isinstance(item, Section) or not isinstance(item.get("slug"), str):
            self._problem(self.document.lines.get("project", 1), "project", "must be a slug, or a mapping with a slug")
            return None
        if item is given:
            self._known(item, ("slug", *PROJECT_FIELDS), "project.")
        project = Project.objects.filter(slug=item["slug"]).first()
        fresh = project is None
        project = project or Project(slug=item["slug"], name=item["slug"])
        values = {name: item[name] for name in PROJECT_FIELDS if name in item}
        self._save(project, values, path="project", line=self.document.lines["project"], item=item, fresh=fresh)
        return project if project.pk else None

    def _define(self, kind: Kind, project: Project, key: object, item: Section, *, path: str, line: int) -> None:
        identity = {"project": project, kind.key: key}
        row = kind.table._default_manager.filter(**identity).first()
        fresh = row is None
        row = row or kind.table(**identity)
        values = self._values(kind, project, item, path)
        values |= self._extra_values(row, values, item, path, line=line)
        before = None if fresh else copy(row)
        if self._save(row, values, path=path, line=line, item=item, fresh=fresh, check=kind):
            self._beside(row, before, item, path)

    def _extra_values(
        self, row: models.Model, values: dict[str, Any], item: Section, path: str, *, line: int
    ) -> dict[str, Any]:
        """What a definition says of its row otherwise than by columns."""
        if isinstance(row, Model | Prompt):
            return {"reviewed": True}
        if isinstance(row, Channel | ScrapeTarget):
            self._secret(row, values, item, path)
        if isinstance(row, SLO) and "components" in item:
            row.parts = self._components(row, item, path)
        return self._route_values(row, item, path, line=line) if isinstance(row, Route) else {}

    def _beside(self, row: models.Model, before: Any, item: Section, path: str) -> None:
        """What stands in other tables."""
        if isinstance(row, SLO):
            self._compose(row)
        elif isinstance(row, Runbook):
            self._runbook(row, item, path)
        elif isinstance(row, Route):
            self._route(row, item, path)
        elif isinstance(row, Model) and "segments" in item:
            self._segments(row, item, path)
        elif isinstance(row, Prompt) and "versions" in item:
            self._prompt_versions(row, item, f"{path}.versions")
        elif isinstance(row, OwnPrice):
            record_edit(before, row, now=self.now, by=self.by)

    def _values(self, kind: Kind, project: Project, item: Section, path: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in (name for name in kind.fields if name in item):
            value, line = item[name], item.lines[name]
            wrong = wrong_shape(kind.table._meta.get_field(name), value)
            if wrong:
                self._problem(line, f"{path}.{name}", wrong)
                continue
            if name in kind.forms:
                values |= self._formed(kind.forms[name], item, name, path)
                continue
            if name in kind.names and value is not None:
                table = kind.names[name]
                value = table._default_manager.filter(project=project, **{KEYS[table]: value}).first()
                if value is None:
                    self._problem(line, f"{path}.{name}", f"there is no {table._meta.verbose_name} {item[name]!r}")
            elif isinstance(kind.table._meta.get_field(name), models.DurationField) and value is not None:
                value = self._duration(value, line, f"{path}.{name}")
            elif isinstance(kind.table._meta.get_field(name), models.DecimalField) and value is not None:
                value = self._decimal(value, line, f"{path}.{name}")
            values[name] = value
        return values

    def _formed(self, form: Form, item: Section, name: str, path: str) -> dict[str, Any]:
        """The value by its name; nothing where it cannot be read."""
        try:
            return {name: form.read(item[name])}
        except ValidationError as error:
            problem = " ".join(error.messages)
        except MatcherError as error:
            problem = sentence(error)
        self._problem(item.lines[name], f"{path}.{name}", problem)
        return {}

    def _duration(self, value: object, line: int, path: str) -> timedelta:
        seconds = read_duration(str(value).replace(" ", ""))
        if seconds is None:
            self._problem(line, path, f"must be a duration such as 90s, 30m, 1h30m or 7d, not {value!r}")
            return timedelta()
        if seconds > LONGEST.total_seconds():
            self._problem(line, path, f"must be at most {LONGEST.days}d, not {value}")
            return timedelta()
        return timedelta(seconds=seconds)

    def _decimal(self, value: object, line: int, path: str) -> Decimal:
        """As it stands in the file: 0.15 is no fraction of two."""
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self._problem(line, path, f"must be a number, not {value!r}")
            return Decimal(0)

    def _secret(self, owner: Channel | ScrapeTarget, values: dict[str, Any], item: Section, path: str) -> None:
        """The file names an environment variable; the secret itself never stands in it."""
        if "secret_env" not in item:
            return
        secret = os.environ.get(str(item["secret_env"]), "")
        if not secret:
            self._problem(item.lines["secret_env"], f"{path}.secret_env", f"{item['secret_env']} is not set")
        elif not holds(owner.secret, secret):
            values["secret"] = seal(secret)

    def _save(
        self,
        row: models.Model,
        values: dict[str, Any],
        *,
        path: str,
        line: int,
        item: Section,
        fresh: bool,
        check: Kind | None = None,
    ) -> bool:
        changed = [name for name, value in values.items() if fresh or getattr(row, name) != value]
        told = {name: ("" if fresh else shown(getattr(row, name)), shown(values[name])) for name in changed}
        for name in changed:
            setattr(row, name, values[name])
        try:
            row.full_clean()
            if check:
                check.check(row)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                where = item.lines.get(name, line) if hasattr(item, "lines") else line
                self._problem(where, path if name == "__all__" else f"{path}.{name}", " ".join(messages))
            return False
        if fresh or changed:
            row.save()
        action = "created" if fresh else "changed" if changed else "unchanged"
        self.changes.append(Change(path, action, changed, told))
        return True

    def _runbook(self, runbook: Runbook, item: Section, path: str) -> None:
        if "rules" in item and self._bind(runbook, item, path):
            self.changes[-1].also("rules")
        if "steps" in item and self._steps(runbook, item, path):
            self.changes[-1].also("steps")

    def _route_values(self, route: Route, item: Section, path: str, *, line: int) -> dict[str, Any]:
        """The route above, which stands earlier in the file, and the matchers as people write them."""
        values: dict[str, Any] = {}
        root = Route.objects.filter(project=route.project, parent=None).exclude(name=route.name).first()
        if route._state.adding and root is not None and "parent" not in item:
            self._problem(line, path, f"the project has a root already: write parent: {root}")
        if "parent" in item:
            values["parent"] = Route.objects.filter(project=route.project, name=str(item["parent"])).first()
            if values["parent"] is None:
                self._problem(item.lines["parent"], f"{path}.parent", f"there is no route {item['parent']!r} before it")
        if "matchers" in item:
            try:
                values["matchers"] = read_matchers(item["matchers"])
            except MatcherError as error:
                self._problem(item.lines["matchers"], f"{path}.matchers", sentence(error))
        return values

    def _route(self, route: Route, item: Section, path: str) -> None:
        """Whom it tells, and whom when nobody acknowledges."""
        if "channels" in item:
            names, line = self._list(item, "channels", path), item.lines["channels"]
            if set_channels(route, self._channels(route, names, line, f"{path}.channels")):
                self.changes[-1].also("channels")
        if "steps" in item and set_steps(route, self._route_steps(route, item, path)):
            self.changes[-1].also("steps")

    def _route_steps(self, route: Route, item: Section, path: str) -> dict[timedelta, list[Channel]]:
        given: Any = item["steps"] or Section()
        line = item.lines["steps"]
        if not isinstance(given, Section):
            self._problem(line, f"{path}.steps", "must be a mapping of durations to lists of channels")
            return {}
        return {
            self._duration(after, given.lines[after], f"{path}.steps"): self._channels(
                route, self._list(given, after, f"{path}.steps"), given.lines[after], f"{path}.steps.{after}"
            )
            for after in given
        }

    def _channels(self, route: Route, names: list[Any], line: int, path: str) -> list[Channel]:
        found = {channel.name: channel for channel in Channel.objects.filter(project=route.project)}
        for name in (str(name) for name in names if str(name) not in found):
            self._problem(line, path, f"there is no channel {name!r}")
        return [found[str(name)] for name in names if str(name) in found]

    def _components(self, slo: SLO, item: Section, path: str) -> list[Component]:
        """SLOs that stand earlier in the file, or are there."""
        try:
            return read_components(slo.project, item["components"])
        except ValidationError as error:
            self._problem(item.lines["components"], f"{path}.components", " ".join(error.messages))
            return []

    def _compose(self, slo: SLO) -> None:
        """Of its components; what is no composite any more has none."""
        load_components([slo])
        if set_components(slo, slo.parts or ()):
            self.changes[-1].also("components")

    def _segments(self, model: Model, item: Section, path: str) -> None:
        """The keys of the file are the model's keys; one that is no longer there is withdrawn."""
        keys = [str(key) for key in self._list(item, "segments", path)]
        try:
            changed = set_keys(model, keys, now=self.now)
        except ValidationError as error:
            self._problem(item.lines["segments"], f"{path}.segments", " ".join(error.messages))
            return
        if changed:
            self.changes[-1].also("segments")

    def _prompt_versions(self, prompt: Prompt, item: Section, path: str) -> None:
        """Each is a definition of its own; what calls have used is not changed, and the line says so."""
        given = item["versions"]
        if not isinstance(given, Section):
            self._problem(item.lines["versions"], path, "must be a mapping of version to fields")
            return
        for version, fields in given.items():
            here, line = f"{path}.{version}", given.lines[version]
            if not isinstance(fields, Section):
                self._problem(line, here, "must be a mapping of fields")
                continue
            self._known(fields, PROMPT_FIELDS, f"{here}.")
            row = PromptVersion.objects.filter(prompt=prompt, version=version).first()
            values = {name: fields[name] for name in PROMPT_FIELDS if name in fields} | {"reviewed": True}
            fresh = row is None
            row = row or PromptVersion(prompt=prompt, version=version)
            self._save(row, values, path=here, line=line, item=fields, fresh=fresh)

    def _list(self, item: Section, name: str, path: str) -> list[Any]:
        if isinstance(item[name], list | None):
            return item[name] or []
        self._problem(item.lines[name], f"{path}.{name}", "must be a list")
        return []

    def _bind(self, runbook: Runbook, item: Section, path: str) -> bool:
        wanted = {str(slug) for slug in self._list(item, "rules", path)}
        rules = list(AlertRule.objects.filter(project=runbook.project, slug__in=wanted))
        for slug in wanted - {rule.slug for rule in rules}:
            self._problem(item.lines["rules"], f"{path}.rules", f"there is no alert rule {slug!r}")
        differs = set(runbook.rules.all()) != set(rules)
        runbook.rules.set(rules)
        return differs

    def _steps(self, runbook: Runbook, item: Section, path: str) -> bool:
        steps: list[dict[str, str]] = []
        for number, step in enumerate(self._list(item, "steps", path), start=1):
            here = f"{path}.steps[{number}]"
            if not isinstance(step, Section) or not step.get("title"):
                self._problem(item.lines["steps"], here, "must be a mapping with a title")
                continue
            self._known(step, STEP_FIELDS, f"{here}.")
            steps.append({"title": str(step["title"]), "body": str(step.get("body", ""))})
        if steps == list(runbook.steps.values(*STEP_FIELDS)):
            return False
        runbook.steps.all().delete()
        Step.objects.bulk_create(Step(runbook=runbook, position=n, **step) for n, step in enumerate(steps, start=1))
        return True
