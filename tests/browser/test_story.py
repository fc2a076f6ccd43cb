"""The story, walked by a person: from home to the published review, in two languages, on a screen and on a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.demonstration import wait_for
from tests.browser.eyes import DESKTOP, PHONE

pytestmark = pytest.mark.slow

UNPUBLISH = """
from runbooks.models import Review
Review.objects.filter(incident__number={number}).update(state="draft", published_at=None, published_by=None)
"""
NEWEST = """
from alerting.models import Incident
print(Incident.objects.filter(model__slug="support-assistant", state="resolved").latest("opened_at").number)
"""
WORDS = {
    "en-US": {"lang": "en", "incidents": "Incidents", "draft": "Draft", "published": "Published"},
    "pt-BR": {"lang": "pt-br", "incidents": "Incidentes", "draft": "Rascunho", "published": "Publicada"},
}


ALARM = """
from datetime import timedelta
from alerting.models import AlertRule
from models_registry.models import Model
from runbooks.models import Runbook
model = Model.objects.get(slug="credit-risk")
rule = AlertRule.objects.create(
    project=model.project, slug="walk", name="Walk", kind="threshold", model=model, measure="requests",
    comparison="gt", threshold=0, window=timedelta(hours=1), interval=timedelta(seconds=15), severity="page",
    summary="Somebody asks for credit",
)
Runbook.objects.filter(project=model.project).first().rules.add(rule)
"""
OPENED = """
from alerting.models import Incident
open = Incident.objects.filter(alerts__rule__slug="walk").exclude(state="resolved")
print(open.first().number if open else "")
"""
# What people closed stays closed: the next walk meets an incident of its own, not this one reopened.
CALM = """
from alerting.models import AlertRule, Incident
Incident.objects.filter(alerts__rule__slug="walk").update(state="closed")
AlertRule.objects.filter(slug="walk").delete()
"""


@pytest.fixture
def incident_under_way(demonstration) -> Iterator[str]:
    """Path of an incident that a rule has just opened, by itself, in the running demonstration."""
    demonstration.shell(ALARM)
    try:
        wait_for(lambda: demonstration.shell(OPENED), 120, "the incident of a new rule")
        yield f"/incidents/{demonstration.shell(OPENED)}/"
    finally:
        demonstration.shell(CALM)


@pytest.fixture
def newest(demonstration) -> str:
    """Number of the last incident that is over, its review a draft, whatever an earlier walk did."""
    number = demonstration.shell(NEWEST)
    demonstration.shell(UNPUBLISH.format(number=number))
    return number


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("locale", WORDS)
def test_the_story_is_followed_from_home_to_the_published_review(demonstration, open_window, newest, locale, size):
    words = WORDS[locale]
    with open_window(locale=locale, viewport=size) as window:
        page = window.page

        def arrive(at: str) -> None:
            expect(page).to_have_url(re.compile(at))
            assert page.locator("html").get_attribute("lang") == words["lang"]
            assert window.overflow() == []

        window.log_in(*demonstration.login)
        arrive("/p/demo/$")
        expect(page.locator("#verdict")).to_be_visible()

        window.click(page.locator("nav:visible a[href$='/p/demo/incidents/']").first)
        arrive("/incidents/$")
        expect(page.locator("h1")).to_have_text(words["incidents"])

        window.click(page.locator(f"main a[href='/incidents/{newest}/']").first)
        arrive(f"/incidents/{newest}/$")
        expect(page.locator(".step--done").first).to_contain_text("Beatriz")
        expect(page.locator("#timeline li").nth(5)).to_be_visible()
        expect(page.locator("#what")).to_be_in_viewport()

        window.click(page.locator(".hero__act a"))
        arrive(f"/reviews/{newest}/$")
        expect(page.locator("header .pill")).to_have_text(words["draft"])
        expect(page.locator("article.prose h2").nth(3)).to_be_visible()

        page.locator("details.ask > summary").click()
        window.click(page.locator("form[action$='/publish/'] button"))
        arrive(f"/reviews/{newest}/$")
        expect(page.locator("header .pill")).to_have_text(words["published"])

        window.click(page.locator("main .crumbs a").first)
        window.click(page.locator("main tbody a").last)
        arrive(r"/reviews/\d+/$")
        expect(page.locator("header .pill")).to_have_text(words["published"])
        expect(page.locator("#actions li").first).to_be_visible()

        assert window.clicks <= 8
        assert window.complaints == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_language_of_the_browser_decides_until_somebody_switches(open_window, member, size):
    with open_window(locale="pt-BR", viewport=size, storage_state=member) as window:
        page = window.page
        page.goto("/p/demo/slos/")
        assert page.locator("html").get_attribute("lang") == "pt-br"
        switch = page.locator("button[name=language][value=en]:visible")
        if not switch.count():
            window.click(page.locator(".menu--who summary"))
        window.click(switch)
        assert page.locator("html").get_attribute("lang") == "en"
        page.goto("/p/demo/models/")
        expect(page.locator("h1")).to_have_text("Models")
        assert window.complaints == []


def test_the_theme_is_the_systems_until_somebody_switches(open_window, member):
    ground = "getComputedStyle(document.body).backgroundColor"
    with open_window(viewport=DESKTOP, color_scheme="dark", storage_state=member) as window:
        page = window.page
        page.goto("/p/demo/")
        dark = page.evaluate(ground)
        window.click(page.locator("button[name=theme][value=light]:visible"))
        page.wait_for_function("dark => getComputedStyle(document.body).backgroundColor !== dark", arg=dark)
        light = page.evaluate(ground)
        page.reload()
        assert page.evaluate(ground) == light
        assert window.complaints == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_incident_is_worked_on_without_any_script(demonstration, open_window, member, size, incident_under_way):
    with open_window(viewport=size, storage_state=member, locale="en-US", java_script_enabled=False) as window:
        page = window.page
        page.goto(incident_under_way)
        acknowledge = page.locator("form[action$='/acknowledge/'] button")
        expect(page.locator("#what")).to_be_in_viewport(ratio=1)
        expect(page.locator(".hero__since")).to_be_in_viewport(ratio=1)
        expect(page.locator(".hero__why")).to_be_in_viewport(ratio=1)
        expect(acknowledge).to_be_in_viewport(ratio=1)
        window.click(acknowledge)
        window.click(page.locator("form[action$='/start/'] button").first)
        page.locator(".tick input[name=note]").first.fill("Seen on a phone, without script")
        window.click(page.locator(".tick button").first)
        expect(page.locator(".step--done .step__note")).to_have_text("Seen on a phone, without script")
        window.click(page.locator(".hero__act form[action$='/resolve/'] button"))
        expect(page.locator(".hero--ok")).to_be_visible()
        expect(page.locator(".entry--resolved")).to_be_visible()
        assert window.complaints == []
