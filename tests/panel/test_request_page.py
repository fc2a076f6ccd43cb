"""The page of one request, and the search that leads there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from alerting.models import Incident
from lib.ids import identity
from models_registry.models import Model, Project
from monitoring.models import EventKey, Feedback, Outcome, Prediction, Span
from monitoring.storage.packing import pack
from panel.pages.waterfall import Part, waterfall
from tests.panel import story

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def _told(credit_risk: Model, stopped_clock: datetime) -> None:
    at = stopped_clock - timedelta(minutes=5)
    story.make_prediction(credit_risk, 1, at, request_id="req-1", trace_id=TRACE)
    story.make_log(
        credit_risk, 1, at + timedelta(seconds=1), level="error", message="<i>no card</i>", request_id="req-1"
    )
    for number, parent in enumerate(("", "00000000000000a0", "00000000000000a0")):
        Span.objects.create(
            id=number + 1,
            project=credit_risk.project,
            event_id=f"00000000000000a{number}",
            parent_span_id=parent,
            trace_id=TRACE,
            name=f"step {number}",
            status=2 if number == 2 else 0,
            ts_us=story.micros(at) + number,
            ingested_us=1,
            duration_us=-5_000 if number == 1 else 1_000,
            payload=pack(b'{"attributes":{"http.route":"/pay"}}'),
        )


@pytest.mark.usefixtures("_told")
def test_the_page_tells_everything(as_bia: Client, credit_risk: Model, stopped_clock: datetime) -> None:
    Incident.objects.create(
        project=credit_risk.project,
        number=7,
        title="Errors burn",
        model=credit_risk,
        group_key="g",
        severity="page",
        impact_started_at=stopped_clock - timedelta(hours=1),
        opened_at=stopped_clock - timedelta(hours=1),
    )
    page = as_bia.get("/p/aurora/requests/req-1/").content.decode()
    for said in ("INC-7", "&lt;i&gt;no card", "step 0", "step 2", "http.route", "−5.0", TRACE, "A request that failed"):
        assert said in page


@pytest.mark.usefixtures("_told")
def test_what_no_span_tells_stands_in_the_waterfall_too(as_bia: Client) -> None:
    rows = as_bia.get("/p/aurora/requests/req-1/").context["page"].bars
    assert [(bar.row.part.name, bar.url) for bar in rows if not bar.row.part.key] == [
        ("credit-risk 1", "/p/aurora/predictions/1/")
    ]
    Prediction.objects.update(span_id="00000000000000a1")
    rows = as_bia.get("/p/aurora/requests/req-1/").context["page"].bars
    assert [bar.row.part.name for bar in rows] == ["step 0", "step 1", "step 2"]


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize("text", ["req-1", TRACE, "p-1", "00000000000000a2"])
def test_a_pasted_id_leads_there(as_bia: Client, text: str) -> None:
    answer = as_bia.get("/search/", {"q": f" {text} "})
    assert answer.status_code == 302
    assert answer["Location"] == f"/p/aurora/requests/{text}/"
    assert as_bia.get(answer["Location"]).status_code == 200


@pytest.mark.usefixtures("_told")
def test_who_only_spans_name_leads_to_their_traces(as_bia: Client, stopped_clock: datetime) -> None:
    Span.objects.filter(event_id="00000000000000a0").update(session_id="S-1", user_id="U-1")
    for text in ("S-1", "U-1"):
        answer = as_bia.get("/search/", {"q": text})
        assert answer["Location"] == f"/p/aurora/requests/{text}/"
        assert "step 2" in as_bia.get(answer["Location"]).content.decode()
    Prediction.objects.filter(event_id="p-1").update(session_id="S-1", user_id="U-1")
    assert as_bia.get("/search/", {"q": "S-1"})["Location"] == "/p/aurora/sessions/S-1/"
    assert as_bia.get("/search/", {"q": "U-1"})["Location"] == "/p/aurora/users/U-1/"


@pytest.mark.usefixtures("_told")
def test_people_and_evaluations_stand_apart(as_bia: Client, stopped_clock: datetime) -> None:
    event = Prediction.objects.get(event_id="p-1")
    Prediction.objects.filter(pk=event.pk).update(session_id="s-1", user_id="u-1")
    story.make_feedback(event, 1, stopped_clock, "down", "not mine")
    score = story.make_feedback(event, 2, stopped_clock, "0.25")
    Feedback.objects.filter(pk=score.pk).update(user_id="score:faithfulness", kind="score")
    page = as_bia.get("/p/aurora/requests/req-1/").content.decode()
    people, evaluations = page.index("not mine"), page.index("faithfulness")
    assert people < page.index(">Evaluations<") < evaluations
    for said in ("0.25", "/p/aurora/sessions/s-1/", "/p/aurora/users/u-1/"):
        assert said in page


def test_what_is_no_id_is_not_found(as_bia: Client, as_caio: Client, credit_risk: Model) -> None:
    assert as_bia.get("/p/aurora/requests/nobody/").status_code == 404
    assert as_caio.get("/p/aurora/requests/nobody/").status_code == 404


@pytest.mark.once
def test_a_trace_of_thirty_thousand_is_folded(as_bia: Client, credit_risk: Model, stopped_clock: datetime) -> None:
    rows = [
        Span(
            id=number + 1,
            project=credit_risk.project,
            event_id=f"{number:016x}",
            parent_span_id="" if not number else f"{number - 1:016x}" if number < 5_000 else f"{number // 7:016x}",
            trace_id=TRACE,
            name="step",
            status=2 if number == 20_000 else 0,
            ts_us=story.micros(stopped_clock) + number,
            ingested_us=1,
            duration_us=number,
        )
        for number in range(30_000)
    ]
    Span.objects.bulk_create(rows, batch_size=500)
    answer = as_bia.get(f"/p/aurora/requests/{TRACE}/")
    assert answer.status_code == 200
    assert len(answer.content) < 200_000


NUMBERS = st.integers(0, 12)
PARTS = st.lists(
    st.builds(
        lambda one, parent, start, length, error: Part(str(one), str(parent), "n", "span", error, start, length),
        NUMBERS, NUMBERS, st.integers(0, 10**9), st.integers(-(10**6), 10**9), st.booleans(),
    ),
    max_size=30,
)  # fmt: skip


@given(PARTS, st.integers(1, 12))
def test_no_span_is_lost_and_every_bar_is_in_its_box(parts: list[Any], limit: int) -> None:
    made = waterfall(parts, limit=limit)
    assert len(made.rows) <= limit
    assert made.spans == len({part.id for part in parts})
    names = [row.part.id for row in made.rows]
    assert len(set(names)) == len(names)
    assert all(row.left >= 0 and row.width > 0 and row.left + row.width <= 1_000.2 for row in made.rows)
    if made.spans <= limit:
        assert len(names) == made.spans
        assert not any(row.folded for row in made.rows)


@given(PARTS)
def test_the_order_of_arrival_does_not_matter(parts: list[Any]) -> None:
    unique = list({part.id: part for part in parts}.values())
    assert (
        [row.part.id for row in waterfall(unique).rows]
        and waterfall(unique).total_ms == waterfall(unique[::-1]).total_ms
    ) or not unique


def test_a_row_counts_what_is_folded_below_it() -> None:
    parts = [
        Part("root", "", "r", "span", False, 0, 100),
        *(Part(f"c{n}", "root", "c", "span", False, n, n) for n in range(9)),
    ]
    made = waterfall(parts, limit=3)
    assert [(row.part.id, row.folded) for row in made.rows] == [("root", 7), ("c7", 0), ("c8", 0)]


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize(
    "copied",
    [
        '"req-1"',
        "request_id=req-1",
        "'request_id': 'req-1',",
        f"00-{TRACE}-00000000000000a2-01",
        f"traceparent: 00-{TRACE.upper()}-00000000000000a2-01",
    ],
)
def test_an_id_may_be_copied_with_what_stands_around_it(as_bia: Client, copied: str) -> None:
    answer = as_bia.get("/search/", {"q": copied}, follow=True)
    assert answer.redirect_chain
    assert [one.event.event_id for one in answer.context["page"].served] == ["p-1"]


@pytest.mark.usefixtures("_told")
def test_an_id_of_another_project_is_found_from_here(as_bia: Client) -> None:
    other = Project.objects.create(slug="zeta", name="Zeta")
    as_bia.get("/p/zeta/")
    assert as_bia.get("/search/", {"q": "req-1"})["Location"] == "/p/aurora/requests/req-1/"
    assert as_bia.get("/search/", {"q": "nowhere"}).status_code == 200
    other.delete()


@pytest.mark.usefixtures("_told")
def test_the_features_of_a_prediction_stand_there(as_bia: Client) -> None:
    Prediction.objects.update(payload='{"features":{"income":5100,"<b>city":"Recife","gone":null}}')
    page = as_bia.get("/p/aurora/requests/req-1/").content.decode()
    for said in ("income", "5100", "&lt;b&gt;city", "Recife", "null", "3 features", '<details class="features" open>'):
        assert said in page
    many = ",".join(f'"f{number}":{number}' for number in range(13))
    Prediction.objects.update(payload=f'{{"features":{{{many}}}}}')
    assert '<details class="features">' in as_bia.get("/p/aurora/requests/req-1/").content.decode()


@pytest.mark.usefixtures("_told")
def test_an_outcome_whose_prediction_never_came_has_a_page(as_bia: Client, credit_risk: Model) -> None:
    at = story.micros(datetime(2026, 3, 1, 12, tzinfo=UTC))
    key = identity(credit_risk.project_id, "outcome", "o-lost")
    Outcome.objects.create(
        id=90, project=credit_risk.project, event_id="o-lost", ts_us=at, ingested_us=at, target=b"lost", label="paid"
    )
    EventKey.objects.create(key=key, kind="outcome", ref=90, seen_us=at)
    page = as_bia.get(as_bia.get("/search/", {"q": "o-lost"})["Location"]).content.decode()
    assert "2026-03-01T" in page
    assert "paid" in page
