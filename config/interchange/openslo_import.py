"""OpenSLO v1 as definitions: each objective an SLO, each policy that it names a burn-rate rule; every guess is told.

A source of this panel (`type: Atalaia`, as it is exported) says what is counted. Of any other only the shape is known: a
ratio is read as `availability`, an upper bound as `latency` in milliseconds, unless `indicators` says better.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from django.utils.text import slugify

from config.interchange.openslo_alerts import Policies
from config.interchange.openslo_read import METHODS, Object, Objects, annotations, metadata
from config.interchange.openslo_window import method_of, window_of
from config.interchange.openslo_words import (
    COMPONENTS,
    COMPOSED,
    COMPOSITION,
    ENVIRONMENT,
    HOME,
    LONG_NAME,
    MODEL,
    NAMED,
    OWNER,
    SLUG,
    SOURCE,
)
from monitoring.models import COMPOSITE, TIME_SLICES


@dataclass
class Imported:
    """A document of definitions, and what had to be guessed or left out: one sentence each."""

    document: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Here:
    """What is here already, and what the reader of the file says: the sli of indicators by their name."""

    project: str
    models: frozenset[str]
    indicators: Mapping[str, str] = field(default_factory=dict)
    model: str = ""


def read_openslo(objects: Objects, here: Here) -> Imported:
    """Sections `models` (those that are not there), `slos` and `rules`."""
    found = Imported({"project": here.project, "models": {}, "slos": {}, "rules": {}}, list(objects.left_out))
    policies = Policies(objects, found.document["rules"], found.warnings)
    for name, slo in objects.found["SLO"].items():
        _Reader(objects, here, found, slo, f"SLO {name}").read(policies)
    for kind in ("DataSource", "AlertNotificationTarget"):
        for name in objects.found[kind]:
            found.warnings.append(
                f"{kind} {name} is left out: sources and channels have addresses and secrets of their own here"
            )
    found.warnings += _unused(objects)
    found.document["slos"] = _composites_last(found.document["slos"])
    found.document = {name: section for name, section in found.document.items() if section}
    if objects.problems:
        found.warnings += objects.problems
    return found


def _composites_last(slos: Mapping[str, Any]) -> dict[str, Any]:
    """What a definition names stands before it."""
    return dict(sorted(slos.items(), key=lambda one: one[1]["sli"] == COMPOSITE))


def _unused(objects: Objects) -> list[str]:
    """What no SLO leads to."""
    return [
        f"{kind} {name} is left out: no SLO of these files leads to it"
        for kind in ("SLI", "AlertPolicy", "AlertCondition", "Service")
        for name in objects.found[kind]
        if (kind, name) not in objects.used
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """An objective that became an SLO, and its weight in the composite."""

    slug: str
    weight: float
    fields: dict[str, Any]


class _Reader:
    """One SLO of the file."""

    def __init__(self, objects: Objects, here: Here, found: Imported, slo: Object, where: str) -> None:
        self.objects, self.here, self.found, self.slo, self.where = objects, here, found, slo, where
        self.spec: Object = slo["spec"]
        self.notes = annotations(slo)

    def warn(self, text: str) -> None:
        told = f"{self.where}: {text}"
        if told not in self.found.warnings:  # of several objectives, once
            self.found.warnings.append(told)

    def read(self, policies: Policies) -> None:
        """Every objective; the rules of its policies watch each of them."""
        self.objects.used.add(("Service", str(self.spec["service"])))
        labels = metadata(self.slo).get("labels")
        if labels:
            self.warn(f"its labels are left out: {', '.join(map(str, labels))}; a rule can have labels")
        if self.notes.get(COMPONENTS):
            self._ours_composed(policies)
            return
        objectives = self.spec["objectives"]
        composed = len(objectives) > 1 and any(one.get("compositeWeight") is not None for one in objectives)
        if len(objectives) > 1 and not composed:
            self.warn(
                f"its {len(objectives)} objectives become as many SLOs, without a composite: none has a compositeWeight"
            )
        parts = []
        for place, objective in enumerate(objectives):
            slug = self._slug(objective, place, alone=len(objectives) == 1)
            fields = self._objective(objective)
            if fields is None:
                continue
            self.found.document["slos"][slug] = fields
            parts.append(Part(slug, float(objective.get("compositeWeight") or 1), fields))
            if not composed:
                self._watched(policies, slug, fields["target"])
        if composed and parts:
            self._compose(parts, policies)

    def _watched(self, policies: Policies, slug: str, target: float) -> None:
        policies.read(self.spec.get("alertPolicies") or [], slug, target, self.where)

    def _compose(self, parts: list[Part], policies: Policies) -> None:
        """One SLO of the objectives, which the policies of the file watch."""
        slug = self._slug({}, 0, alone=True)
        sliced = METHODS[self.spec["budgetingMethod"]] == "timeslices"
        if sliced:
            self.warn(
                "a slice of a composite is bad if any member's is: the composite is the worst of its members here"
            )
        weights = [one.weight for one in parts]
        targets = [one.fields["target"] for one in parts]
        target = round(sum(w * t for w, t in zip(weights, targets, strict=True)) / sum(weights), 12)
        if len(set(targets)) > 1:
            self.warn(f"its objectives have several targets: the composite has their weighted mean, {target:g}")
        self._keep(
            slug,
            {
                **_shared(parts[0].fields),
                "name": (self.notes.get(LONG_NAME) or str(metadata(self.slo).get("displayName") or slug))[:160],
                "composition": "minimum" if sliced else "weighted",
                "components": {one.slug: one.weight for one in parts},
                "target": target,
            },
            policies,
        )

    def _ours_composed(self, policies: Policies) -> None:
        """As it was exported: its components are SLOs of the same file, or are here."""
        objective = self.spec["objectives"][0]
        target = objective["target"] if "target" in objective else round(objective["targetPercent"] / 100, 12)
        try:
            components = json.loads(self.notes[COMPONENTS])
        except ValueError:
            self.warn(f"its annotation {COMPONENTS} is no JSON: left out")
            return
        fields = {
            "name": self._name({}),
            "description": str(self.spec.get("description") or ""),
            **{name: self.notes.get(note, "") for name, note in COMPOSED.items()},
            "model": self._model(self.notes.get(HOME) or slugify(str(self.spec["service"]))),
            "composition": self.notes.get(COMPOSITION, "weighted"),
            "components": components,
            "target": float(target),
            **window_of(self.spec, self.warn),
        }
        kept = {name: value for name, value in fields.items() if value not in ("", None)}
        self._keep(self._slug({}, 0, alone=True), kept, policies)

    def _keep(self, slug: str, fields: dict[str, Any], policies: Policies) -> None:
        self.found.document["slos"][slug] = {"sli": COMPOSITE, **fields}
        self._watched(policies, slug, fields["target"])

    def _slug(self, objective: Object, place: int, *, alone: bool) -> str:
        base = self.notes.get(SLUG) or slugify(str(metadata(self.slo)["name"])) or "slo"
        more = "" if alone else f"-{slugify(str(objective.get('displayName') or '')) or place + 1}"
        slug, taken = f"{base}{more}"[:64].strip("-"), self.found.document["slos"]
        return slug if slug not in taken else f"{slug[:60]}-{len(taken) + 1}"

    def _objective(self, objective: Object) -> dict[str, Any] | None:
        indicator = self._indicator(objective)
        if indicator is None:
            return None
        target = objective["target"] if "target" in objective else round(objective["targetPercent"] / 100, 12)
        if not target:
            self.warn("a target of 0 promises nothing: left out")
            return None
        window = window_of(self.spec, self.warn)
        fields = {
            "name": self._name(objective),
            "description": str(self.spec.get("description") or ""),
            "owner": self.notes.get(OWNER, ""),
            **indicator,
            "target": float(target),
            **window,
            **(method_of(self.spec, objective, window, self.warn) if indicator["sli"] != TIME_SLICES else {}),
        }
        return {name: value for name, value in fields.items() if value not in ("", None)}

    def _name(self, objective: Object) -> str:
        own = self.notes.get(LONG_NAME) or str(metadata(self.slo).get("displayName") or metadata(self.slo)["name"])
        several = len(self.spec["objectives"]) > 1 and objective.get("displayName")
        return (f"{own}: {objective['displayName']}" if several else own)[:160]

    def _indicator(self, objective: Object) -> dict[str, Any] | None:
        """What is counted, of which model."""
        holder = objective if {"indicator", "indicatorRef"} & objective.keys() else self.spec
        if holder.get("indicatorRef"):
            sli = self.objects.named("SLI", holder["indicatorRef"], self.where)
        else:
            sli = holder.get("indicator")
        spec = sli.get("spec") if isinstance(sli, Mapping) else None
        if not isinstance(sli, Mapping) or not isinstance(spec, Mapping):
            self.warn("it has no indicator: left out")
            return None
        source = _source(spec)
        if source.get("type") == SOURCE and isinstance(source.get("spec"), Mapping):
            return self._ours(source["spec"])
        return self._guessed(str(metadata(sli).get("name") or ""), spec, objective)

    def _ours(self, said: Object) -> dict[str, Any]:
        fields = {name: said[name] for name in NAMED if name in said}
        fields["model"] = self._model(str(said.get(MODEL) or self._service()))
        if said.get(ENVIRONMENT):
            fields["environment"] = said[ENVIRONMENT]
        return fields

    def _guessed(self, name: str, spec: Object, objective: Object) -> dict[str, Any] | None:
        said = self.here.indicators.get(name)
        threshold = isinstance(spec.get("thresholdMetric"), Mapping)
        if objective.get("op") and not threshold:
            self.warn(f"op: {objective['op']} means nothing beside a ratio: left out")
        if said and said != "latency":
            return {"model": self._guessed_model(), "sli": said}
        if not threshold and not said:
            self.warn(
                f"the indicator {name!r} reads another source; taken for availability, unless --indicator {name}=… says better"
            )
            return {"model": self._guessed_model(), "sli": "availability"}
        return self._bounded(name, objective, said=said)

    def _guessed_model(self) -> str:
        return self._model(self.here.model or self._service())

    def _service(self) -> str:
        """The service as a slug; what has no letters for one is told apart all the same, and keeps its name."""
        name = str(self.spec["service"])
        return slugify(name) or f"service-{blake2b(name.encode(), digest_size=4).hexdigest()}"

    def _bounded(self, name: str, objective: Object, *, said: str | None) -> dict[str, Any] | None:
        op, value = objective.get("op"), objective.get("value")
        if op in ("gt", "gte") or not isinstance(value, int | float) or value <= 0:
            self.warn(
                f"the indicator {name!r} is no upper bound on a latency: left out, unless --indicator {name}=… says what it is"
            )
            return None
        if not said:
            self.warn(
                f"the indicator {name!r} reads another source; {value:g} is taken for milliseconds of latency, unless --indicator {name}=… says better"
            )
        if op is None:
            self.warn("it has a value and no op: taken for lte")
        if op == "lt":
            self.warn("op: lt; here a value equal to the bound is good too")
        return {"model": self._guessed_model(), "sli": "latency", "bound_ms": float(value)}

    def _model(self, slug: str) -> str:
        if slug not in self.here.models and slug not in self.found.document["models"]:
            named = str(self.spec["service"]) if slug == self._service() else slug
            service = self.objects.found["Service"].get(named, {})
            name = str(metadata(service).get("displayName") or named)
            self.found.document["models"][slug] = {"name": name[:120]}
            self.warn(f"there is no model {slug} ({name}): the definitions make one; say of which kind it is")
        return slug


def _shared(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a composite has of its first component: whose it is, and over how long."""
    names = ("description", "owner", "model", "environment", "window", "calendar", "zone")
    return {name: fields[name] for name in names if name in fields}


def _source(spec: Object) -> Object:
    """The first metricSource of an SLI."""
    ratio = spec.get("ratioMetric")
    held = [
        spec.get("thresholdMetric"),
        *(ratio.get(side) for side in ("good", "bad", "raw") if isinstance(ratio, Mapping)),
    ]
    for one in held:
        if isinstance(one, Mapping) and isinstance(one.get("metricSource"), Mapping):
            found: Object = one["metricSource"]
            return found
    return {}
