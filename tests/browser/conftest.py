"""The demonstration and the browser: started once for this folder, stopped whatever happens."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from panel.pages.model_tabs import tabs_for
from tests.browser.demonstration import Demonstration, wait_for
from tests.browser.eyes import Window

CALM = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
CALM += ["--disable-component-update", "--disable-default-apps", "--no-first-run"]
FIGURES: list[str] = []

# Package scope, not session: Playwright keeps an event loop running in this thread, in which no other folder's
# test could ask the database anything.


@pytest.fixture(scope="package")
def demonstration() -> Iterator[Demonstration]:
    """The story told up to now; what starting and telling took is said in the summary."""
    # Not pytest's own temporary folder: it is cleared away by the third run that starts meanwhile.
    with TemporaryDirectory(prefix="atalaia-walk-") as folder:
        demonstration = Demonstration(Path(folder))
        try:
            demonstration.first_page = demonstration.start()
            FIGURES.append(f"first page after {demonstration.first_page:.1f} s")
            FIGURES.append(f"story told in {demonstration.wait_until_told()} s")
            yield demonstration
        finally:
            code = demonstration.stop()
            wait_for(lambda: not demonstration.living(), 20, "the end of every process")
        assert code == 0, demonstration.output()[-3000:]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for figure in FIGURES:
        terminalreporter.write_line(f"demonstration: {figure}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's own Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.fail("no Chromium on PATH: install it (apt-get install chromium); the walks are never left out")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CALM)
        yield browser
        browser.close()


@pytest.fixture
def open_window(demonstration: Demonstration, chromium: Browser) -> Callable[..., Window]:
    """A window with options of a Playwright context; it is a context manager."""
    return lambda **options: Window(chromium, demonstration.url, options)


@pytest.fixture(scope="package")
def member(demonstration: Demonstration, chromium: Browser) -> StorageState:
    """The cookies of somebody who is logged in."""
    with Window(chromium, demonstration.url, {"locale": "pt-BR"}) as window:
        window.log_in(*demonstration.login)
        return window.context.storage_state()


@pytest.fixture(scope="package")
def pages(demonstration: Demonstration, chromium: Browser, member: StorageState) -> dict[str, str]:
    """Every page of the panel by name, those of one thing with the newest one there is."""
    with Window(chromium, demonstration.url, {"storage_state": member}) as window:
        return {name: window.find(where) for name, where in PLACES.items()}


PLACES: dict[str, Any] = {
    "login": "/login/",
    "home": "/p/demo/",
    "models": "/p/demo/models/",
    "classifier": "/p/demo/models/credit-risk/",
    "assistant": "/p/demo/models/support-assistant/",
    "regression": "/p/demo/models/delivery-time/",
    **{
        f"{slug} {tab.slug}": f"/p/demo/models/{slug}/{tab.slug}/"
        for slug, kind in (("credit-risk", "binary"), ("support-assistant", "llm"), ("delivery-time", "regression"))
        for tab in tabs_for(kind)
        if tab.slug
    },
    "prompt": ("/p/demo/models/support-assistant/prompts/", "main tbody a"),
    "comments": "/p/demo/comments/",
    "measures": "/p/demo/measures/",
    "measure": "/p/demo/measures/?model=delivery-time&measure=mae&range=7d",
    "slos": "/p/demo/slos/",
    "slo": ("/p/demo/slos/", "main tbody a"),
    "incidents": "/p/demo/incidents/",
    "incident": ("/p/demo/incidents/", "main tbody a"),
    "runbooks": "/p/demo/runbooks/",
    "runbook": ("/p/demo/runbooks/", "main tbody a"),
    "reviews": "/p/demo/reviews/",
    "review": ("/p/demo/reviews/", "main tbody a"),
    "predictions": "/p/demo/predictions/",
    "prediction": ("/p/demo/predictions/", "main tbody a"),
    "LLM calls": "/p/demo/llm-calls/",
    "LLM call": ("/p/demo/llm-calls/", "main tbody a"),
    "collection": "/p/demo/collection/",
    "exports": "/p/demo/exports/",
    "search": "/search/?q=credit",
    "admin": "/admin/",
    "admin list": "/admin/alerting/alertrule/",
    "admin form": ("/admin/alerting/alertrule/", "#result_list tbody th a"),
}
