"""Quality through the whole drain: however events are cut into bodies, in whatever order they come, the summaries are the same."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from models_registry.models import Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.models import Bucket, Prediction
from monitoring.selectors.ledger import read_ledger
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
METRICS = ("error", "error_sums", "value", "rank", "label_lag", "label_corrected")
HOUR = timedelta(hours=1)


def events(now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Regressions and ranked lists; some labelled, some twice, some differently; resends and orphans among them."""
    rng = random.Random(4)
    told: list[tuple[str, dict[str, Any]]] = []
    for place in range(40):
        ranked = place % 3 == 0
        at = now - HOUR + timedelta(seconds=50 * place)
        answer = rng.sample(range(9), 6) if ranked else rng.gauss(100, 30)
        item = {
            "id": f"p{place}",
            "model": "next" if ranked else "price",
            "version": "1",
            "prediction": answer,
            "ts": micros(at),
        }
        told.append(("prediction", item))
        for again in range(rng.randrange(3)):
            label = rng.randrange(9) if ranked else rng.choice([rng.gauss(100, 30), "unknown"])
            said = {"id": f"o{place}-{again}", "prediction_id": f"p{place}", "label": label}
            told.append(("outcome", {**said, "ts": micros(at + timedelta(minutes=7 + again))}))
    told += [("outcome", {"id": "lost", "prediction_id": "never", "label": 1, "ts": micros(now)})]
    return told + rng.sample(told, 8)


def contents(project: Project) -> dict[Any, Any]:
    rows = Bucket.objects.filter(series__project=project, series__metric__in=METRICS, tier=0).select_related(
        "series__version__model"
    )
    return {
        (row.series.version.model.slug, row.series.metric, row.start): (row.n, row.total, bytes(row.bins))
        for row in rows
        if row.n or row.bins
    }


def play(project: Project, now: datetime, rng: random.Random) -> dict[Any, Any]:
    """The events of one kind of cut, drained now and then."""
    told = events(now)
    rng.shuffle(told)
    while told:
        cut = rng.randint(1, 12)
        part, told = told[:cut], told[cut:]
        for kind in ("outcome", "prediction"):
            if items := [item for one, item in part if one == kind]:
                put_body(project, kind, items, received=now)
        if rng.random() < 0.5:
            drain_until_empty(now=now)
    drain_until_empty(now=now)
    assert recount(start=now - 2 * HOUR, end=now + HOUR) == []
    assert read_ledger(project_id=project.pk)["orphans"] == {"outcome": 1}
    return contents(project)


def test_every_cut_and_order_gives_the_same_summaries(project: Project, other_project: Project, now: datetime):
    found = []
    for seed, mine in enumerate((project, other_project)):
        for slug, kind in (("price", Model.Kind.REGRESSION), ("next", Model.Kind.MULTICLASS)):
            model = Model.objects.create(project=mine, slug=slug, kind=kind, reviewed=True)
            ModelVersion.objects.create(model=model, version="1", reviewed=True)
        found.append(play(mine, now, random.Random(seed)))
    assert found[0] == found[1]
    assert {metric for _, metric, _ in found[0]} == set(METRICS)
    assert Prediction.objects.count() == 80
