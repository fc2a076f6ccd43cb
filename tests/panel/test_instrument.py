"""Every block of `docs/instrument/` is run as it stands, with a real address and key in it, and its event is stored."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import atalaia
import numpy as np
import pytest
import yaml
from atalaia.client import client
from celery.contrib.testing.worker import start_worker
from django.test import RequestFactory
from django.utils.module_loading import import_string
from opentelemetry.sdk.trace import TracerProvider
from sklearn.linear_model import LogisticRegression
from starlette.testclient import TestClient

from config.settings import MIDDLEWARE
from lib.clock import real_now
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall, LogRecord, Prediction
from panel.pages.ways import WAYS, ways

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
Blocks = Callable[[str], list[str]]


@pytest.fixture
def blocks(live_server, project) -> Iterator[Blocks]:
    """The blocks of a way with the address of a running panel and a key of its own; the first of Python's ways installs."""
    forget_keys()
    key = create_key(project=project, name="first", scopes=["ingest"])[1]
    found = {way.slug: [block.text for block in way.blocks] for way in ways(address=live_server.url, key=key)}
    yield lambda slug: [text for text in found[slug] if not text.startswith("pip install")]
    client().close()
    atalaia.init(url="", key="")
    forget_keys()


def run(code: str, **names: Any) -> dict[str, Any]:
    """In a module of its own, as a file would be."""
    module = ModuleType("pasted")
    vars(module).update(names)
    exec(compile(code, "pasted.py", "exec"), vars(module))
    return vars(module)


def arrived() -> list[Prediction]:
    assert atalaia.flush(20)
    drain_until_empty(now=real_now())
    return list(Prediction.objects.order_by("pk"))


def lines(code: str) -> int:
    """What somebody has to understand: neither blank, nor an import, nor the function they have already."""
    return len([line for line in code.splitlines() if "atalaia" in line])


@pytest.mark.programs("curl")
def test_curl(blocks):
    (command,) = blocks("curl")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    assert '"accepted":1' in done.stdout.replace(" ", "")
    drain_until_empty(now=real_now())
    assert Model.objects.get().slug == "my-model"


def test_python(blocks):
    (code,) = blocks("python")
    run(code)
    (item,) = arrived()
    assert item.prediction == "leaves"
    assert set(Model.objects.get().versions.values_list("version", flat=True)) == {"v1"}
    assert lines(code) <= 5


def test_scikit_learn(blocks):
    (code,) = blocks("scikit-learn")
    X = np.random.default_rng(0).normal(size=(50, 3))
    run(code, X=X, model=LogisticRegression().fit(X, X[:, 0] > 0))
    assert len(arrived()) == 5
    assert lines(code) <= 5


def test_fastapi(blocks):
    (code,) = blocks("fastapi")
    app = run(code)["app"]
    answer = TestClient(app).post("/score", json={"months": 2}, headers={"X-Request-ID": "r-1"})
    assert answer.json() == "leaves"
    (item,) = arrived()
    assert (item.prediction, item.request_id) == ("leaves", "r-1")
    assert lines(code) <= 6


def test_django(blocks):
    settings_code, views_code = blocks("django")
    pasted = run(settings_code, MIDDLEWARE=list(MIDDLEWARE))["MIDDLEWARE"]
    assert pasted[1:] == MIDDLEWARE
    view = import_string(pasted[0])(run(views_code)["score"])
    assert view(RequestFactory().get("/", headers={"X-Request-ID": "r-1"})).content == b"leaves"
    (item,) = arrived()
    assert (item.prediction, item.request_id) == ("leaves", "r-1")


def test_celery(blocks):
    (code,) = blocks("celery")
    names = run(code)
    with start_worker(names["app"], pool="solo", perform_ping_check=False, shutdown_timeout=60):
        with atalaia.context(request_id="r-1"):
            names["score"].delay(2)
        wait_for_one()
    (item,) = arrived()
    assert (item.prediction, item.request_id) == ("leaves", "r-1")


def wait_for_one() -> None:
    until = real_now().timestamp() + 20
    while not (client().buffer or client().tally.sent) and real_now().timestamp() < until:
        client().flush(0.05)


def test_loguru(blocks):
    loguru = importlib.import_module("loguru")
    loguru.logger.remove()
    try:
        run(blocks("loguru")[0])
    finally:
        loguru.logger.remove()
    arrived()
    assert LogRecord.objects.get().message == "order 18 was scored"


def test_prometheus(blocks, live_server):
    (text,) = blocks("prometheus")
    (job,) = yaml.safe_load(text)["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    assert live_server.url == f"http://{target}"
    done = subprocess.run(["curl", "-sf", f"{live_server.url}{job['metrics_path']}"], capture_output=True, check=True)
    assert b"atalaia_" in done.stdout


@pytest.mark.parametrize(
    ("slug", "instrumentor", "application"),
    [("openai", "OpenAIInstrumentor", "my-assistant"), ("langchain", "LangChainInstrumentor", "my-chain")],
)
def test_opentelemetry_brings_calls_of_an_application_with_a_name(blocks, monkeypatch, slug, instrumentor, application):
    """The instrumentations want the clients they instrument: one stands in that takes the provider as they do."""
    given: dict[str, TracerProvider] = {}
    stand_in = ModuleType(f"openinference.instrumentation.{slug}")
    vars(stand_in)[instrumentor] = lambda: SimpleNamespace(instrument=given.update)
    for name in ("openinference", "openinference.instrumentation"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    (code,) = blocks(slug)
    run(code)
    called = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 3}
    with given["tracer_provider"].get_tracer("tests").start_as_current_span("chat", attributes=called):
        pass
    given["tracer_provider"].shutdown()
    drain_until_empty(now=real_now())
    assert LLMCall.objects.get().request_model == "gpt-4o"
    assert Model.objects.get().slug == application


def test_every_way_is_tried_here():
    tried = {
        "curl",
        "python",
        "scikit-learn",
        "fastapi",
        "django",
        "celery",
        "openai",
        "langchain",
        "loguru",
        "prometheus",
    }
    assert {slug for slug, *_ in WAYS} == tried
