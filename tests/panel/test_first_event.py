"""From an empty panel to the first event: what to paste, a key for it, why nothing came, and where it shows."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from lib.clock import real_now
from models_registry.keys import create_key, find_key, forget_keys
from models_registry.models import ApiKey, Model, Project
from monitoring.drain import drain_until_empty
from monitoring.ingest.codes import PROBLEMS
from monitoring.ingest.refusals import SENDERS_OWN, forget_refusals
from monitoring.models import LedgerCount, Metric, MetricStream, RejectionCount, RequestRefusal
from monitoring.models.inbox import EventKind
from monitoring.selectors.arrivals import newest_at
from panel.format import moment
from panel.pages.first_event import MENDS, waiting
from panel.pages.ways import KEY, WAYS, blocks_of
from panel.pages.wheel import client_wheel
from tests.ingest.conftest import prediction
from tests.otlp.conftest import PROTOBUF
from tests.otlp.conftest import request as spans_of


@pytest.fixture(autouse=True)
def _fresh():
    forget_keys()
    forget_refusals()
    yield
    forget_keys()
    forget_refusals()


@pytest.fixture
def page(project: Project) -> str:
    return reverse("panel:first_event", args=[project.slug])


@pytest.fixture
def live(as_bia: Client, page: str):
    """The live part, as the open page asks for it."""
    opened = as_bia.get(page).content.decode()
    url = opened.partition('data-waiting data-url="')[2].partition('"')[0].replace("&amp;", "&")
    return lambda: as_bia.get(url).json()["html"]


def post(body, key: str, **headers: str):
    sent = {"Authorization": f"Bearer {key}", **headers}
    return Client().post("/api/v1/predictions", body, content_type="application/json", headers=sent)


def test_every_way_is_there_with_the_address_of_this_panel(as_ana: Client, page: str):
    shown = as_ana.get(page).content.decode()
    for slug, *_ in WAYS:
        assert f'id="{slug}"' in shown
        assert blocks_of(slug)
    assert "http://testserver/api/v1/predictions" in shown
    assert "127.0.0.1:8000" not in shown
    assert KEY in shown


def test_a_key_is_made_shown_once_and_works(as_ana: Client, page: str, project: Project):
    answer = as_ana.post(page)
    shown = answer.content.decode()
    key = ApiKey.objects.get()
    assert (key.scopes, key.project) == (["ingest"], project)
    token = shown.partition("Bearer ")[2].partition("&quot;")[0]
    assert find_key(token, now=real_now()) == key
    assert KEY not in shown
    assert "no-store" in answer["Cache-Control"]
    assert token not in as_ana.get(page).content.decode()


def test_who_may_not_make_keys_is_told_whom_to_ask(as_bia: Client, page: str):
    assert "Ask an editor" in as_bia.get(page).content.decode()
    assert as_bia.post(page).status_code in {403, 404}
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("name", ["first_event", "first_event_waiting"])
def test_strangers_see_nothing(client: Client, project: Project, name: str):
    assert client.get(reverse(f"panel:{name}", args=[project.slug])).status_code == 302


def test_it_waits_then_shows_what_arrived_since_and_where(live, as_ana: Client, page: str):
    assert "Waiting for the first event" in live()
    assert "went to another address" in live()
    token = as_ana.post(page).content.decode().partition("Bearer ")[2].partition("&quot;")[0]
    assert post(prediction(), token).status_code == 202
    assert "shown in a few seconds" in live()
    drain_until_empty(now=real_now())
    shown = live()
    assert "It arrives" in shown
    assert "shown in a few seconds" not in shown
    assert "/predictions/" in shown
    again = as_ana.get(page).content.decode()  # which was opened afterwards
    assert "It arrives" not in again
    assert "Arrived already" in again


def test_what_arrived_before_it_was_opened_is_told_and_the_next_one_still_shows(as_ana: Client, page: str, project):
    token = create_key(project=project, name="service", scopes=["ingest"])[1]
    at = real_now() - timedelta(minutes=20)
    assert post([prediction(id=f"p-{n}", ts=at.isoformat()) for n in range(3)], token).status_code == 202
    drain_until_empty(now=real_now())
    shown = as_ana.get(page).content.decode()
    assert "Arrived already" in shown
    assert re.search(rf"<b>predictions</b> <span class=\"muted\">3 · newest {moment(at)}</span>", shown)
    assert reverse("panel:predictions", args=[project.slug]) in shown.partition("Arrived already")[2]
    assert "Waiting for the first event" not in shown
    assert "went to another address" not in shown
    url = shown.partition('data-waiting data-url="')[2].partition('"')[0].replace("&amp;", "&")
    assert post(prediction(id="p-4"), token).status_code == 202
    live = as_ana.get(url).json()["html"]
    assert "It arrives" in live
    assert "1 since you opened this page" in live


@pytest.mark.parametrize(
    ("kind", "path", "item"),
    [
        ("llm_call", "llm-calls", {"model": "assistant"}),
        ("outcome", "outcomes", {"prediction_id": "p", "label": "paid"}),
        ("feedback", "feedback", {"target_id": "p", "kind": "thumb", "value": "up"}),
        ("event", "events", {"kind": "business", "name": "paid"}),
        ("log", "logs", {"message": "hello"}),
    ],
)
def test_each_kind_says_when_its_newest_happened(project: Project, other_project: Project, kind, path, item):
    assert newest_at(project.pk, kind) is None
    token = create_key(project=project, name="service", scopes=["ingest"])[1]
    times = [real_now().replace(microsecond=0) - timedelta(minutes=minutes) for minutes in (9, 2, 5)]
    items = [{"id": f"i-{n}", "ts": at.isoformat(), **item} for n, at in enumerate(times)]
    sent = Client().post(
        f"/api/v1/{path}", items, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert (sent.status_code, sent.json()["accepted"]) == (202, 3)
    drain_until_empty(now=real_now())
    assert newest_at(project.pk, kind) == times[1]
    assert newest_at(other_project.pk, kind) is None


def test_data_points_say_when_the_newest_was_measured(support_assistant: Model):
    project = support_assistant.project
    assert newest_at(project.pk, "metric") is None
    metric = Metric.objects.create(model=support_assistant, name="queue", key="k", kind=Metric.Kind.GAUGE)
    for writer, us in ((b"a", 3_000_000), (b"b", 7_000_000)):
        MetricStream.objects.create(metric=metric, writer=writer, time_us=us, state=b"{}")
    assert newest_at(project.pk, "metric") == datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)


def send_span(project: Project, **attributes: str) -> None:
    token = create_key(project=project, name="exporter", scopes=["ingest"])[1]
    body = spans_of({"attributes": {name.replace("__", "."): value for name, value in attributes.items()}})
    headers = {"Authorization": f"Bearer {token}"}
    sent = Client().post("/v1/traces", body.SerializeToString(), content_type=PROTOBUF, headers=headers)
    assert sent.status_code == 200
    drain_until_empty(now=real_now())


def where_it_shows(project: Project, kind: str) -> str:
    page = waiting(project, since="", now=real_now(), real_now=real_now())
    (url,) = [one.url for one in page.arrivals if one.label == str(EventKind(kind).label)]
    return url


def test_spans_of_llm_calls_lead_to_the_calls_and_others_to_collection_health(project: Project, other_project: Project):
    send_span(project, gen_ai__operation__name="chat", gen_ai__request__model="gpt-4o")
    send_span(other_project, http__request__method="GET")
    assert where_it_shows(project, "span") == reverse("panel:llm_calls", args=[project.slug])
    assert where_it_shows(other_project, "span") == reverse("panel:collection", args=[other_project.slug])


@pytest.mark.parametrize(("kind", "page_name"), [("log", "logs"), ("metric", "measures"), ("event", "collection")])
def test_kinds_lead_to_where_they_show(project: Project, kind: str, page_name: str):
    LedgerCount.objects.create(project=project, kind=kind, received=2, accepted=2, stored=2)
    assert where_it_shows(project, kind) == reverse(f"panel:{page_name}", args=[project.slug])


def test_an_unknown_key_is_explained_with_its_mend(live):
    post("{}", "at_0123456789ab_" + "s" * 40, **{"User-Agent": "curl/8.5"})
    shown = live()
    assert "no live key" in shown
    assert "whole and not revoked" in shown
    assert "at_0123456789ab_…" in shown
    assert "curl/8.5" in shown
    assert "another program" in shown
    assert "sssss" not in shown


def test_refusals_of_other_projects_and_of_long_ago_are_none_of_its_business(live, project, other_project):
    said = {"path": "/api/v1/logs", "detail": "no"}
    RequestRefusal.objects.create(project=other_project, code="malformed", at=real_now(), **said)
    RequestRefusal.objects.create(project=project, code="empty_body", at=real_now() - timedelta(hours=1), **said)
    assert "was refused" not in live().replace("Nothing was refused", "")


def test_a_refused_item_is_explained(live, project: Project):
    told = {"code": "out_of_range", "last_detail": "score: at most 1", "count": 2}
    RejectionCount.objects.create(project=project, kind="prediction", last_us=int(real_now().timestamp() * 1e6), **told)
    shown = live()
    assert "a number outside its range" in shown
    assert "score: at most 1" in shown


@pytest.mark.parametrize("since", ["", "x", "prediction.9" * 50, "prediction.-1", "~~..", "log." + "9" * 30])
def test_a_tampered_address_is_read_as_far_as_it_goes(as_ana: Client, project: Project, since: str):
    url = reverse("panel:first_event_waiting", args=[project.slug])
    assert as_ana.get(url, {"since": since}).status_code == 200


def test_every_refusal_that_is_the_senders_own_is_known_and_the_usual_ones_have_a_mend():
    assert set(MENDS) <= SENDERS_OWN <= set(PROBLEMS)
    assert {"not_authenticated", "missing_scope", "unsupported_media_type", "malformed"} <= set(MENDS)


@pytest.mark.django_db
def test_the_panel_serves_its_client_library_as_an_installer_wants_it(live_server, tmp_path):
    url = live_server.url + reverse("panel:client", args=[client_wheel().name])
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(tmp_path), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    code = "import atalaia; print(atalaia.__version__, atalaia.__file__)"
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    version, file = said.stdout.split()
    assert client_wheel().name == f"atalaia-{version}-py3-none-any.whl"
    assert file.startswith(str(tmp_path))
    assert Client().get(reverse("panel:client", args=["atalaia-9.9-py3-none-any.whl"])).status_code == 404


def test_snippets_name_the_library_that_is_served():
    for slug, *_ in WAYS:
        for _language, text in blocks_of(slug):
            if "/client/" in text:
                assert f"/client/{client_wheel().name}" in text
