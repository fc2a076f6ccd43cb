"""The pattern of a log line: the same for lines of one statement, bounded, and a pattern of itself."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.patterns import (
    LONGEST,
    id_of,
    key_by_id,
    key_of,
    of_word,
    template_of,
    word_of,
)

TRICKY = st.text(alphabet="ab9 .,:;-+/\\'\"@<>%=_~[](){}µé0xZT\n\t", max_size=80)
TEXTS = st.one_of(
    st.text(max_size=400), TRICKY, st.lists(st.sampled_from(["'", '"', "5", "a", " ", "/x", "@b.c"])).map("".join)
)
WORDS = st.lists(st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=8), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("Payment of order 4711 declined", "Payment of order <num> declined"),
        (
            "provider answered 429, giving up after 3 attempts",
            "provider answered <num>, giving up after <num> attempts",
        ),
        ("GET /api/v1/users/12 200 in 12.5ms", "GET <path> <num> in <num>ms"),
        ("user 'maria' can't log in from 10.0.0.1:8080", "user <text> can't log in from <address>"),
        ('said "no way" to ana@aurora.example', "said <text> to <email>"),
        ("req-9 of order_4711 in utf8 by http2", "req-<num> of <id> in utf8 by http2"),
        ("2026-03-01T10:00:00Z connected to https://a.b/c?d=1", "<time> connected to <url>"),
        ("550e8400-e29b-41d4-a716-446655440000 is deadbeef01 or 0xff", "<id> is <hex> or <hex>"),
        ("C:\\temp\\x.log is gone", "<path> is gone"),
        ("fe80::1ff:fe23:4567:890a is up", "<address> is up"),
        ("took 1,234.5 s, -5 and +6, 50% of 3e10", "took <num> s, <num> and <num>, <num>% of <num>"),
        ("scores [0.1, 0.2]", "scores [<num>, <num>]"),
        ("order %s to {city}, and/or %(name)s", "order %s to {city}, and/or %(name)s"),
        ("Traceback of it\n  File 7", "Traceback of it"),
        ("", ""),
        ("  \n ", ""),
    ],
)
def test_what_changes_from_line_to_line_is_marked(message: str, pattern: str) -> None:
    assert template_of(message) == pattern


@given(TEXTS)
def test_a_pattern_is_its_own_pattern_and_bounded(message: str) -> None:
    found = template_of(message)
    assert template_of(found) == found
    assert len(found) <= LONGEST
    assert "\n" not in found


@given(
    WORDS,
    st.lists(st.integers(0, 10**12), min_size=8, max_size=8),
    st.lists(st.integers(0, 10**12), min_size=8, max_size=8),
)
def test_lines_of_one_statement_have_one_pattern(words: list[str], some: list[int], others: list[int]) -> None:
    lines = [
        " ".join(f"{word} {value}" for word, value in zip(words, values, strict=False)) for values in (some, others)
    ]
    assert template_of(lines[0]) == template_of(lines[1])


@given(WORDS)
def test_plain_words_stay(words: list[str]) -> None:
    text = " ".join(words)
    assert template_of(text) == text


@given(st.sampled_from(["info", "error", "our own"]), TEXTS)
def test_a_word_tells_level_and_pattern_and_has_an_id(level: str, message: str) -> None:
    word = word_of(level, message)
    assert of_word(word) == (level.replace(" ", "-"), template_of(message))
    assert key_by_id(id_of(key_of(word))) == key_of(word)


@pytest.mark.parametrize("text", ["", "xyz", "0" * 15, "A" * 16, "0" * 17])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        key_by_id(text)
