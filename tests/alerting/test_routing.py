"""Routes go where Alertmanager's go: the walk of the tree, and the same trees in `amtool config routes test`."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.labels.matchers import Matcher, Op, matcher
from alerting.routes.tree import Node, match, visits
from tests.alertmanager import run

NAMES = ["team", "severity", "model"]
VALUES = ["", "a", "b", "page"]
PATTERNS = ["a|b", ".*", "p.*", "", ".+"]


def equal(name: str, value: str) -> Matcher:
    return matcher(name, Op.EQUAL, value)


MATCHERS = st.one_of(
    st.builds(matcher, st.sampled_from(NAMES), st.sampled_from([Op.EQUAL, Op.NOT_EQUAL]), st.sampled_from(VALUES)),
    st.builds(matcher, st.sampled_from(NAMES), st.sampled_from([Op.REGEX, Op.NOT_REGEX]), st.sampled_from(PATTERNS)),
)
LABELS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES[1:]))


def node(key: int, *children: Node, on: tuple[Matcher, ...] = (), keep_going: bool = False) -> Node:
    return Node(key, f"r{key}", on, keep_going, children=children)


@st.composite
def trees(draw) -> Node:
    """Keys in the order of the tree; the root takes everything."""
    counter = iter(range(1_000))

    def grow(depth: int) -> Node:
        key = next(counter)
        on = () if depth == 0 else tuple(draw(st.lists(MATCHERS, max_size=2)))
        count = draw(st.integers(0, 3 - depth))
        keep_going = depth > 0 and draw(st.booleans())
        return node(key, *(grow(depth + 1) for _ in range(count)), on=on, keep_going=keep_going)

    return grow(0)


def test_the_deepest_branch_that_takes_it_answers_and_continue_asks_the_next():
    tree = node(
        0,
        node(1, node(2, on=(equal("severity", "page"),)), on=(equal("team", "a"),), keep_going=True),
        node(3, on=(equal("model", "b"),)),
        node(4),
    )
    assert [one.key for one in match(tree, {"team": "a", "severity": "page", "model": "b"})] == [2, 3]
    assert [one.key for one in match(tree, {"team": "a"})] == [1, 4]
    assert [one.key for one in match(tree, {"model": "b"})] == [3]
    assert [one.key for one in match(node(0), {})] == [0]


@given(tree=trees(), labels=LABELS)
def test_the_explanation_and_the_walk_agree(tree, labels):
    told = visits(tree, labels)
    assert [visit.node.key for visit in told] == sorted(visit.node.key for visit in told), "every node once, in order"
    assert [visit.node.key for visit in told if visit.chosen] == [one.key for one in match(tree, labels)]
    for visit in told:
        assert not (visit.entered and visit.failed)
        assert visit.failed is None or not visit.failed.matches(labels)
        assert not visit.entered or all(one.matches(labels) for one in visit.node.matchers)


@given(tree=trees(), labels=LABELS)
def test_an_alert_always_goes_somewhere(tree, labels):
    assert match(tree, labels)


@pytest.mark.programs("amtool")
def test_amtool_sends_the_same_labels_the_same_way(tmp_path: Path):
    seed = random.Random(20260310)
    for number in range(12):
        tree = _random_tree(seed)
        config = tmp_path / f"{number}.yml"
        config.write_text(json.dumps(_config(tree)))
        for _ in range(6):
            labels = {name: value for name in NAMES if (value := seed.choice(VALUES))}
            assert _amtool(config, labels) == [one.name for one in match(tree, labels)], (
                labels,
                config.read_text(),
            )


def _random_tree(seed: random.Random) -> Node:
    keys = iter(range(1_000))

    def grow(depth: int) -> Node:
        key = next(keys)
        on = [] if depth == 0 else [_random_matcher(seed) for _ in range(seed.choice([1, 1, 2]))]
        children = [grow(depth + 1) for _ in range(seed.randint(0, 3))] if depth < 3 else []
        return node(key, *children, on=tuple(on), keep_going=depth > 0 and seed.random() < 0.4)

    return grow(0)


def _random_matcher(seed: random.Random) -> Matcher:
    op = seed.choice(list(Op))
    return matcher(seed.choice(NAMES), op, seed.choice(PATTERNS if op in (Op.REGEX, Op.NOT_REGEX) else VALUES))


def _config(tree: Node) -> dict:
    names: list[str] = []

    def route(one: Node) -> dict:
        names.append(one.name)
        return {
            "receiver": one.name,
            **({"matchers": [str(each) for each in one.matchers]} if one.matchers else {}),
            **({"continue": True} if one.keep_going else {}),
            "routes": [route(child) for child in one.children],
        }

    return {"route": route(tree), "receivers": [{"name": name} for name in names]}


def _amtool(config: Path, labels: dict[str, str]) -> list[str]:
    command = ("amtool", "config", "routes", "test", f"--config.file={config}")
    told = run(*command, *(f"{name}={value}" for name, value in labels.items()))
    assert told.returncode == 0, told.stderr
    return told.stdout.strip().split(",")
