"""Files that other programs read: whole, and harmless in a spreadsheet."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.file_formats import CSV, JSON_LINES, cell, written

PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | PLAIN
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")', "-", "+a", "-1e", "=1"]
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1", "+5511987654321", "-1.5e-3", "-.5", "paid", "a=b", "", "'=1"])
def test_numbers_and_plain_words_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_objects_are_json_and_nothing_is_nothing() -> None:
    assert [cell(value) for value in (None, True, -1.5, {"a": [1]}, 7)] == ["", "true", "-1.5", '{"a":[1]}', "7"]


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@given(ROWS)
def test_no_cell_begins_like_a_formula_and_every_row_is_there(rows: list) -> None:
    text = written(rows, form=CSV, columns=["a", "b", "c"], head=True).decode()
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found[0] == ["a", "b", "c"]
    assert len(found) == len(rows) + 1
    for row, cells in zip(rows, found[1:], strict=True):
        for name, shown in zip("abc", cells, strict=True):
            value = row.get(name)
            assert not shown.startswith(("=", "@", "\t", "\r", "\n"))
            assert not shown.startswith(("+", "-")) or is_number(shown)
            if isinstance(value, str):
                assert shown in (value, f"'{value}")


@given(ROWS)
def test_json_lines_are_exact(rows: list) -> None:
    lines = written(rows, form=JSON_LINES, columns=(), head=True).split(b"\n")
    assert [json.loads(line) for line in lines if line] == rows


def test_chosen_columns_come_in_their_order() -> None:
    rows = [{"a": 1, "b": 2, "c": 3}]
    assert written(rows, form=JSON_LINES, columns=["c", "a"], head=False) == b'{"c":3,"a":1}\n'
    assert written(rows, form=CSV, columns=["c", "a"], head=False) == b"3,1\r\n"
