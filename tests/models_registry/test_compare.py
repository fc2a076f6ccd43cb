"""The difference of two texts: nothing is lost, nothing is invented, and what is the same is called the same."""

import time

from hypothesis import given
from hypothesis import strategies as st

from models_registry.text_diff import compare_fields, compare_texts, text_of

LINES = st.lists(st.sampled_from(["", "a", "b c", "b d", "Answer in one sentence.", "é 👍"]), max_size=12)


@given(LINES, LINES)
def test_both_texts_can_be_read_from_the_difference(left, right):
    lines = compare_texts("\n".join(left), "\n".join(right))
    before = [line.text for line in lines if line.change != "added"]
    after = [line.text for line in lines if line.change != "removed"]
    assert (before, after) == ("\n".join(left).splitlines(), "\n".join(right).splitlines())
    assert [line.before for line in lines if line.before] == list(range(1, len(before) + 1))
    assert [line.after for line in lines if line.after] == list(range(1, len(after) + 1))


@given(LINES)
def test_a_text_does_not_differ_from_itself(lines):
    assert {line.change for line in compare_texts("\n".join(lines), "\n".join(lines))} <= {"same"}


def test_changed_words_are_marked_within_changed_lines():
    removed, added = compare_texts("Answer in one sentence.", "Answer in three short sentences.")
    assert (removed.change, added.change) == ("removed", "added")
    assert [piece.text for piece in removed.pieces if piece.changed] == ["one sentence"]
    assert "".join(piece.text for piece in added.pieces if piece.changed).split() == ["three", "short", "sentences"]
    assert added.pieces[0].text == "Answer in "


def test_lines_with_nothing_in_common_are_two_lines():
    removed, added = compare_texts("Answer in one sentence.", "Never mention prices, whatever the customer asks.")
    assert [len(line.pieces) for line in (removed, added)] == [1, 1]


def test_the_largest_texts_are_compared_in_no_time():
    began = time.process_time()
    left, right = "ab\n" * 60_000, "ba\n" * 60_000
    assert len(compare_texts(left, right)) == 120_000
    one = compare_texts("x " * 90_000, "y " * 90_000)
    assert len(one) == 2
    assert time.process_time() - began < 5


def test_messages_are_one_text_under_their_roles():
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "{question}"}]
    assert text_of(messages) == "[system]\nBe kind.\n\n[user]\n{question}"
    assert (text_of("plain"), text_of(None)) == ("plain", "")


def test_parameters_are_compared_by_name_and_value():
    fields = compare_fields({"max_tokens": 700, "stop": ["a"]}, {"max_tokens": 256, "stop": ["a"], "seed": "x"})
    assert [(field.name, field.before, field.after, field.changed) for field in fields] == [
        ("max_tokens", "700", "256", True),
        ("seed", None, "x", True),
        ("stop", '["a"]', '["a"]', False),
    ]
    assert compare_fields(None, None) == []
