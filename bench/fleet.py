"""A hundred models of all kinds with an hour of events, through inbox and drain as any others."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec

from lib.clock import real_now
from models_registry.models import Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.drift.references import set_reference
from monitoring.models import InboxBody, Reference
from monitoring.stats.profile import profile_of_columns

KINDS = {Model.Kind.BINARY: 40, Model.Kind.MULTICLASS: 20, Model.Kind.REGRESSION: 20, Model.Kind.LLM: 20}
MODELS = sum(KINDS.values())
CALLS_AND_PREDICTIONS = 500
LABELLED = 0.8
NUMBERS = 8
CLASSES = ("a", "b", "c", "d", "e")


def make_model(project: Project, slug: str, kind: str) -> Model:
    """With one version."""
    positive = "default" if kind == Model.Kind.BINARY else ""
    model = Model.objects.create(project=project, slug=slug, kind=kind, positive_label=positive, reviewed=True)
    ModelVersion.objects.create(model=model, version="1")
    return model


def fill_fleet(project: Project, *, hour: datetime) -> list[Model]:
    """Every model with a reference where it has features, and an hour of events, most of them labelled or rated."""
    rng = Random(20261126)
    models = [make_model(project, f"{kind}-{number}", kind) for kind, count in KINDS.items() for number in range(count)]
    for model in models:
        if model.kind != Model.Kind.LLM:
            rows = [_features(rng) for _ in range(2_000)]
            table = {name: [row[name] for row in rows] for name in rows[0]}
            set_reference(model.versions.get(), profile_of_columns(table), origin=Reference.Origin.ROWS, now=hour)
    for model in models:
        for kind, items in _bodies(model, rng, hour):
            InboxBody.objects.create(
                project=project,
                kind=kind,
                received_us=int((hour + timedelta(hours=1)).timestamp() * 1e6),
                arrived_at=real_now(),
                items=msgspec.json.encode(items),
                accepted=len(items),
            )
    drain_until_empty(now=hour + timedelta(hours=1))
    return models


def _features(rng: Random) -> dict[str, Any]:
    return {f"f{number}": rng.gauss(0, 1) for number in range(NUMBERS)} | {"city": rng.choice(CLASSES)}


def _bodies(model: Model, rng: Random, hour: datetime) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    ids = [f"{model.slug}-{number}" for number in range(CALLS_AND_PREDICTIONS)]
    moments = {one: int((hour.timestamp() + rng.random() * 3_599) * 1e6) for one in ids}
    if model.kind == Model.Kind.LLM:
        yield "llm_call", [_call(model, rng, one, moments[one]) for one in ids]
        said = [{"target_id": one, "kind": "thumb", "value": rng.choice(("up", "down"))} for one in ids]
        yield "feedback", [thumb | {"ts": moments[thumb["target_id"]]} for thumb in said if rng.random() < LABELLED]
        return
    predictions = [_prediction(model, rng, one, moments[one]) for one in ids]
    yield "prediction", predictions
    yield (
        "outcome",
        [
            {"prediction_id": item["id"], "label": _label(item, rng), "ts": item["ts"] + 1}
            for item in predictions
            if rng.random() < LABELLED
        ],
    )


def _prediction(model: Model, rng: Random, one: str, at: int) -> dict[str, Any]:
    item = {"id": one, "model": model.slug, "version": "1", "ts": at, "features": _features(rng)}
    item["latency_ms"] = rng.lognormvariate(3, 0.5)
    if model.kind == Model.Kind.BINARY:
        return item | {"score": rng.betavariate(1, 4)}
    if model.kind == Model.Kind.MULTICLASS:
        shares = [rng.random() ** 3 for _ in CLASSES]
        scores = {name: share / sum(shares) for name, share in zip(CLASSES, shares, strict=True)}
        return item | {"prediction": max(scores, key=lambda name: scores[name]), "scores": scores}
    return item | {"prediction": rng.lognormvariate(5, 0.4)}


def _label(item: dict[str, Any], rng: Random) -> Any:
    if "scores" in item:
        return item["prediction"] if rng.random() < 0.8 else rng.choice(CLASSES)
    if "score" in item:
        return "default" if rng.random() < item["score"] else "paid"
    return item["prediction"] * rng.lognormvariate(0, 0.2)


def _call(model: Model, rng: Random, one: str, at: int) -> dict[str, Any]:
    return {
        "id": one,
        "model": model.slug,
        "version": "1",
        "ts": at,
        "provider": "openai",
        "request_model": "gpt-4o-mini",
        "user_id": f"u{rng.randrange(400)}",
        "usage": {
            "input": rng.randrange(50, 4_000),
            "cached_input": rng.randrange(2_000),
            "output": rng.randrange(1, 900),
        },
        "finish_reason": rng.choice(("stop", "stop", "stop", "length", "content_filter", None)),
        "latency_ms": rng.lognormvariate(7, 0.5),
        "ttft_ms": rng.lognormvariate(5, 0.4),
    }
