"""What the pages say is there, and what is there the pages say; their examples are run. (Settings and checks:
tests/config/test_settings.py; codes and fields of ingest: tests/ingest/test_docs.py.)"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from alerting.channels.webhook import sign
from alerting.models import Alert, AlertRule, AlertTransition, Channel, Incident
from config.definitions.apply import PROJECT_FIELDS
from config.definitions.beside import BESIDE, PLAIN
from config.definitions.kinds import INCIDENT_POLICY, KINDS
from config.metrics import DomainCollector
from config.stages import STAGES
from demo.scenarios import SCENARIOS
from lib.clock import real_now
from models_registry.jobs import run_jobs
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model
from monitoring.catalogue import MEASURES, NEEDS
from monitoring.drain import drain_until_empty
from monitoring.models import SLO, LLMCall, Policy, Prediction
from monitoring.selectors.event_filters import FIELDS
from monitoring.selectors.ledger import read_ledger
from monitoring.slo.indicators import INDICATORS
from runbooks.models import Review, Runbook

ROOT: Path = settings.BASE_DIR
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "deploy/README.md"]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"manage\.py ([a-z_]+)([^`|#\n]*)")
TOKEN, SESSION, CSRF = "at_0123_secret", "session-of-somebody", "csrf-of-somebody"
SUBSTITUTES = {"ATALAIA_KEY": TOKEN, "KEY": TOKEN, "ATALAIA_SESSION": SESSION, "ATALAIA_CSRF": CSRF}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, title: str) -> str:
    """A page from a heading to the next of any level."""
    return re.split(r"^#", read(name).partition(f"# {title}\n")[2], flags=re.MULTILINE)[0]


def first_cells(text: str) -> set[str]:
    """Every name in backticks in the first column of the tables of a text."""
    cells = re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def blocks(name: str, language: str) -> list[str]:
    return [body for found, body in FENCE.findall(read(name)) if found == language]


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            yield re.sub(r"<\w+:(\w+)>", r"{\1}", path)


def test_every_measure_indicator_rule_and_channel_is_explained_and_no_other():
    assert first_cells(section("docs/concepts.md", "Measures")) == set(MEASURES)
    assert first_cells(section("docs/concepts.md", "What a measure needs")) == set(NEEDS)
    assert [name for name in INDICATORS if f"`{name}`" not in section("docs/concepts.md", "Objectives")] == []
    assert first_cells(section("docs/concepts.md", "Rules")) == set(AlertRule.Kind.values)
    assert first_cells(section("docs/concepts.md", "Channels")) == set(Channel.Kind.values)


def test_every_endpoint_is_listed_and_no_other():
    there = set(routes(get_resolver().url_patterns))
    assert first_cells(section("docs/api/index.md", "Paths")) == {
        path for path in there if path.startswith(("/api/v1/", "/api/v2/"))
    }
    machines = {path for path in there if path.startswith("/health")}
    assert first_cells(section("docs/operations.md", "Health")) == machines
    assert "/metrics" in there
    assert "`/metrics`" in read("docs/operations.md")
    assert all(f"`{path}`" in read("docs/api/index.md") for path in ("/api/schema/", "/api/docs/"))


def test_every_filter_of_stored_events_is_listed():
    listed = re.findall(
        r"^\| ([\w-]+) \| (`(?:id|trace_id)`.*) \|$", section("docs/api/reading.md", "Events"), re.MULTILINE
    )
    found = {name: set(re.findall(r"`(\w+)`", names)) for name, names in listed}
    names = {
        "prediction": "predictions",
        "llm_call": "llm-calls",
        "outcome": "outcomes",
        "event": "events",
        "log": "logs",
        "span": "spans",
    }
    assert found == {names.get(kind, kind): set(known) for kind, known in FIELDS.items()}


def test_every_field_of_a_definition_is_listed():
    rows = re.findall(r"^\| `(\w+)` \| (`.*) \|$", read("docs/definitions.md"), re.MULTILINE)
    listed = {name: set(re.findall(r"`(\w+)`", names)) for name, names in rows}
    there = {kind.section: {*kind.fields, *BESIDE.get(kind.section, PLAIN).names} for kind in KINDS}
    whole = {"project": {"slug", *PROJECT_FIELDS}, INCIDENT_POLICY.section: set(INCIDENT_POLICY.fields)}
    assert listed == whole | there


def commands() -> dict[str, str]:
    ours = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}
    return {name: app for name, app in get_commands().items() if app in ours}


def test_every_command_is_documented():
    text = read("docs/command-line.md") + read("docs/demo.md")
    assert [name for name in commands() if f"manage.py {name}" not in text] == []


def test_documented_commands_and_their_options_exist():
    named = [(page.name, *match) for page in PAGES for match in COMMAND.findall(page.read_text(encoding="utf-8"))]
    assert len(named) > 20
    for page, name, rest in named:
        command = load_command_class(get_commands()[name], name)
        known = command.create_parser("manage.py", name)._option_string_actions
        unknown = [option for option in re.findall(r"(?<!\S)\[?(--[a-z-]+)", rest) if option not in known]
        assert not unknown, f"{page}: manage.py {name} {rest}"


def test_every_stage_is_listed_with_its_interval():
    rows = re.findall(r"^\| (\w+) \| (\d+) s \|", section("docs/operations.md", "Processes"), re.MULTILINE)
    assert [(name, int(every)) for name, every in rows] == [(stage.name, stage.every) for stage in STAGES]


@pytest.mark.django_db
def test_every_gauge_is_listed_and_no_other():
    listed = {name for name in first_cells(section("docs/operations.md", "Metrics")) if name.startswith("atalaia_")}
    assert listed == {family.name for family in DomainCollector().collect()}


def test_every_scenario_and_make_target_is_documented():
    assert first_cells(section("docs/demo.md", "Three incidents, with the truth recorded")) == set(SCENARIOS)
    targets = re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE)
    assert [target for target in targets if f"`{target}`" not in read("docs/operations.md")] == []
    written = {
        target for page in PAGES for target in re.findall(r"make ([a-z-]+)[`\n ]*$", page.read_text(), re.MULTILINE)
    }
    assert written
    assert written <= set(targets)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_found_from_the_index():
    index = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in LINK.findall(read("docs/index.md"))}
    lost = [page for page in PAGES if page not in index and page.parent not in index and page.name != "index.md"]
    assert not lost


def test_both_readmes_carry_the_same_commands():
    for language in ("sh", "python"):
        assert blocks("README.md", language) == blocks("README.pt-BR.md", language) != []
    images = [re.findall(r"\]\((docs/images/[^)]+)\)", read(name)) for name in ("README.md", "README.pt-BR.md")]
    assert images[0] == images[1]


def test_checklists_have_at_most_four_steps_and_name_files_that_exist():
    lists = re.findall(r"^### Add (.*?)\n(.*?)(?=^#)", read("CONTRIBUTING.md"), re.MULTILINE | re.DOTALL)
    assert [title for title, _ in lists] == [
        "a channel",
        "a measure",
        "a rule kind",
        "a tab to a model's page",
        "a scenario",
        "a dialect",
    ]
    for _title, text in lists:
        steps = re.findall(r"^\d\. (.*)$", text, re.MULTILINE)
        files = [re.findall(r"`([\w/]+/[\w<>./]+)`", step) for step in steps]
        assert 0 < len(steps) <= 4
        assert [len(found) for found in files] == [1] * len(steps)
        for name in (name for found in files for name in found):
            home = ROOT / name
            assert home.parent.is_dir() if "<" in name else home.exists(), name


# --- Examples are run


@dataclass
class Request:
    """One curl command."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


def curls(name: str) -> list[Request]:
    """Every curl command of a page; an option that is not understood here fails the test."""
    lines = re.sub(r"\\\n\s*", " ", read(name)).splitlines()
    return [parse(line.strip()) for line in lines if line.strip().startswith("curl ")]


def parse(line: str) -> Request:
    words = shlex.split(Template(line).substitute(SUBSTITUTES, ATALAIA_URL="http://host"))[1:]
    request = Request("", "", {}, None)
    while words:
        word = words.pop(0)
        if word == "-X":
            request.method = words.pop(0)
        elif word == "-H":
            header, _, value = words.pop(0).partition(": ")
            request.headers[header] = value
        elif word == "-d":
            request.body = words.pop(0)
        else:
            assert not word.startswith("-"), f"teach this test {word}"
            url = urlsplit(word)
            request.path = f"{url.path}?{url.query}" if url.query else url.path
    request.method = request.method or ("GET" if request.body is None else "POST")
    return request


def run(request: Request, token: str):
    headers = {name: value.replace(TOKEN, token) for name, value in request.headers.items() if name != "Content-Type"}
    media = request.headers.get("Content-Type", "application/json")
    return Client().generic(request.method, request.path, request.body or "", content_type=media, headers=headers)


@pytest.fixture
def token(project) -> Iterator[str]:
    forget_keys()
    yield create_key(project=project, name="reader of the docs", scopes=["ingest", "read", "respond", "admin"])[1]
    forget_keys()


@pytest.fixture
def world(project, credit_risk, support_assistant, stopped_clock, now):
    """What the pages take for granted: models, an objective, a policy, a rule that waits, an open incident, its review, a request."""
    Policy.objects.create(project=project, slug="frugal", name="Frugal", model=support_assistant)
    version = credit_risk.versions.create(version="2")
    stored = {"ts_us": 1, "ingested_us": 1, "request_id": "r-1", "version": version}
    Prediction.objects.create(id=1, project=project, event_id="p-1", **stored)
    SLO.objects.create(
        project=project, slug="decisions-available", name="SLO", model=credit_risk, sli="availability", target=0.99
    )
    alive = {"slug": "nightly-retraining", "name": "Retraining", "kind": "heartbeat"}
    AlertRule.objects.create(project=project, model=credit_risk, window=timedelta(days=1), **alive)
    moments = {"impact_started_at": now, "opened_at": now + timedelta(minutes=5)}
    about = {"project": project, "model": credit_risk, "group_key": "credit-risk", "severity": "page"}
    incident = Incident.objects.create(number=1, title="Accuracy is low", **about, **moments)
    Review.objects.create(incident=incident, created_at=now)


@pytest.mark.parametrize(("page", "count"), [("README.md", 2), ("docs/api/ingest.md", 1)])
def test_curl_examples_that_write_are_accepted_whole(page, count, token):
    examples = curls(page)
    assert len(examples) == count
    for example in examples:
        answer = run(example, token)
        assert (answer.status_code, answer.json()["rejected"]) == (202, 0), answer.content


@pytest.mark.parametrize(("page", "count"), [("docs/api/reading.md", 51), ("docs/api/responding.md", 7)])
def test_curl_examples_that_read_or_respond_work(page, count, token, world):
    examples = curls(page)
    assert len(examples) == count
    for example in examples:
        answer = run(example, token)
        assert answer.status_code in (200, 201, 202), (example, answer.content)
    if page.endswith("responding.md"):
        assert Incident.objects.get().state == Incident.State.RESOLVED


def test_curl_examples_that_export_work_one_after_the_other(token, world, stopped_clock):
    begin, look, fetch = curls("docs/api/exports.md")
    begun = run(begin, token)
    assert begun.status_code == 202, begun.content
    while run_jobs(now=stopped_clock).seen:
        pass
    look.path, fetch.path = (one.path.replace("/7", f"/{begun.json()['id']}") for one in (look, fetch))
    assert run(look, token).json()["state"] == "done"
    assert b"".join(run(fetch, token).streaming_content).startswith(b"id,ts,model")


def test_curl_examples_of_runs_reviews_and_action_items_work_one_after_the_other(project, world, now):
    forget_keys()
    _, token = create_key(project=project, name="learner of the docs", scopes=["read", "respond", "admin"])
    incident = Incident.objects.get()
    Incident.objects.update(state="resolved", resolved_at=now)
    Review.objects.all().delete()
    Runbook.objects.create(project=project, slug="accuracy-falls", title="Look").steps.create(position=1, title="Look")
    rule = AlertRule.objects.get()
    alert = Alert.objects.create(rule=rule, fingerprint="1", state="firing", severity="page", incident=incident)
    AlertTransition.objects.create(alert=alert, incident=incident, from_state="ok", to_state="firing", at=now)
    ids, codes = {"alerts/3": f"alerts/{alert.pk}"}, []
    for example in curls("docs/api/learning.md"):
        for written, real in ids.items():
            example.path = example.path.replace(written, real)
        answer = run(example, token)
        codes.append(answer.status_code)
        if answer.status_code == 201 and example.path.endswith("/runs"):
            ids["steps/5"] = f"steps/{answer.json()['steps'][0]['id']}"
        if example.path.endswith("/actions"):
            ids["items/4"] = f"items/{answer.json()['id']}"
    assert codes == [200, 201, 200, 200, 200, 201, 200, 200, 200, 201, 200, 200, 200, 204]
    forget_keys()


def test_every_dataset_that_can_be_exported_is_explained():
    found = first_cells(section("docs/api/exports.md", "Exports"))
    assert set(settings.EXPORTS) <= found


def test_curl_examples_that_define_work_one_after_the_other(project, world):
    forget_keys()
    _, token = create_key(project=project, name="editor of the docs", scopes=["read", "admin"])
    answers = [run(example, token) for example in curls("docs/api/defining.md")]
    wanted = [201, 200, 200, 204, 200, 200, 200, 201, 200, 201, 200, 409, 204, 201, 200, 200]
    assert [answer.status_code for answer in answers] == wanted
    forget_keys()


@pytest.mark.django_db(transaction=True)
def test_the_python_example_instruments_a_model(live_server, project, token, monkeypatch):
    monkeypatch.setenv("ATALAIA_URL", live_server.url)
    monkeypatch.setenv("ATALAIA_KEY", token)
    (example,) = blocks("README.md", "python")
    exec(compile(example, "README.md", "exec"), {})
    drain_until_empty(now=real_now())
    total = read_ledger(project_id=project.pk)["total"]
    assert (total["received"], total["stored"], total["rejected"], total["pending"]) == (4, 4, 0, 0)
    assert Prediction.objects.get().label == "leaves"
    assert LLMCall.objects.get().feedback_up == 1
    assert set(Model.objects.values_list("slug", "kind")) == {("churn", "binary"), ("helpdesk", "llm")}


def test_the_webhook_example_tells_ours_from_others():
    (example,) = blocks("docs/api/webhooks.md", "python")
    names: dict = {}
    exec(compile(example, "docs/api/webhooks.md", "exec"), names)
    secret, body = "whsec_" + "QUJD" * 8, b'{"type": "channel.test"}'
    headers = {"webhook-id": "1", "webhook-timestamp": "1773154800"}
    headers["webhook-signature"] = sign(secret, uid="1", timestamp=1773154800, content=body)
    assert names["is_ours"](secret, headers, body)
    assert not names["is_ours"](secret, headers, body + b" ")


@pytest.mark.django_db
def test_the_definitions_example_applies(tmp_path, capsys):
    (example,) = blocks("docs/definitions.md", "yaml")
    (tmp_path / "churn.yml").write_text(example)
    call_command("apply", str(tmp_path / "churn.yml"))
    first = capsys.readouterr().out
    assert AlertRule.objects.count() == 2
    call_command("apply", str(tmp_path / "churn.yml"))
    assert "unchanged" not in first
    assert set(re.findall(r"^\w+", capsys.readouterr().out, re.MULTILINE)) == {"unchanged"}
