"""What real clients sent, read back and held against what is true of the calls they made, field by field."""

import random

import pytest

from monitoring.llm.dialects.kinds import kind_of
from monitoring.llm.dialects.merge import merge
from monitoring.llm.dialects.same_call import same_call
from monitoring.llm.dialects.seen import Reading
from tests.captures.catalogue import CASES
from tests.captures.clients import BY_NAME, CLIENTS
from tests.captures.never import NEVER
from tests.captures.replay import calls, case_of, readings, recorded, seen_in, steps, wrong


def made_by(client: str) -> set[str]:
    """The cases that a client's driver calls."""
    return set(BY_NAME[client].cases)


def test_every_client_is_recorded_and_judged():
    assert recorded() == sorted(NEVER) == sorted(client.name for client in CLIENTS)


@pytest.mark.parametrize("client", recorded())
def test_every_call_is_there_once_and_every_field_right_that_the_client_sends(client):
    found = [(case_of(call.call, client), call.call) for call in calls(readings(client), steps(client))]
    assert all(case is not None for case, _ in found)
    names = [case.name for case, _ in found if case is not None]
    assert sorted(names) == sorted(made_by(client) - set(NEVER[client]))
    differ = {
        f"{case.name}.{field}": told
        for case, call in found
        if case
        for field, told in wrong(case, call, client).items()
    }
    unexpected = {
        name: told
        for name, told in differ.items()
        if name not in NEVER[client] and name.partition(".")[2] not in NEVER[client]
    }
    assert unexpected == {}


@pytest.mark.parametrize("client", recorded())
def test_what_a_client_is_said_never_to_send_it_never_sends(client):
    found = [
        (case, call.call) for call in calls(readings(client), steps(client)) if (case := case_of(call.call, client))
    ]
    differ = {f"{case.name}.{field}" for case, call in found for field in wrong(case, call, client)}
    differ |= {name.partition(".")[2] for name in differ} | (made_by(client) - {case.name for case, _ in found})
    assert {field for field in NEVER[client] if _could(client, field)} - differ == set()


def _could(client: str, field: str) -> bool:
    """Whether a case of this client has such a field at all."""
    made = made_by(client)
    return field.partition(".")[0] in made or any(
        field in case.truth or field.removeprefix("params.") in case.truth["params"]
        for case in map(CASES.__getitem__, made)
    )


@pytest.mark.parametrize("client", recorded())
def test_any_order_any_repetition_and_any_batches_give_the_same_calls(client):
    given = readings(client)
    expected = calls(given)
    for seed in range(5):
        shuffled = given * 2
        random.Random(seed).shuffle(shuffled)
        assert calls(shuffled) == expected
        assert in_batches(shuffled, seed) == expected


def in_batches(given: list[Reading], seed: int) -> list[Reading]:
    """The calls when readings come in batches of a few and what came before is known merged, as a drain knows it."""
    known: list[Reading] = []
    sizes = random.Random(seed)
    while given:
        size = sizes.randint(1, 7)
        known, given = [*known, *given[:size]], given[size:]
        known = [merge([known[place] for place in group]) for group in same_call(known)]
    return sorted((one for one in known if one.whole), key=lambda one: one.start_us)


def test_steps_around_calls_are_no_calls():
    kinds = {kind_of(seen) for client in recorded() for kind, seen in seen_in(client) if kind == "span"}
    assert kinds >= {"llm", "embedding", "chain"}
    assert not [
        call
        for client in recorded()
        for call in calls(readings(client), steps(client))
        if "embed" in str(call.call.get("prompt"))
    ]


@pytest.mark.parametrize("client", ["anthropic-native", "openai-genai-default"])
def test_content_that_a_client_keeps_to_itself_is_flagged(client):
    assert all("content_not_captured" in call.flags for call in calls(readings(client), steps(client)))


def test_a_client_that_captures_content_is_not_flagged():
    """But for calls that failed, of which some tell no content."""
    flagged = {
        client
        for client in recorded()
        for call in calls(readings(client), steps(client))
        if "content_not_captured" in call.flags and call.call["status"] == "ok"
    }
    # OpenLLMetry tells nothing of a stream of Claude's that is left before its end; the SDK itself tells no words
    left = {"anthropic-openllmetry-ways", "anthropic-openllmetry-async"}
    assert flagged == {"anthropic-native", "openai-genai-default", *left}


def test_parameters_that_langfuse_invents_are_no_parameters():
    found = {case.name: call for call in calls(readings("langfuse")) if (case := case_of(call.call, "langfuse"))}
    assert all("invented_params" in call.flags for call in found.values())
    assert found["chat_bare"].call["params"] == {"service_tier": "default"}
    assert found["chat_plain"].call["params"]["temperature"] == 0.2
