"""The Brazilian Portuguese catalogue is whole, holds what the code asks for, and reaches every page."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation.template import templatize

from alerting.models import AlertRule
from demo.define import define
from demo.definitions import MODELS
from models_registry.models import ModelVersion
from runbooks.conduct import complete_step, start_run
from runbooks.models import Review, Runbook
from tests.crowd import Crowd
from tests.panel import story
from tests.test_queries import addresses

CATALOGUE = settings.BASE_DIR / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"
ROOMS = ("lib", "models_registry", "monitoring", "alerting", "runbooks", "panel", "demo", "config")
# Function to the places of context, singular and plural among its arguments.
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
}
LITERAL = r"u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
IN_TEMPLATE = re.compile(rf"\b(?:_|n?gettext|pgettext)\((?:{LITERAL}|count|[,\s])+\)")
PLACE = re.compile(r"%\(\w+\)[-\d.]*[a-zA-Z]|%%|%[sdgf]|\{\w+\}")
# Shorter texts are parts of names and longer words.
SHORTEST = 12

Message = tuple[str | None, str, str | None]


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def _key(entry: polib.POEntry) -> Message:
    return entry.msgctxt, entry.msgid, entry.msgid_plural or None


def _translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def _marked(source: str) -> Iterator[Message]:
    """(context, singular, plural) of each marked text in a Python source."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
        context, singular, plural = (None if at is None else texts[at] for at in CALLS[node.func.id])
        if singular:
            yield context, str(singular), plural


def _asked() -> set[Message]:
    """Every text that code and templates mark; templates are turned into Python calls by Django itself."""
    asked: set[Message] = set()
    for room in ROOMS:
        for path in (settings.BASE_DIR / room).rglob("*.py"):
            asked.update(_marked(path.read_text()))
    for path in (settings.BASE_DIR / "panel" / "templates").rglob("*.html"):
        for call in IN_TEMPLATE.findall(templatize(path.read_text())):
            asked.update(_marked(call))
    return asked


def test_every_text_is_translated_and_none_is_fuzzy(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []


def test_the_catalogue_holds_what_code_and_templates_mark_and_nothing_else(catalogue: polib.POFile) -> None:
    asked, held = _asked(), {_key(entry) for entry in catalogue}
    assert {text for _, text, _ in asked - held} == set(), "run `make messages` and translate these"
    assert {text for _, text, _ in held - asked} == set(), "run `make messages`: nothing asks for these"


def test_a_translation_keeps_every_placeholder(catalogue: polib.POFile) -> None:
    wrong = [
        (entry.msgid, text)
        for entry in catalogue
        for text in _translations(entry)
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(entry.msgid))
    ]
    assert wrong == []


def test_one_and_many_are_both_written(catalogue: polib.POFile) -> None:
    assert catalogue.metadata["Plural-Forms"] == "nplurals=2; plural=(n > 1);"
    assert [entry.msgid for entry in catalogue if entry.msgid_plural and set(entry.msgstr_plural) != {0, 1}] == []


def test_the_compiled_catalogue_is_the_written_one(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    written = {_key(entry): _translations(entry) for entry in catalogue}
    assert {_key(entry): _translations(entry) for entry in compiled} == written, "run `make messages`"


class Words(HTMLParser):
    """What people read or hear of a page: texts between tags and in a few attributes, a line each."""

    MUTE = frozenset({"script", "style", "pre", "code", "textarea"})
    HEARD = frozenset({"title", "aria-label", "placeholder", "alt", "data-label", "data-done"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.muted_by = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Names of permissions are stored by Django at migration, in English.
        stored = tag == "select" and (dict(attrs).get("name") or "").endswith("permissions")
        self.muted_by = self.muted_by or (tag if stored or tag in self.MUTE else "")
        self.lines += [value for name, value in attrs if name in self.HEARD and value]

    def handle_endtag(self, tag: str) -> None:
        self.muted_by = "" if tag == self.muted_by else self.muted_by

    def handle_data(self, data: str) -> None:
        if not self.muted_by:
            self.lines.append(" ".join(data.split()))


def _english(catalogue: polib.POFile) -> dict[str, tuple[str, re.Pattern[str]]]:
    """Texts that must not show in Portuguese, as (longest piece, pattern): whatever may fill their gaps."""
    found: dict[str, tuple[str, re.Pattern[str]]] = {}
    for entry in catalogue:
        for source in filter(None, [entry.msgid, entry.msgid_plural]):
            pieces = [" ".join(piece.split()) for piece in PLACE.split(source)]
            kept = any(source.casefold() in text.casefold() for text in _translations(entry))
            if len("".join(pieces)) < SHORTEST or kept or "<" in source:
                continue
            pattern = r"\s*.*?\s*".join(re.escape(piece) for piece in pieces)
            found[source] = max(pieces, key=len), re.compile(rf"(?<!\w){pattern}(?!\w)")
    return found


@pytest.fixture
def told(project: Any, stopped_clock: Any, ana: Any) -> list[str]:
    """Pages of the demonstration's definitions: each of its rules has opened an incident that was followed."""
    now = stopped_clock
    define(slug=project.slug, name=project.name, models=list(MODELS), now=now)
    for model in project.models.all():
        ModelVersion.objects.create(model=model, version="1", reviewed=True)
    found = [f"/p/{project.slug}/runbooks/{book.slug}/" for book in Runbook.objects.filter(project=project)]
    found += [f"/p/{project.slug}/slos/{slo.slug}/" for slo in project.slos.all()]
    found += [f"/p/{project.slug}/models/{slug}/" for slug in MODELS]
    lists = ("", "models/", "slos/", "incidents/", "runbooks/", "reviews/", "predictions/", "llm-calls/", "collection/")
    found += [f"/p/{project.slug}/{part}" for part in lists]
    for number, rule in enumerate(AlertRule.objects.filter(project=project).order_by("slug"), start=101):
        incident = story.make_incident(rule, now - timedelta(hours=3), number=number)
        incident.title, incident.model = rule.summary, rule.model or rule.slo.model
        incident.save()
        incident.events.filter(kind="opened").update(text=rule.summary)
        for book in rule.runbooks.all():
            for step in start_run(incident=incident, runbook=book, by=ana, now=now).steps.all():
                complete_step(step, by=ana, note="", now=now)
        story.resolve(incident, ana, now - timedelta(hours=1))
        Review.objects.create(incident=incident, created_at=now)
        found += [f"/incidents/{number}/", f"/reviews/{number}/", f"/reviews/{number}/?edit=1"]
    return found


def _forgotten(catalogue: polib.POFile, client: Client, pages: list[str]) -> dict[str, set[str]]:
    """Page to the English that it shows to who reads Portuguese."""
    patterns, forgotten = _english(catalogue), {}
    assert len(patterns) > 500
    for page in pages:
        answer = client.get(page, headers={"accept-language": "pt-BR"})
        if not answer.get("Content-Type", "").startswith("text/html") or answer.status_code in (302, 405):
            continue
        html = answer.content.decode()
        assert '<html lang="pt-br"' in html, page
        text = "\n".join(Words(html).lines)
        seen = {source for source, (piece, whole) in patterns.items() if piece in text and whole.search(text)}
        if seen:
            forgotten[page] = seen
    return forgotten


@pytest.mark.once
def test_no_page_shows_english_to_who_reads_portuguese(
    catalogue: Any, project: Any, as_admin: Client, stopped_clock: Any
) -> None:
    crowd = Crowd(project)
    crowd.grow(2)
    pages = [page for page in addresses(crowd) if not page.startswith("/api/")]
    assert len(pages) > 60
    assert _forgotten(catalogue, as_admin, [*pages, "/search/?q=nobody", "/nowhere/"]) == {}


@pytest.mark.once
def test_the_demonstration_speaks_portuguese(catalogue: Any, told: list[str], as_admin: Client) -> None:
    assert _forgotten(catalogue, as_admin, told) == {}
