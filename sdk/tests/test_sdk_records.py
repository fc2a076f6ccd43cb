"""What is recorded arrives, by the names of the wire contract, whatever Python objects it was made of."""

import datetime
import decimal
import enum
import math
import re
import time
import uuid
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import atalaia
from atalaia import encode, frozen
from atalaia.client import client
from atalaia.ids import chance, new_id

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Colour(enum.Enum):
    RED = "red"


def test_a_prediction_its_outcome_and_feedback(sent):
    made = atalaia.prediction("churn", "leaves", score=0.8, features={"months": 3}, version="v1", colour="red")
    assert UUID7.fullmatch(made)
    assert atalaia.last_id() == made
    atalaia.outcome(made, "stays", value=12.5)
    atalaia.feedback(made, True, comment="so it was")
    atalaia.event("purchase", 99.9, model="churn")
    atalaia.log("done", level="warning", step=3)
    (item,) = sent("predictions")
    assert abs(item.pop("ts") - time.time()) < 60
    assert item == {
        "id": made, "model": "churn", "prediction": "leaves", "score": 0.8, "features": {"months": 3}, "version": "v1",
        "colour": "red",
    }  # fmt: skip
    (outcome,), (feedback,) = sent("outcomes"), sent("feedback")
    assert (outcome["prediction_id"], outcome["label"], outcome["value"]) == (made, "stays", 12.5)
    assert (feedback["target_id"], feedback["value"], feedback["comment"]) == (made, "up", "so it was")
    assert (sent("events")[0]["name"], sent("logs")[0]["step"]) == ("purchase", 3)
    assert all(UUID7.fullmatch(item["id"]) for item in (outcome, feedback))


def test_defaults_of_init_and_ids_of_the_request_go_with_every_prediction(start):
    receiver = start(model="churn", version="v3", environment="staging")
    with atalaia.context(request_id="r-1", user_id="u-1", trace_id="ab" * 16, span_id="cd" * 8):
        atalaia.prediction(prediction=1)
        atalaia.set_user("u-2", session_id="s-2")
        atalaia.prediction(prediction=2, version="v4")
    atalaia.prediction(prediction=3)
    assert atalaia.flush(20)
    first, second, third = receiver.of("predictions")
    assert (first["model"], first["version"], first["environment"]) == ("churn", "v3", "staging")
    assert (first["request_id"], first["user_id"], first["trace_id"]) == ("r-1", "u-1", "ab" * 16)
    assert (second["user_id"], second["session_id"], second["version"]) == ("u-2", "s-2", "v4")
    assert "request_id" not in third
    assert "user_id" not in third


ODD = {
    "nan": float("nan"),
    "infinite": math.inf,
    "numpy": np.float64(1.5),
    "numpy_nan": np.float32("nan"),
    "flag": np.bool_(True),
    "array": np.arange(3),
    "when": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
    "day": datetime.date(2026, 1, 2),
    "money": decimal.Decimal("1.25"),
    "colour": Colour.RED,
    "bytes": b"\x00\x01",
    "set": {1},
    "path": PurePosixPath("/a/b"),
    "uuid": uuid.UUID(int=7),
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    ("tuple", "key"): 1,
    "object": object,
}


def test_whatever_is_recorded_is_written_as_json_that_the_panel_takes(sent):
    cycle: list = []
    cycle.append(cycle)
    atalaia.prediction("m", 1, features=ODD, cycle=cycle)
    (item,) = sent("predictions")
    features = item["features"]
    assert (features["nan"], features["infinite"], features["numpy_nan"]) == (None, None, None)
    assert (features["numpy"], features["flag"], features["array"]) == (1.5, True, [0, 1, 2])
    assert (features["when"], features["day"]) == ("2026-01-02T00:00:00+00:00", "2026-01-02")
    assert (features["money"], features["colour"], features["set"]) == (1.25, "red", [1])
    assert (features["path"], features["uuid"]) == ("/a/b", str(uuid.UUID(int=7)))
    assert (features["nul"], features["surrogate"]) == ("ab", "a?b")
    assert features["('tuple', 'key')"] == 1
    assert item["cycle"][0][0]


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5) | st.dates()


def ordered(inner):
    named = st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    return st.lists(inner, max_size=4) | named | st.tuples(inner, inner)


anything = st.recursive(leaves, lambda inner: ordered(inner) | st.sets(st.integers(), max_size=3), max_leaves=12)


@given(anything)
@settings(max_examples=200, deadline=None)
def test_anything_at_all_can_be_encoded(value):
    line = encode.encode({"value": value})
    text = line.decode("utf-8")
    assert "\n" not in text
    assert "NaN" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert b"\\u0000" not in line


@given(st.recursive(leaves, ordered, max_leaves=12))
@settings(max_examples=200, deadline=None)
def test_what_is_written_later_is_what_would_have_been_written_at_once(value):
    assert frozen.line(frozen.freeze({"value": value})) == encode.encode({"value": value})


@pytest.mark.parametrize("name", ODD)
def test_what_json_does_not_know_is_written_alike_at_once_and_later(name):
    item = {"beside": [{"score": 0.5}], "odd": ODD[name], "by": {name: 1}}
    assert frozen.line(frozen.freeze(item)) == encode.encode(item)


def test_an_item_that_is_too_large_is_cut_and_says_so(sent):
    prompt = "a" * 3_000_000
    with atalaia.llm_call("m", prompt=prompt):
        pass
    with atalaia.llm_call("m", prompt=["b" * 20_000] * 100):
        pass
    cut, cut_more = sent("llm-calls")
    assert cut["prompt"] == "a" * encode.MAX_TEXT
    assert cut_more["cut_by_client"]
    with atalaia.llm_call("m", prompt=["c" * 20_000] * 1_000):
        pass
    assert client().tally.dropped == {"item_too_large": 1}


def test_what_is_changed_after_recording_does_not_change_the_record(sent):
    messages = [{"role": "user", "content": "hello"}]
    with atalaia.llm_call("chat", prompt=messages):
        pass
    messages[0]["content"] = "changed"
    messages.append({"role": "user", "content": "later"})
    assert sent("llm-calls")[0]["prompt"] == [{"role": "user", "content": "hello"}]


def test_neither_arrays_nor_objects_of_the_program_are_kept_to_be_written_later(sent):
    array, thing = np.arange(3), enum.Enum("Thing", {"A": [1]}).A
    atalaia.prediction("m", 1, features={"array": array}, thing=thing)
    array[0] = 9
    thing.value.append(2)
    (item,) = sent("predictions")
    assert (item["features"]["array"], item["thing"]) == ([0, 1, 2], [1])


def test_sampling_decides_alike_for_a_prediction_and_its_outcome(start):
    receiver = start(sample_rate=0.3)
    ids = [atalaia.prediction("m", 1) for _ in range(600)]
    for made in ids:
        atalaia.outcome(made, 1)
    atalaia.log("never sampled by a number")
    assert atalaia.flush(20)
    kept = {item["id"] for item in receiver.of("predictions")}
    assert kept == {item["prediction_id"] for item in receiver.of("outcomes")}
    assert 120 < len(kept) < 240
    assert receiver.of("predictions")[0]["sample_rate"] == 0.3
    assert len(receiver.of("logs")) == 1


def test_a_function_may_decide_what_is_sampled_and_may_fail(start):
    receiver = start(sample_rate=lambda kind, item: {"keep": 1.0, "drop": 0.0}[item["model"]])
    for model in ("keep", "drop", "unknown"):
        atalaia.prediction(model, 1)
    assert atalaia.flush(20)
    assert [item["model"] for item in receiver.of("predictions")] == ["keep", "unknown"]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_chance_is_a_share(texts):
    assert all(0 <= chance(text) < 1 for text in texts)


def test_chance_is_even_over_ids_of_one_moment():
    values = sorted(chance(new_id()) for _ in range(2_000))
    assert max(abs(value - place / 2_000) for place, value in enumerate(values)) < 0.05


def test_before_send_changes_holds_back_and_fails_closed(start, caplog):
    def hook(kind, item):
        if item["prediction"] == "secret":
            return None
        if item["prediction"] == "broken":
            raise RuntimeError("oops")
        item["features"].pop("name")
        return item

    receiver = start(before_send=hook)
    for label in ("fine", "secret", "broken", "broken"):
        atalaia.prediction("m", label, features={"name": "Ana", "age": 3})
    assert atalaia.flush(20)
    (item,) = receiver.of("predictions")
    assert (item["prediction"], item["features"]) == ("fine", {"age": 3})
    assert atalaia.stats()["dropped"] == {"before_send": 1, "before_send_failed": 2}
    assert len([line for line in caplog.messages if "before_send failed" in line]) == 1


def test_content_stays_at_home_if_it_should(start):
    receiver = start(capture_content=False)
    atalaia.prediction("m", 1, features={"age": 3})
    with atalaia.llm_call("chat", prompt="hello", system="be kind") as call:
        call.response, call.usage = "hi", {"input": 1}
    assert atalaia.flush(20)
    assert "features" not in receiver.of("predictions")[0]
    (item,) = receiver.of("llm-calls")
    assert not {"prompt", "system", "response"} & set(item)
    assert item["usage"] == {"input": 1}


@pytest.mark.parametrize("given", [{}, {"url": "http://127.0.0.1:9"}])
def test_without_a_key_nothing_happens_and_nothing_is_said(start, given, capfd, caplog):
    atalaia.init(**given)
    made = atalaia.prediction("m", 1)
    assert UUID7.fullmatch(made)
    assert atalaia.last_id() == made
    assert atalaia.flush()
    assert atalaia.stats() == {"sent": 0, "queued": 0, "dropped": {}}
    assert [record.levelname for record in caplog.records if record.levelno > 20] == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "mend"),
    [({"url": ""}, "ATALAIA_URL"), ({"url": "panel:8000"}, "ATALAIA_URL"), ({"key": "at_ç"}, "ATALAIA_KEY")],
)
def test_what_cannot_be_used_is_told_with_its_mend_and_raises_nothing(start, options, mend, caplog):
    start(**options)
    atalaia.prediction("m", 1)
    assert [mend in line for line in caplog.messages] == [True]


def test_the_environment_is_read(start, receiver, monkeypatch):
    monkeypatch.setenv("ATALAIA_URL", receiver.url + "/")
    monkeypatch.setenv("ATALAIA_KEY", "at_from_environment")
    monkeypatch.setenv("ATALAIA_MODEL", "churn")
    atalaia.init(flush_interval=0.02)
    atalaia.prediction(prediction=1)
    assert atalaia.flush(20)
    assert receiver.headers[0]["authorization"] == "Bearer at_from_environment"
    assert receiver.headers[0]["content-encoding"] == "gzip"
    assert receiver.of("predictions")[0]["model"] == "churn"
