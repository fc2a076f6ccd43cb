"""Targets are asked as they are due, and what they tell becomes series; what goes wrong is told with the mend."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, start_http_server

from lib import clock
from lib.vault import seal, unseal
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.measures.series import measure_window
from monitoring.models import Metric, ScrapeTarget
from monitoring.probes.scrape import scrape
from monitoring.probes.scrape.exposition import ExpositionError, read_exposition, wanted
from monitoring.selectors.summaries import Scope
from monitoring.stats.points import Explicit, Point
from tests.receiver import Receiver, reply

pytestmark = pytest.mark.django_db
STEP = timedelta(seconds=30)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def target(credit_risk: Model, registry: CollectorRegistry, settings) -> Iterator[ScrapeTarget]:
    """A real exposition server of prometheus_client."""
    settings.OUTGOING_ALLOW_PRIVATE = True
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    yield ScrapeTarget.objects.create(
        project=credit_risk.project,
        slug="server",
        model=credit_risk,
        url=f"http://127.0.0.1:{server.server_port}/metrics",
    )
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def read(credit_risk: Model):
    """A statistic of the hour before and the hour after a time."""

    def _read(measure: str, now: datetime) -> float | None:
        scope = Scope(credit_risk.project_id, credit_risk.pk)
        hour = timedelta(hours=1)
        return measure_window(f"metric:{measure}", scope, start=now - hour, end=now + hour).value

    return _read


def pass_at(at: datetime) -> tuple[int, int]:
    """(asked, failed)."""
    done = scrape(now=at)
    drain_until_empty(now=at)
    return done.seen, done.skipped


def test_what_a_server_tells_becomes_series(target, registry, read):
    tokens = Counter("tokens", "Tokens.", ["model"], registry=registry)
    waiting = Gauge("waiting", "Requests that wait.", registry=registry)
    took = Histogram("took", "Latency.", buckets=(0.1, 0.2, 0.4), registry=registry)
    size = Summary("size", "Bytes.", registry=registry)
    tokens.labels("a").inc(5)
    waiting.set(3)
    now = clock.real_now()  # the server says by its own clock since when it counts
    assert pass_at(now) == (1, 0)
    tokens.labels("a").inc(7)
    tokens.labels("b").inc(2)
    waiting.set(5)
    for value in (0.05, 0.15, 0.15, 0.3):
        took.observe(value)
    size.observe(100)
    assert pass_at(now + STEP) == (1, 0)
    # Begun within the hour, as `_created` tells: so the first 5 count, too.
    assert read("tokens_total:increase", now) == 14
    assert (read("waiting:mean", now), read("waiting:max", now)) == (4, pytest.approx(5, rel=0.01))
    assert (read("took:increase", now), read("took:mean", now)) == (4, pytest.approx(0.1625))
    assert read("took:p50", now) == pytest.approx(0.15, rel=0.02)
    assert read("size:mean", now) == 100
    assert read("up:mean", now) == 1
    assert read("scrape_duration_seconds:mean", now) > 0
    assert Metric.objects.get(name="tokens_total", attributes={"model": "b"}).description == "Tokens."
    target.refresh_from_db()
    assert (target.is_up, target.last_error, target.last_ok_at) == (True, "", now + STEP)


def test_a_target_is_asked_when_it_is_due_and_once(target, registry, now):
    Gauge("g", "", registry=registry).set(1)
    assert [pass_at(now + STEP * step / 3)[0] for step in range(7)] == [1, 0, 0, 1, 0, 0, 1]
    target.enabled = False
    target.save()
    assert pass_at(now + STEP * 9) == (0, 0)


def test_a_target_that_is_down_says_so_and_is_not_up(target, read, now):
    target.url = "http://127.0.0.1:9/metrics"
    target.save()
    assert pass_at(now) == (1, 1)
    target.refresh_from_db()
    assert not target.is_up
    assert "connection to the receiver failed" in target.last_error
    assert read("up:mean", now) == 0


@pytest.mark.once
@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, b"", "Most services tell metrics at /metrics"),
        (401, b"", "Write it again"),
        (302, b"", "redirects are not followed"),
        (200, b"<html>hello</html>", "neither the text format of Prometheus nor OpenMetrics"),
        (200, b"", "none of the metrics"),
        (200, b"x 1\n" * 1_500_000, "larger than 4 MiB"),
        (200, "".join(f"m{n} 1\n" for n in range(5_001)).encode(), "at most 5000"),
    ],
)
def test_what_is_wrong_is_told_with_the_mend(target, hook: Receiver, now, status, body, told):
    hook.answer = lambda handler: reply(handler, status, body, Content_Type="text/plain; version=0.0.4")
    target.url = hook.url("/metrics")
    target.save()
    assert pass_at(now) == (1, 1)
    target.refresh_from_db()
    assert told in target.last_error


def test_private_addresses_are_asked_only_where_the_installation_says_so(target, settings, now):
    settings.OUTGOING_ALLOW_PRIVATE = False
    pass_at(now)
    target.refresh_from_db()
    assert target.last_error == "The URL must start with https://; plain http is for private networks only."
    target.url = target.url.replace("http://", "https://")
    target.save()
    pass_at(now + STEP)
    target.refresh_from_db()
    assert "ATALAIA_OUTGOING_ALLOW_PRIVATE" in target.last_error


def test_the_secret_is_sent_and_never_shown(target, hook: Receiver, now, admin_client: Client):
    hook.answer = lambda handler: reply(handler, 200, b"g 1\n", Content_Type="text/plain; version=0.0.4")
    target.url, target.secret = hook.url("/metrics"), seal("sesame-street")
    target.save()
    pass_at(now)
    [got] = hook.received
    assert {name.lower(): value for name, value in got.headers.items()}["authorization"] == "Bearer sesame-street"
    assert b"sesame" not in bytes(target.secret)
    page = admin_client.get(f"/admin/monitoring/scrapetarget/{target.pk}/change/")
    assert b"sesame" not in page.content


def test_only_the_metrics_that_are_listed_are_taken(target, registry, now):
    for name in ("vllm_a", "vllm_b", "other"):
        Gauge(name, "", registry=registry).set(1)
    target.names = ["vllm_*"]
    target.save()
    pass_at(now)
    assert set(Metric.objects.values_list("name", flat=True)) == {
        *("vllm_a", "vllm_b", "up", "scrape_duration_seconds", "scrape_samples_scraped")
    }


def test_metrics_beyond_the_limit_are_told_on_the_target(target, registry, now, settings):
    settings.INGEST = {**settings.INGEST, "max_metrics": 4}
    for number in range(9):
        Gauge(f"g{number}", "", registry=registry).set(1)
    pass_at(now)
    target.refresh_from_db()
    assert target.last_error.startswith("too_many_metrics")
    assert Metric.objects.count() == 4


def test_both_formats_say_the_same():
    text = '# TYPE {a} counter\na_total{{x="1"}} 3\n# TYPE h histogram\nh_bucket{{le="1"}} 2\nh_bucket{{le="+Inf"}} 3\nh_sum 5\nh_count 3\n'
    for told in (
        read_exposition(text.format(a="a_total"), "text/plain"),
        read_exposition(text.format(a="a") + "# EOF\n", "application/openmetrics-text"),
    ):
        points = {one.name: one.point for one in told}
        assert points["a_total"] == Point(kind="counter", value=3)
        assert points["h"] == Point(kind="histogram", count=3, sum=5, explicit=Explicit([1], [2, 1]))


def test_numbers_that_are_none_are_left_out_and_nonsense_is_refused():
    assert [one.name for one in read_exposition("a NaN\nb 2\n", "text/plain")] == ["b"]
    with pytest.raises(ExpositionError):
        read_exposition('a{b="c', "text/plain")
    assert wanted(read_exposition("a 1\nab 2\n", ""), ["a"])[0].name == "a"


@pytest.mark.parametrize(
    "text",
    ["# TYPE h histogram\nh_bucket 1\n", '# TYPE h histogram\nh_bucket{le="x"} 1\nh_count 1\n', 'h{le="1"} one\n'],
)
def test_what_the_parser_stumbles_over_is_an_error_of_the_target_alone(text):
    with pytest.raises(ExpositionError):
        read_exposition(text, "text/plain")


def test_starts_are_read_from_both_formats_and_a_gauge_of_that_name_stays():
    text = "# TYPE {a} counter\na_total 3\n{gauge}a_created 7.5\n# TYPE pod_created gauge\npod_created 9\n"
    plain = read_exposition(text.format(a="a_total", gauge="# TYPE a_created gauge\n"), "text/plain")
    open_metrics = read_exposition(text.format(a="a", gauge="") + "# EOF\n", "application/openmetrics-text")
    for told in (plain, open_metrics):
        assert {one.name: one.point.start for one in told} == {"a_total": 7_500_000, "pod_created": 0}


def test_a_token_that_no_header_carries_is_refused_where_it_is_written(target, now, admin_client: Client):
    page = f"/admin/monitoring/scrapetarget/{target.pk}/change/"
    form = {
        "project": target.project_id,
        "model": target.model_id,
        "slug": target.slug,
        "url": target.url,
        "environment": "production",
        "interval": "00:00:30",
        "names": "[]",
        "enabled": "on",
    }
    refused = admin_client.post(page, form | {"new_secret": "two words"})
    assert (refused.status_code, b"no spaces or line ends" in refused.content) == (200, True)
    assert admin_client.post(page, form | {"new_secret": "sesame-street"}).status_code == 302
    target.refresh_from_db()
    assert unseal(target.secret) == "sesame-street"
    target.secret = seal("from a file\n")
    target.save()
    assert pass_at(now) == (1, 1)
    target.refresh_from_db()
    assert "no spaces or line ends" in target.last_error


def test_an_address_that_would_never_be_called_is_refused_in_the_form(target, admin_client: Client):
    form = {
        "project": target.project_id,
        "model": target.model_id,
        "slug": "other",
        "url": "ftp://x/metrics",
        "environment": "production",
        "interval": "00:00:01",
        "names": "[]",
        "enabled": "on",
    }
    answer = admin_client.post("/admin/monitoring/scrapetarget/add/", form)
    assert b"greater than or equal" in answer.content  # the interval first: all else is read when the columns are right
    answer = admin_client.post("/admin/monitoring/scrapetarget/add/", form | {"interval": "00:01:00"})
    assert b"must start with https://" in answer.content
    assert ScrapeTarget.objects.count() == 1


def test_what_a_server_tells_is_on_the_page_of_measures(target, registry, as_ana: Client, stopped_clock: datetime):
    Gauge("vllm_waiting", "Requests that wait.", registry=registry).set(7)
    assert pass_at(stopped_clock - timedelta(hours=1)) == (1, 0)
    page = reverse("panel:measures", args=[target.project.slug])
    shown = as_ana.get(page, {"model": "credit-risk", "measure": "metric:vllm_waiting:max"}).content.decode()
    assert '<option value="metric:vllm_waiting:max" selected>vllm_waiting max' in shown
    assert "vllm_waiting max: latest 7" in shown
    assert "atalaia_measure{" not in shown, "whoever scrapes both would have it twice"
    link = shown.partition('href="/admin/alerting/alertrule/add/?')[2].partition('"')[0].replace("&amp;", "&")
    form = as_ana.get(f"/admin/alerting/alertrule/add/?{link}").content.decode()
    assert '<option value="metric:vllm_waiting:max" selected>' in form
    refused = as_ana.get(page, {"model": "credit-risk", "measure": "metric:nobody:max"}).content.decode()
    assert "have no measure “metric:nobody:max”" in refused
