"""Fingerprints and matchers are those of a running Alertmanager."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerting.labels.identity import fingerprint
from alerting.labels.matchers import Matcher, MatcherError, Op, parse_matcher, parse_matchers
from tests.alertmanager import Running, alertmanager, run

pytestmark = pytest.mark.programs("prometheus-alertmanager", "amtool")
dice = random.Random(20_261_126)
NAMES = ["alertname", "model", "rule", "severity", "a", "B_2"]
VALUES = [
    "",
    "x",
    "credit-risk",
    "é ü 漢",
    'say "hi"',
    "back\\slash",
    "two\nlines",
    "a,b",
    "{x}",
    " space ",
    "x" * 300,
    "10.5",
]
PATTERNS = [
    "x",
    "x|credit.*",
    ".*",
    ".+",
    "",
    "[a-c],.",
    "é.*",
    "(?i)CREDIT-RISK",
    r"\w+",
    r"\d+\.\d",
    "a.b",
    "two.lines",
    "(?s)two.lines",
    "^x$",
    "x$|^cr.*k$",
]
BAD = ["(", "[a", "a{1001}", "(?=x)", r"\1", "*", "(?P<n", "a**", r"\8"]
ODD = [
    "model",
    "=x",
    "a = b",
    "  a  !=  b  ",
    'a="b" x',
    'a=x"y',
    'a="x\\"y"',
    "a=x\\ny",
    "a=x\\qy",
    "a=x\\",
    'a="x\\"',
    "a==x",
    "a=!x",
    "1a=b",
    "a:b=c",
    "a-b=c",
    "é=x",
    'a=""',
    "a=",
    "a!=",
    'a="',
    'a=~"',
    "a\u00a0=b",
    "a=b\u00a0",
    "a=\tx\n",
    "",
    " ",
    "a=b,c=d",
]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as found:
        yield found


@pytest.fixture(scope="module")
def labelled(theirs: Running) -> dict[str, dict[str, str]]:
    """Alerts of many labels that Alertmanager has, by the fingerprint it gave them; its labels lose what is empty."""
    sets = [{name: dice.choice(VALUES) for name in dice.sample(NAMES, dice.randint(1, 6))} for _ in range(80)]
    sent = [{"labels": {**labels, "n": str(place)}} for place, labels in enumerate(sets)]
    status, answer = theirs.ask("POST", "/alerts", sent)
    assert status == 200, answer
    return {alert["fingerprint"]: alert["labels"] for alert in theirs.ask("GET", "/alerts")[1]}


def test_fingerprints_are_equal(labelled: dict[str, dict[str, str]]) -> None:
    assert len(labelled) == 80
    assert {fingerprint(labels): labels for labels in labelled.values()} == labelled
    assert all(fingerprint({**labels, "empty": ""}) == given for given, labels in labelled.items())


def written(name: str, op: str, value: str) -> str:
    return str(Matcher(name, Op(op), value))


def questions() -> list[str]:
    plain = [f"{name}{op}{value}" for name in NAMES for op in ("=", "!=") for value in VALUES[:4]]
    quoted = [written(name, op, value) for name in NAMES[:3] for op in ("=", "!=") for value in VALUES]
    regular = [written(name, op, value) for name in NAMES[:2] for op in ("=~", "!~") for value in [*PATTERNS, *BAD]]
    return [*plain, *quoted, *regular, *ODD]


def test_every_matcher_finds_the_same_alerts_or_is_refused_by_both(
    theirs: Running, labelled: dict[str, dict[str, str]]
) -> None:
    asked = questions()
    assert len(asked) > 200
    differ = []
    for text in asked:
        status, answer = theirs.ask("GET", "/alerts", filter=[text])
        found = sorted(alert["fingerprint"] for alert in answer) if status == 200 else "refused"
        try:
            one = parse_matcher(text)
        except MatcherError:
            ours: object = "refused"
        else:
            ours = sorted(given for given, labels in labelled.items() if one.matches(labels))
        if ours != found:
            differ.append((text, ours, found))
    assert differ == []


LISTS = [
    "a=b",
    "a=b,c=d",
    "{a=b}",
    "{a=b",
    "a=b}",
    "{ a = b , c =~ d }",
    'a="b,c",d!=e',
    'a="\\",",b=c',
    "a=b,",
    "a=b, ",
    "a=b,,c=d",
    ",a=b",
    'a="b}"',
    "{a=\"b\",c!~'x'}",
    'a="b"c',
    "a=b\u2003",
    "a=\\",
    'a="x\\\\",b=c',
    "{}",
]


def test_lists_of_matchers_are_read_as_in_its_configuration(tmp_path: Path) -> None:
    for text in LISTS:
        route = {"receiver": "none", "routes": [{"receiver": "none", "matchers": [text, "last=1"]}]}
        (tmp_path / "am.yml").write_text(json.dumps({"route": route, "receivers": [{"name": "none"}]}))
        shown = run("amtool", "config", "routes", "show", f"--config.file={tmp_path / 'am.yml'}")
        try:
            # It sorts by name and value; only what stands inside of the braces counts here.
            ours = sorted(map(str, [*parse_matchers(text), *parse_matchers("last=1")]))
        except MatcherError:
            assert shown.returncode, (text, shown.stdout)
            continue
        read = shown.stdout.split("└── {")[1].rsplit("}  receiver", 1)[0]
        assert read == ",".join(ours), text
