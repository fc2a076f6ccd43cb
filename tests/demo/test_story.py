"""The story is a pure function of its seed, however it is told."""

import json
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from demo import applicants, assistant, credit
from demo.scenarios import SCENARIOS
from demo.scenarios.scenario import Episode
from demo.scorecard import Scorecard, load, save
from demo.story import KINDS, Story, batches
from demo.traffic import DAY, Event, Traffic
from demo.train import fit

ORIGIN = 1_773_100_800.0
HOUR = 3_600.0
ONSET = ORIGIN + 10 * HOUR


def _cards() -> tuple[Scorecard, ...]:
    """Untrained stand-ins: these tests ask when and what is told, not how good the model is."""
    return tuple(Scorecard(version, (0.1,) * 13, -2.0) for version in ("7.2.0", "7.3.0"))


def _story(seed: int = 7, cards: tuple[Scorecard, ...] | None = None) -> Story:
    episodes = tuple(Episode(scenario, ONSET) for scenario in SCENARIOS.values())
    return Story(seed, Traffic(ORIGIN, flat=True), cards or _cards(), episodes=episodes)


def _bytes(events: list[Event]) -> bytes:
    return json.dumps(events, ensure_ascii=False).encode()


def _accuracy(events: list[Event]) -> float:
    labels = {event.item["prediction_id"]: event.item["label"] for event in events if event.kind == "outcome"}
    decided = [event.item for event in events if event.kind == "prediction" and event.item["id"] in labels]
    return sum(item["prediction"] == labels[item["id"]] for item in decided) / len(decided)


def _calls(events: list[Event]) -> list[dict]:
    return [event.item for event in events if event.kind == "llm_call"]


def test_the_same_seed_tells_the_same_story_byte_for_byte():
    told = _bytes(_story().events(ORIGIN, ORIGIN + 6 * HOUR))
    assert told == _bytes(_story().events(ORIGIN, ORIGIN + 6 * HOUR))
    assert told != _bytes(_story(seed=8).events(ORIGIN, ORIGIN + 6 * HOUR))


@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.floats(0, 3 * HOUR), max_size=6))
def test_a_story_told_in_any_steps_is_the_story_told_at_once(cuts):
    whole = _story().events(ONSET - HOUR, ONSET + 2 * HOUR)
    edges = [ONSET - HOUR, *sorted(ONSET - HOUR + cut for cut in cuts), ONSET + 2 * HOUR]
    told = [event for start, end in pairwise(edges) for event in _story().events(start, end)]
    assert _bytes(told) == _bytes(whole)


def test_items_come_in_order_of_time_and_no_id_twice():
    events = _story().events(ORIGIN, ORIGIN + DAY)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert all(ORIGIN <= event.at < ORIGIN + DAY for event in events)
    ids = [(event.kind, event.item["id"]) for event in events]
    assert len(ids) == len(set(ids))
    assert {kind for kind, _ in ids} == set(KINDS)


def test_what_follows_a_request_names_a_request_that_was_told():
    events = _story().events(ORIGIN, ORIGIN + 2 * HOUR)
    asked = {event.item["id"] for event in events if event.kind in {"prediction", "llm_call"}}
    named = [event.item.get("prediction_id") or event.item.get("target_id") for event in events]
    assert {name for name in named if name} <= asked


def test_batches_keep_every_item_and_the_limit():
    events = _story().events(ORIGIN, ORIGIN + 3 * HOUR)
    sent = list(batches(events, size=100))
    assert sum(len(items) for _, items in sent) == len(events)
    assert max(len(items) for _, items in sent) == 100


def test_degradation_is_silent_and_ends_with_the_new_version(cards):
    story = _story(cards=cards)
    before, during = story.events(ONSET - 5 * HOUR, ONSET), story.events(ONSET + HOUR, ONSET + 4 * HOUR)
    after = story.events(ONSET + 4 * HOUR, ONSET + 9 * HOUR)
    assert _accuracy(before) > 0.88
    assert _accuracy(during) < 0.75
    assert _accuracy(after) > 0.86
    for events in (before, during, after):
        statuses = [event.item.get("status", "ok") for event in events if event.kind == "prediction"]
        assert statuses.count("error") <= 0.005 * len(statuses)


def test_truncation_starts_with_one_prompt_and_ends_with_the_next():
    story = _story()
    before, during = _calls(story.events(ONSET - HOUR, ONSET)), _calls(story.events(ONSET, ONSET + 2 * HOUR))
    after = _calls(story.events(ONSET + 2 * HOUR, ONSET + 4 * HOUR))
    cut = [sum(call["finish_reason"] == "length" for call in calls) / len(calls) for calls in (before, during, after)]
    assert cut[0] < 0.02
    assert cut[1] > 0.35
    assert cut[2] < 0.02
    assert {call["prompt_version"] for call in during} == {"p23"}
    assert all(call["usage"]["output"] <= call["params"]["max_tokens"] for call in before + during + after)


def test_a_cut_answer_stops_where_the_limit_is():
    calls = _calls(_story().events(ONSET, ONSET + 2 * HOUR))
    for call in calls:
        if call["finish_reason"] == "length":
            assert call["usage"]["output"] == call["params"]["max_tokens"]
        elif call["finish_reason"] == "stop":
            assert call["response"].endswith(("?", "."))


def test_traffic_follows_the_day_the_week_and_the_growth():
    traffic = Traffic(ORIGIN)
    wednesday = ORIGIN + 1 * DAY
    assert traffic.level(wednesday + 15 * HOUR) > 3 * traffic.level(wednesday + 6 * HOUR)
    assert traffic.level(wednesday + 4 * DAY) < traffic.level(wednesday + 5 * DAY)
    assert traffic.level(wednesday + 28 * DAY) > 2 * traffic.level(wednesday)


def test_live_traffic_is_two_events_a_second_on_the_mean_of_a_week_and_follows_the_day():
    story = Story(7, Traffic(ORIGIN), _cards())
    settled = ORIGIN + 31 * DAY
    hours = [len(story.events(at, at + HOUR)) for at in (settled + n * HOUR for n in range(0, 7 * 24, 7))]
    assert 1.7 < sum(hours) / len(hours) / HOUR < 2.3
    assert min(hours) < 0.5 * sum(hours) / len(hours) < max(hours) / 2.5


def test_the_launch_is_announced_and_opens_the_doors_within_two_hours():
    story = Story(7, Traffic(ORIGIN), _cards())
    launch = story.traffic.launch
    announced = [event.item for event in story.events(launch, launch + 1) if event.kind == "event"]
    assert [item["model"] for item in announced if item["name"] == "opened_to_everybody"] == list(story.models)
    before, after = story.events(launch - HOUR, launch), story.events(launch + 2 * HOUR, launch + 3 * HOUR)
    assert 8 < len(after) / len(before) < 20


def test_the_exported_scorecard_is_the_trained_classifier(tmp_path):
    card = fit("t", seed=3, newcomers=0.3, rows=1_500)
    save([card], tmp_path / "cards.json")
    assert load(tmp_path / "cards.json") == (card,)
    rng = Random(1)
    people = [applicants.customer(rng) for _ in range(500)]
    right = sum(
        (card.score(applicants.inputs(who)) >= credit.THRESHOLD) == applicants.defaults(rng, who) for who in people
    )
    assert right > 430


def test_prices_are_those_of_the_tokens():
    call = next(call for call in _calls(_story().events(ORIGIN, ORIGIN + HOUR)) if call.get("status") != "error")
    expected = sum(count * assistant.USD_PER_TOKEN[bucket] for bucket, count in call["usage"].items())
    assert abs(call["cost_usd"] - expected) < 1e-9
