"""Matchers as people and programs write them; held against a running Alertmanager in `test_alertmanager.py`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.labels.matchers import (
    MatcherError,
    Op,
    Wrong,
    all_match,
    check,
    from_json,
    matcher,
    parse_lines,
    parse_matcher,
    parse_matchers,
    to_json,
)
from alerting.labels.validators import sentence

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "labels", "found"),
    [
        ('a="b"', {"a": "b"}, True),
        ("a=b", {"a": "bb"}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ('a=~"b.*"', {"a": "bcd"}, True),
        ('a=~"b"', {"a": "bcd"}, False),
        ('a=~"b|cd"', {"a": "bcd"}, False),
        ('a!~"b.+"', {"a": "bc"}, False),
        ('a!~"b.+"', {"a": "b"}, True),
        ('a=""', {}, True),
        ('a=~".*"', {}, True),
        ('a=~".+"', {}, False),
        ('a=~"b.c"', {"a": "b\nc"}, False),
        ('a=~"(?s)b.c"', {"a": "b\nc"}, True),
    ],
)
def test_a_missing_label_is_empty_and_expressions_match_the_whole(
    text: str, labels: dict[str, str], found: bool
) -> None:
    assert parse_matcher(text).matches(labels) is found


@given(name=NAMES, op=st.sampled_from(list(Op)[:2]), value=TEXT)
def test_what_is_written_is_read_again(name: str, op: Op, value: str) -> None:
    one = matcher(name, op, value)
    assert parse_matchers(f"{{{one}}}") == [one]
    assert from_json(to_json([one])) == [one]
    assert one.matches({name: value}) is (op == Op.EQUAL)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        said = "".join(map(str, parse_matchers(text))) or "nothing"
    except MatcherError as error:
        said = sentence(error)
    assert said


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("model", Wrong.FORMAT),
        ('="x"', Wrong.FORMAT),
        ('a="b', Wrong.QUOTE),
        ('a=b"c', Wrong.QUOTE),
        ('a=~"("', Wrong.REGEX),
        ('a=~"x{1000}{1000}"', Wrong.REGEX),
        ('a=~"((a{100}){100}){100}"', Wrong.REGEX),
        ('a=~"(?=b)"', Wrong.REGEX),
        ("a=" + "x" * 4_097, Wrong.VALUE),
        (",".join(f"a{n}=b" for n in range(65)), Wrong.MANY),
    ],
)
def test_what_could_not_be_asked_is_refused(text: str, wrong: Wrong) -> None:
    with pytest.raises(MatcherError) as raised:
        parse_matchers(text)
    assert raised.value.wrong == wrong
    assert len(sentence(raised.value)) < 400


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+", r"(.*a){20}", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_expressions_that_hang_other_engines_answer(pattern: str) -> None:
    assert parse_matcher(f'a=~"{pattern}"').matches({"a": "a" * 50_000 + "!"}) in (True, False)


@pytest.mark.parametrize("text", ["", "a=~.*", 'a!="b"', 'a=""', 'a=~"b|"'])
def test_a_silence_must_name_something(text: str) -> None:
    with pytest.raises(MatcherError):
        check(parse_matchers(text))


def test_a_form_takes_one_a_line() -> None:
    found = parse_lines('model="credit-risk"\n\nenvironment=~"prod.*", rule!="errors"\n')
    assert [str(one) for one in found] == ['model="credit-risk"', 'environment=~"prod.*"', 'rule!="errors"']
    assert all_match(found, {"model": "credit-risk", "environment": "production"})


@pytest.mark.parametrize(
    "items", [None, "a=b", [1], [{}], [{"name": "a"}], [{"name": 1, "value": "b", "isRegex": False}]]
)
def test_json_of_another_shape_is_refused(items: object) -> None:
    with pytest.raises(MatcherError):
        from_json(items)
