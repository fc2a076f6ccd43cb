"""What each kind of evaluator says of an answer: pure, by its text alone, whatever the text."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.drain.fold.contents import characters
from monitoring.llm.evaluators.answer import MAX_READ, Answer, Said, answer_of, marks_of, texts_of
from monitoring.llm.evaluators.kinds import judge_of
from monitoring.llm.evaluators.settings import SETTINGS, SettingsError, read_settings
from monitoring.llm.evaluators.verdicts import Verdict, evaluations_of, evaluations_text

DETECT = partial(marks_of, names=("email", "key"))
HALF = "\ud83d"


def answer(text: Any, **said: Any) -> Answer:
    found = answer_of(Said(response=text, **said), DETECT)
    assert found is not None
    return found


def judge(kind: str, settings: dict[str, Any], text: Any, **said: Any) -> Verdict | None:
    return judge_of(kind, settings)(answer(text, **said))


GOOD: list[tuple[str, dict[str, Any], str]] = [
    ("pattern", {"must_match": "(?i)order [0-9]{4}"}, "Your Order 4711 left."),
    ("pattern", {"must_not_match": "lorem"}, "Your order left."),
    ("words", {"all": ["refund"], "any": ["days", "weeks"]}, "The REFUND takes five days."),
    ("words", {"none": ["ass"]}, "The assistant."),
    ("words", {"all": ["não"], "none": ["pos"]}, "Ela não está, pôs após."),
    ("json", {}, ' {"a": [1, null]} '),
    ("json", {"keys": ["a"]}, '{"a": 1, "b": 2}'),
    ("json", {"fenced": True}, '```json\n{"a": 1}\n```'),
    ("length", {"min": 3, "max": 3}, "abc"),
    ("length", {"max": 2, "unit": "words"}, "two words"),
    ("no_refusal", {}, "The parcel left on Monday. I can help with more."),
    ("no_refusal", {}, "x" * 400 + " I cannot help you"),
    ("no_personal_data", {"allow": ["email"]}, "Write to [email]."),
    ("no_personal_data", {}, "See [chapter]."),
]
BAD: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("pattern", {"must_match": "[0-9]"}, "none", "no_match", ""),
    ("pattern", {"must_match": "a", "must_not_match": "l.rem"}, "a lorem", "match", "lorem"),
    ("words", {"all": ["refund", "days"]}, "a refund", "missing_words", "days"),
    ("words", {"any": ["a b", "c"]}, "a, b", "missing_words", "a b | c"),
    ("words", {"none": ["você é"]}, "Sim, VOCÊ É.", "forbidden_words", "VOCÊ É"),
    ("json", {}, "", "not_json", "Input data was truncated"),
    ("json", {}, '```json\n{"a": 1}\n```', "not_json", "JSON is malformed: invalid character (byte 0)"),
    ("json", {"keys": ["a"]}, "[1]", "not_an_object", ""),
    ("json", {"keys": ["a", "b"]}, '{"a": 1}', "missing_keys", "b"),
    ("length", {"min": 1}, "", "too_short", "0 < 1"),
    ("length", {"max": 1, "unit": "words"}, "two words", "too_long", "2 > 1"),
    ("no_refusal", {}, "Sorry, I can\N{RIGHT SINGLE QUOTATION MARK}t help with that.", "refusal", "I can't help"),
    ("no_refusal", {}, "Desculpe, mas NÃO POSSO AJUDAR com isso.", "refusal", "Desculpe, mas NÃO POSSO"),
    ("no_refusal", {"phrases": ["our policy"]}, "Our policy says no", "refusal", "Our policy"),
    ("no_personal_data", {}, "[key] of [email], [email]", "personal_data", "key, email"),
]


@pytest.mark.parametrize(("kind", "settings", "text"), GOOD)
def test_a_good_answer_passes_and_says_nothing_more(kind: str, settings: dict[str, Any], text: str) -> None:
    assert judge(kind, settings, text) == Verdict(True, 1.0)


@pytest.mark.parametrize(("kind", "settings", "text", "label", "detail"), BAD)
def test_a_bad_one_says_why(kind: str, settings: dict[str, Any], text: str, label: str, detail: str) -> None:
    assert judge(kind, settings, text) == Verdict(False, 0.0, label, detail)


def test_overlap_is_the_share_of_runs_of_words_that_were_given() -> None:
    given = {"context": ["The parcel left on Monday.", "It weighs 2 kg."]}
    half = {"at_least": 0.5, "words": 2, "source": "context"}
    assert judge("overlap", half, "the parcel left", **given) == Verdict(True, 1.0)
    assert judge("overlap", half, "The parcel left YESTERDAY, it weighs 9 kg", **given) == Verdict(
        False, round(3 / 7, 6), "little_overlap", "0.429 < 0.5"
    )
    single = {**half, "words": 1, "at_least": 0.75}
    assert judge("overlap", single, "parcel parcel parcel lost", **given) == Verdict(True, 0.75)


def test_overlap_says_nothing_where_there_is_nothing_to_compare() -> None:
    assert judge("overlap", {"source": "context"}, "an answer of words", prompt="an answer of words") is None
    assert judge("overlap", {"words": 5}, "too short", prompt="too short") is None
    assert judge("overlap", {}, "an answer", prompt=[{"role": "user", "content": "an answer"}]) == Verdict(True, 1.0)


def test_an_answer_that_was_not_captured_is_no_answer() -> None:
    for response in (None, [], {}, 7, [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]):
        assert answer_of(Said(response=response), DETECT) is None
    assert answer([{"content": ""}]).text == ""
    assert (
        answer({"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}]}}]}).text == "a\nb"
    )


def test_of_a_megabyte_the_beginning_is_read_and_what_needs_all_of_it_says_nothing() -> None:
    long = answer("a" * 1_000_000)
    assert (len(long.text), long.whole) == (MAX_READ, False)
    assert judge_of("json", {})(long) is None
    assert judge_of("length", {"max": 5})(long) is None
    assert judge_of("pattern", {"must_match": "b"})(long) == Verdict(False, 0.0, "no_match")
    assert answer_of(Said(response='{"a": '), DETECT, cut=True) == Answer('{"a": ', Said('{"a": '), False, DETECT)


def test_no_pattern_takes_more_than_linear_time() -> None:
    assert judge("pattern", {"must_match": "(a+)+$"}, "a" * 50_000 + "b") == Verdict(False, 0.0, "no_match")


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("pattern", {}, "is missing"),
        ("pattern", {"must_match": ""}, "length >= 1"),
        ("pattern", {"must_match": "x" * 501}, "length <= 500"),
        ("pattern", {"must_match": "(?=a)"}, "RE2 understands"),
        ("pattern", {"must_match": "(a{1000}){1000}"}, "RE2 understands"),
        ("pattern", {"must_match": HALF}, "surrogates"),
        ("pattern", {"must_match": "a", "mode": "x"}, "unknown field `mode`"),
        ("words", {}, "has to name a word"),
        ("words", {"any": "refund"}, "array"),
        ("words", {"any": ["x"] * 101}, "length <= 100"),
        ("json", {"keys": [1]}, "`str`"),
        ("length", {}, "is missing"),
        ("length", {"min": 5, "max": 4}, "above"),
        ("length", {"max": -1}, ">= 0"),
        ("length", {"max": 4, "unit": "tokens"}, "tokens"),
        ("overlap", {"at_least": 0}, "> 0"),
        ("overlap", {"words": 6}, "<= 5"),
        ("no_refusal", [], "object"),
        ("toxicity", {}, "no kind"),
    ],
)
def test_settings_that_can_judge_nothing_are_refused(kind: str, settings: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(kind, settings)


@pytest.mark.parametrize("kind", SETTINGS)
def test_the_example_of_a_kind_judges(kind: str) -> None:
    assert judge_of(kind, json.loads(SETTINGS[kind].example))(answer("an answer", prompt="an answer")) is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["content", "text", "role", "parts"]), inner),
    max_leaves=12,
)


@given(json_values)
def test_the_texts_of_an_answer_are_those_that_are_measured(value: Any) -> None:
    texts = [*texts_of(value)]
    assert sum(map(len, texts)) == (characters(value) or 0)
    assert bool(texts) == (characters(value) is not None)


@given(st.sampled_from(sorted(SETTINGS)), st.text(st.characters(codec=None), max_size=200), st.text(max_size=100))
def test_every_text_gets_a_verdict_that_can_be_kept(kind: str, text: str, prompt: str) -> None:
    verdict = judge_of(kind, json.loads(SETTINGS[kind].example))(answer(text + HALF, prompt=prompt))
    kept = {} if verdict is None else {"one": verdict}
    assert evaluations_of(evaluations_text(kept)) == kept
    assert all(0 <= one.score <= 1 and (one.passed or one.label) for one in kept.values())
    assert all(not one.passed or not one.detail for one in kept.values())
