"""The story is a pure function of its seed, however it is told."""

import json
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from demo import applicants, assistant, credit, delivery, orders
from demo.scenarios import SCENARIOS
from demo.scenarios.scenario import Episode
from demo.scorecard import Scorecard, load, save
from demo.story import KINDS, LONGEST_ECHO, Story, batches
from demo.traffic import DAY, Event, Traffic
from demo.train import fit, fit_delivery

ORIGIN = 1_773_100_800.0
HOUR = 3_600.0
ONSET = ORIGIN + 10 * HOUR


def _cards() -> tuple[Scorecard, ...]:
    """Untrained stand-ins: these tests ask when and what is told, not how good the model is."""
    classifiers = [Scorecard(version, (0.1,) * 13, -2.0) for version in ("7.2.0", "7.3.0")]
    return (*classifiers, Scorecard(orders.VERSION, (1.0,) * 15, 12.0))


def _story(seed: int = 7, cards: tuple[Scorecard, ...] | None = None) -> Story:
    episodes = tuple(Episode(scenario, ONSET) for scenario in SCENARIOS.values())
    return Story(seed, Traffic(ORIGIN, flat=True), cards or _cards(), episodes=episodes)


def _bytes(events: list[Event]) -> bytes:
    return json.dumps(events, ensure_ascii=False).encode()


def _accuracy(events: list[Event]) -> float:
    labels = {event.item["prediction_id"]: event.item["label"] for event in events if event.kind == "outcome"}
    known = [event.item for event in events if event.kind == "prediction" and event.item["id"] in labels]
    decided = [item for item in known if item["model"] == credit.MODEL]
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
    tenths = [len(story.events(at, at + HOUR // 10)) for at in (settled + n * HOUR for n in range(0, 7 * 24, 7))]
    mean = sum(tenths) / len(tenths)
    assert 1.7 < mean / (HOUR // 10) < 2.3
    assert min(tenths) < 0.5 * mean < max(tenths) / 2.5


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
    prices = assistant.USD_PER_TOKEN[call["request_model"]]
    expected = sum(count * prices[bucket] for bucket, count in call["usage"].items())
    assert abs(call["cost_usd"] - expected) < 1e-9


def test_deliveries_are_predicted_well_and_told_at_the_door():
    card = fit_delivery(seed=3, rows=3_000)
    episodes = (Episode(SCENARIOS["silent_degradation"], ONSET),)
    story = Story(7, Traffic(ORIGIN, flat=True), [*_cards()[:2], card], episodes=episodes, models=(delivery.MODEL,))
    events = story.events(ORIGIN, ORIGIN + 30 * HOUR)
    rides = {event.item["id"]: event for event in events if event.kind == "prediction"}
    doors = [event for event in events if event.kind == "outcome"]
    pairs = [(rides[door.item["prediction_id"]].item["prediction"], door.item["label"]) for door in doors]
    assert len(pairs) > 800
    middle = sum(taken for _, taken in pairs) / len(pairs)
    error = sum(abs(told - taken) for told, taken in pairs) / len(pairs)
    assert error < 4 < sum(abs(middle - taken) for _, taken in pairs) / len(pairs), "better than the mean"
    for door in doors:
        ride = rides[door.item["prediction_id"]]
        assert abs(door.at - ride.at - door.item["label"] * 60) < 0.1, "the label comes with the courier"


def test_a_retry_loop_costs_many_times_as_much_and_nothing_else_changes():
    episodes = (Episode(SCENARIOS["llm_cost_spike"], ONSET),)
    story = Story(7, Traffic(ORIGIN, flat=True), _cards(), episodes=episodes, models=(assistant.MODEL,))
    end = ONSET + SCENARIOS["llm_cost_spike"].truth.end.total_seconds()
    before, during, after = (
        _calls(story.events(start, start + HOUR)) for start in (ONSET - HOUR, ONSET, end + LONGEST_ECHO)
    )
    costs = [sum(call["cost_usd"] or 0 for call in calls) / len(calls) for calls in (before, during, after)]
    assert costs[1] > 10 * max(costs[0], costs[2])
    assert len(during) > 2 * max(len(before), len(after))
    assert {call["request_model"] for call in during} == {assistant.LANGUAGE_MODEL, assistant.LARGER_MODEL}
    assert {call["request_model"] for call in before + after} == {assistant.LANGUAGE_MODEL}
    assert sum(call["finish_reason"] == "length" for call in during) < 0.02 * len(during)
    asked = [call for call in during if call["id"].endswith("-r1")]
    assert {call["request_id"] for call in asked} <= {call["request_id"] for call in during if "-r" not in call["id"]}


def _by_trace(events: list[Event], kind: str) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for event in events:
        if event.kind == kind and "trace_id" in event.item:
            found.setdefault(event.item["trace_id"], []).append(event.item)
    return found


def test_one_request_in_twenty_is_traced_and_every_one_that_failed():
    events = _story().events(ORIGIN, ORIGIN + 2 * DAY)
    requests = [event.item for event in events if event.kind == "llm_call" and "-r" not in event.item["id"]]
    failed = [call for call in requests if call.get("status") == "error"]
    lucky = [call for call in requests if "trace_id" in call and call not in failed]
    assert 0.04 < len(lucky) / len(requests) < 0.06
    assert len(failed) > 5
    assert all("trace_id" in call for call in failed)


def test_a_trace_holds_its_calls_and_their_steps_within_the_whole():
    loop = (Episode(SCENARIOS["llm_cost_spike"], ONSET),)
    story = Story(7, Traffic(ORIGIN, flat=True), _cards(), episodes=loop, models=(assistant.MODEL,), rate=3.0)
    events = story.events(ONSET - 2 * HOUR, ONSET + 2 * HOUR)  # with retries and failures
    calls, spans = _by_trace(events, "llm_call"), _by_trace(events, "span")
    assert calls.keys() == spans.keys()
    assert max(map(len, calls.values())) > 3
    for trace, steps in spans.items():
        (root,) = [span for span in steps if "parent_span_id" not in span]
        below = [span for span in steps if span is not root]
        assert {one["parent_span_id"] for one in (*below, *calls[trace])} == {root["id"]}
        assert len({one["span_id"] for one in calls[trace]} | {span["id"] for span in steps}) == len(
            calls[trace] + steps
        )
        assert all(root["ts"] <= span["ts"] <= span["end_ts"] <= root["end_ts"] for span in below)
        failed = calls[trace][0].get("status") == "error"
        assert bool(root["error"]) == failed
        checks = [span["attributes"]["refused"] for span in below if span["name"] == "check answer"]
        assert checks == ([] if failed else [True] * (len(calls[trace]) - 1) + [False])


def test_traces_change_nothing_else_of_the_story(monkeypatch):
    monkeypatch.setattr(assistant, "traced", lambda _key, events: events)
    without = _story().events(ONSET - HOUR, ONSET + HOUR)
    monkeypatch.undo()
    named = {"trace_id", "span_id", "parent_span_id"}
    others = [event for event in _story().events(ONSET - HOUR, ONSET + HOUR) if event.kind != "span"]
    unnamed = [
        event._replace(item={name: told for name, told in event.item.items() if name not in named}) for event in others
    ]
    assert unnamed == without


def test_the_episode_that_began_last_decides():
    costly = Episode(SCENARIOS["llm_cost_spike"], ONSET)
    later = Episode(SCENARIOS["prompt_truncation"], ONSET + DAY)
    story = Story(7, Traffic(ORIGIN, flat=True), _cards(), episodes=(costly, later))
    worlds = [story.world(assistant.MODEL, at) for at in (ONSET - 1, ONSET, ONSET + 6 * HOUR, ONSET + DAY)]
    assert [(world.prompt_version, world.application) for world in worlds] == [
        ("p22", "1.9.0"),
        ("p22", "1.10.0"),
        ("p22", "1.9.0"),
        ("p23", "1.9.0"),
    ]
