"""Every page: light, within its window, without strangers, and readable for everybody."""

import pytest
from axe_core_python.base import AXE_SCRIPT

from tests.browser.eyes import DESKTOP, PHONE

pytestmark = pytest.mark.slow

WIDTHS = (360, 390, 768, 1440)
THEMES = ("light", "dark")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
KILOBYTES = 200
# Django's own admin brings its own scripts for lists and forms.
REQUESTS = {"admin list": 30, "admin form": 35}
RUN_AXE = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then(found =>
  found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`)))"""


def test_every_page_is_light_and_comes_from_one_house(open_window, pages, member):
    heavy = []
    for name, path in pages.items():
        with open_window(viewport=DESKTOP, storage_state=member) as window:
            window.page.goto(path)
            window.page.wait_for_load_state("networkidle")
            kilobytes, requests = window.transferred() / 1_000, len(window.requests)
            if kilobytes > KILOBYTES or requests > REQUESTS.get(name, 20):
                heavy.append(f"{name}: {kilobytes:.0f} kB in {requests} requests")
            heavy += window.complaints
    assert heavy == []


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
@pytest.mark.parametrize("theme", THEMES)
def test_no_page_is_wider_than_its_window(open_window, pages, member, locale, theme):
    wide = []
    with open_window(locale=locale, color_scheme=theme, storage_state=member) as window:
        for name, path in pages.items():
            window.page.goto(path)
            for width in WIDTHS:
                found = window.settle(width)
                wide += [f"{name} at {width}: {found}"] if found else []
        assert window.complaints == []
    assert wide == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_barrier(open_window, pages, member, theme, size):
    """The policy of the pages would keep the checker out, so this window alone ignores it."""
    barriers = []
    options = {"color_scheme": theme, "viewport": size, "storage_state": member, "bypass_csp": True}
    with open_window(locale="pt-BR", **options) as window:
        for name, path in pages.items():
            window.page.goto(path)
            window.page.evaluate(AXE_SCRIPT)
            barriers += [f"{name}: {one}" for one in window.page.evaluate(RUN_AXE, WCAG)]
    assert barriers == []
