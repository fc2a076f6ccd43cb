"""The drain: inbox to events and summaries, once."""

from datetime import datetime, timedelta

import pytest

from models_registry.models import Deployment, Model, ModelVersion, Project
from monitoring.drain import drain
from monitoring.drain.rows import MODELS
from monitoring.models import Bucket, Category, InboxBody, LLMCall, LogRecord, Outcome, Prediction
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats.histogram import unpack
from monitoring.stats.layouts import confusion_bin
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db


def call(event_id: str, **more: object) -> dict[str, object]:
    return {"id": event_id, "model": "credit-risk", "version": "1", "latency_ms": 12.5, **more}


def bins(metric: str) -> dict[int, int]:
    from_rows: dict[int, int] = {}
    for bucket in Bucket.objects.filter(tier=0, series__metric=metric):
        found, counts = unpack(bucket.bins)
        for bin_, count in zip(found.tolist(), counts.tolist(), strict=True):
            from_rows[bin_] = from_rows.get(bin_, 0) + count
    return from_rows


def test_the_columns_of_rows_are_the_columns_of_their_models():
    for row_type, model in MODELS.items():
        assert set(row_type._fields) == {field.column for field in model._meta.concrete_fields}


def test_a_prediction_is_stored_folded_and_counted(project: Project, put: Put, now: datetime):
    put("prediction", call("a", prediction="default", score=0.9, features={"age": 30}), rejected=2)
    summary = drain(now=now)
    assert summary.written == 1
    stored = Prediction.objects.get()
    assert (stored.event_id, stored.prediction, stored.latency_us) == ("a", "default", 12_500)
    assert stored.payload == '{"features":{"age":30}}'
    assert bins("status") == {0: 1}
    assert bins("decision") == {1: 1}
    total = read_ledger(project_id=project.id)["total"]
    assert [name for name, count in total.items() if count == 1] == ["accepted", "stored"]
    assert (total["received"], total["rejected"], total["pending"]) == (3, 2, 0)


@pytest.mark.parametrize("kind", ["prediction", "llm_call", "outcome", "feedback", "event", "log"])
def test_a_body_whose_items_were_all_refused_is_counted_and_holds_nobody_up(
    project: Project, put: Put, now: datetime, caplog: pytest.LogCaptureFixture, kind: str
):
    put(kind, rejected=3)
    assert drain(now=now).seen == 0
    put(kind, rejected=2)
    put("prediction", call("a", prediction="default"))
    assert drain(now=now).written == 1
    total = read_ledger(project_id=project.id)["total"]
    assert (total["received"], total["rejected"], total["stored"], total["pending"]) == (6, 5, 1, 0)
    assert caplog.messages == []


def test_the_same_id_is_stored_once_whatever_its_time(project: Project, put: Put, now: datetime):
    put("prediction", call("a"), call("a"), call("b"))
    put("prediction", call("b", ts=micros(now - timedelta(days=3))))
    drain(now=now)
    put("llm_call", call("a"), call("c"))
    drain(now=now)
    assert Prediction.objects.count() == 2
    assert LLMCall.objects.count() == 1
    assert bins("status") == {0: 3}
    kinds = read_ledger(project_id=project.id)["kinds"]
    assert (kinds["prediction"]["duplicate"], kinds["llm_call"]["duplicate"]) == (2, 1)


def test_an_outcome_joins_before_and_after_its_prediction(put: Put, now: datetime):
    put("outcome", {"id": "o1", "prediction_id": "early", "label": "paid"})
    drain(now=now)
    put("prediction", call("early", prediction="default"), call("late", prediction="default"))
    drain(now=now)
    put("outcome", {"id": "o2", "prediction_id": "late", "label": "default"})
    drain(now=now)
    assert dict(Prediction.objects.values_list("event_id", "label")) == {"early": "paid", "late": "default"}
    assert not Outcome.objects.filter(target_ref=None).exists()
    assert sum(bins("confusion").values()) == 2


def test_the_newest_outcome_corrects_the_summaries(put: Put, now: datetime):
    put("prediction", call("a", prediction="default"))
    put("outcome", {"id": "o1", "prediction_id": "a", "label": "paid", "ts": micros(now)})
    put("outcome", {"id": "o0", "prediction_id": "a", "label": "default", "ts": micros(now)})
    drain(now=now)
    assert Prediction.objects.get().label == "paid"  # equal times: the greater id
    put("outcome", {"id": "o2", "prediction_id": "a", "label": "default", "ts": micros(now) + 1})
    drain(now=now)
    assert Prediction.objects.get().label == "default"
    code = Category.objects.get(value="default").code
    assert bins("confusion") == {confusion_bin(code, code): 1}


def test_feedback_counts_the_newest_of_each_person(put: Put, now: datetime):
    put("feedback", {"id": "f1", "target_id": "a", "value": True, "user_id": "ana"})
    put("llm_call", call("a"))
    drain(now=now)
    assert bins("feedback") == {0: 1, 1: 1}
    put("feedback", {"id": "f2", "target_id": "a", "value": "down", "user_id": "ana", "ts": micros(now) + 1})
    put("feedback", {"id": "f3", "target_id": "a", "value": 4, "kind": "score", "user_id": "bia"})
    drain(now=now)
    assert bins("feedback") == {0: 1, 2: 1, 3: 1}


def test_a_score_alone_is_decided_by_the_threshold(credit_risk: Model, put: Put, now: datetime):
    put("prediction", call("a", score=0.7), call("b", score=0.2), call("c", status="error", score=0.9))
    drain(now=now)
    decided = dict(Prediction.objects.values_list("event_id", "prediction"))
    assert decided == {"a": "default", "b": "not default", "c": "default"}
    assert sum(bins("decision").values()) == 2


def test_unknown_names_are_registered_unreviewed_up_to_a_cap(put: Put, now: datetime, settings):
    settings.INGEST = {**settings.INGEST, "unreviewed_cap": 2}
    put("prediction", *(call(str(n), model=f"model-{n}") for n in range(4)))
    drain(now=now)
    assert set(Model.objects.values_list("slug", flat=True)) == {"model-0", "model-1", "other"}
    assert not ModelVersion.objects.filter(reviewed=True).exists()
    assert Prediction.objects.filter(version__model__slug="other").count() == 2


def test_a_deploy_becomes_a_change_marker_once(credit_risk: Model, put: Put, now: datetime):
    deploy = {"id": "d", "kind": "deploy", "name": "v2", "model": "credit-risk", "version": "2"}
    put("event", deploy, {"id": "sale", "name": "sale", "value": 3.0})
    put("event", deploy)
    drain(now=now)
    mark = Deployment.objects.get()
    assert (mark.version.version, mark.note, mark.at) == ("2", "v2", now)


def test_logs_and_calls_keep_what_has_no_column_in_the_payload(put: Put, now: datetime):
    put("log", {"id": "l", "message": "hello", "request_id": "r", "extra": {"a": 1}})
    put("llm_call", call("c", prompt="hi", usage={"input": 5, "output": 0}, cost_usd=0.001, finish_reason="length"))
    drain(now=now)
    assert LogRecord.objects.get().payload == '{"extra":{"a":1}}'
    stored = LLMCall.objects.get()
    assert (stored.payload, bytes(stored.texts)) == ('{"sizes":[2,null,null]}', b'{"prompt":"hi"}')
    assert bins("finish") == {2: 1}
    assert Bucket.objects.get(series__metric="reported_cost").total == 1_000_000
    assert set(Bucket.objects.filter(series__metric="tokens").values_list("series__key", "total")) == {
        ("input", 5),
        ("output", 0),
    }


def test_nothing_is_left_in_the_inbox(put: Put, now: datetime):
    for n in range(30):
        put("prediction", call(str(n)))
    drain(now=now)
    assert not InboxBody.objects.exists()


def test_an_outcome_that_only_tells_a_value_keeps_the_label(put: Put, now: datetime):
    put("prediction", call("a", prediction="default"))
    put("outcome", {"id": "o1", "prediction_id": "a", "label": "default", "ts": micros(now - timedelta(hours=1))})
    drain(now=now)
    put("outcome", {"id": "o2", "prediction_id": "a", "value": 1_200, "ts": micros(now)})
    drain(now=now)
    stored = Prediction.objects.get()
    assert (stored.label, stored.label_value) == ("default", 1_200)
    assert bins("confusion") == {confusion_bin(1, 1): 1}


def test_the_score_of_the_positive_class_is_read_from_scores(project: Project, put: Put, now: datetime):
    Model.objects.create(project=project, slug="credit-risk", positive_label="default")
    put("prediction", call("a", scores={"paid": 0.4, "default": 0.6}), call("b", scores={"x": 0.5, "y": 0.5}))
    drain(now=now)
    assert dict(Prediction.objects.values_list("event_id", "score")) == {"a": 0.6, "b": None}
    assert set(Prediction.objects.values_list("prediction", flat=True)) == {"default", "x"}
    metrics = Bucket.objects.filter(tier=0).values_list("series__metric", "n")
    assert {metric: n for metric, n in metrics if "score" in metric} == {"score": 1, "class_score": 1}


def test_scores_by_class_are_counted_and_amended_as_their_events_say(project: Project, put: Put, now: datetime):
    scores = {"cat": 0.7, "dog": 0.2, "eel": 0.1}
    put("prediction", *(call(f"p{place}", version=str(place % 2), scores=scores) for place in range(6)))
    drain(now=now)
    put("outcome", {"prediction_id": "p1", "label": "dog"}, {"prediction_id": "p2", "label": "cat"})
    drain(now=now)
    put("outcome", {"prediction_id": "p1", "label": "fox", "ts": micros(now) + 1})
    drain(now=now)
    assert recount(start=now - timedelta(hours=1), end=now + timedelta(hours=1)) == []
    scope = Scope(project.pk, Model.objects.get().pk)
    tally = read_tally(scope, {"class_score"}, start=now, end=now + timedelta(minutes=1))
    versions = map(str, ModelVersion.objects.values_list("id", flat=True))
    assert {key: cell.n for (_, key), cell in tally.cells.items()} == dict.fromkeys(versions, 3)
