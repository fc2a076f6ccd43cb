"""The whole way: a program with this library, a panel in processes of its own, and what the panel then knows."""

from collections.abc import Iterator

import pytest
from tests.house import House, house, web

import atalaia
from atalaia.client import client


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as mine, web(mine):
        yield mine


@pytest.fixture
def begin(panel) -> Iterator[None]:
    atalaia.init(panel.url, panel.key, flush_interval=0.05)
    yield
    client().close()
    atalaia.init(url="", key="")


@pytest.mark.usefixtures("begin")
def test_every_kind_is_stored_and_what_is_sent_twice_is_counted_once(panel):
    made = atalaia.prediction("churn", "leaves", score=0.81, features={"months": 3, "plan": None}, latency_ms=7.9)
    atalaia.outcome(made, "leaves")
    with atalaia.llm_call(
        "helpdesk", provider="openai", request_model="gpt-4o", prompt=[{"role": "user", "content": "Where?"}]
    ) as call:
        call.record(
            {
                "id": "chatcmpl-1", "model": "gpt-4o-2024-08-06",
                "choices": [{"message": {"content": "On its way."}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16},
            }
        )  # fmt: skip
    atalaia.feedback(call.id, True)
    atalaia.event("purchase", 12.5, model="churn")
    atalaia.event(kind="deploy", model="churn", version="v2")
    atalaia.log("all is well", level="warning", step=1)
    atalaia.prediction("churn", "leaves", id=made)  # the same again
    with pytest.raises(ZeroDivisionError), atalaia.llm_call("helpdesk", prompt="?"):
        raise ZeroDivisionError("division by zero")
    assert atalaia.flush(30)
    panel.manage("drain")
    total = panel.get("/api/v1/ledger")["total"]
    assert (total["received"], total["rejected"], total["duplicate"], total["stored"]) == (9, 0, 1, 8)
    (prediction,) = panel.get("/api/v1/predictions?model=churn")["items"]
    assert (prediction["id"], prediction["score"]) == (made, 0.81)
    assert prediction["features"]["months"] == 3
    calls = {item["status"]: item for item in panel.get("/api/v1/llm-calls?model=helpdesk")["items"]}
    assert (calls["ok"]["response"], calls["ok"]["finish_reason"]) == ("On its way.", "stop")
    assert (calls["ok"]["usage"]["input"], calls["ok"]["usage"]["output"]) == (12, 4)
    assert calls["error"]["error_type"] == "ZeroDivisionError"


@pytest.mark.usefixtures("begin")
def test_what_the_panel_refuses_is_told_in_its_own_words(panel, caplog):
    atalaia.prediction("churn", 1, score=7)
    assert atalaia.flush(30)
    assert "out_of_range" in caplog.text
    assert "field score" in caplog.text


def test_a_key_that_the_panel_does_not_know(panel, caplog):
    atalaia.init(panel.url, "at_000000000000_unknown", flush_interval=0.05)
    atalaia.prediction("churn", 1)
    assert atalaia.flush(30)
    client().close()
    assert "ATALAIA_KEY" in caplog.text
