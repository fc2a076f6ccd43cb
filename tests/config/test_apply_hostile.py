"""Whatever a file holds, it is written or refused with a sentence."""

import re

import pytest
from django.core.management import CommandError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.definitions.document import DefinitionError, read_document
from models_registry.models import Project
from tests.config.definitions import WHOLE, complaint

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", ".NaN", "9" * 400])
@pytest.mark.parametrize(
    ("old", "path"),
    [
        ("target: 0.995", "slos.available.target"),
        ("threshold: 0.8", "rules.accuracy-low.threshold"),
        ("label_delay: 30m", "models.credit-risk.label_delay"),
        ("window: 30d", "slos.available.window"),
        ("severity: page", "rules.burn.severity"),
    ],
)
def test_numbers_without_end_are_refused_with_their_line(write, old, path, number):
    field = old.split(":")[0]
    text = WHOLE.replace(old, f"{field}: {number}")
    line = 1 + text[: text.index(f"{field}: {number}")].count("\n")
    said = complaint(write, text)
    assert f"panel.yml:{line}: {path}: must be a " in said
    assert "finite number" in said or "64 bits" in said
    assert not Project.objects.exists()


def test_they_are_found_inside_a_burn_rate_pair(write):
    pairs = "pairs:\n      - {long_s: 3600, short_s: 300, factor: .nan, severity: page}\n    severity: page"
    assert "rules.burn.pairs[1].factor: must be a finite number, not nan" in complaint(
        write, WHOLE.replace("severity: page", pairs)
    )


@pytest.mark.parametrize("old", ["label_delay: 30m", "window: 30d", "window: 1h"])
def test_a_duration_beyond_living_memory_is_refused(write, old):
    said = complaint(write, WHOLE.replace(old, f"{old.split(':')[0]}: {'9' * 12}d"))
    assert "must be at most 3650d" in said
    endless = complaint(write, WHOLE.replace(old, f"{old.split(':')[0]}: {'9' * 400}ms"))
    assert "must be a duration such as 90s" in endless


NASTY = st.sampled_from(
    [
        "",
        "[]",
        "{}",
        "[.nan]",
        "-1",
        "0",
        "1e400",
        "-1e400",
        ".inf",
        "9" * 30,
        "true",
        "2026-11-23",
        "'\\0'",
        "1e-320",
        "~",
    ]
) | st.text("aé:#{}[]'\"%&*!|>-0189.~, ", max_size=8)
SENTENCE = re.compile(r"/panel\.yml:\d+: .*\w{2} \w")
LINES = [number for number, line in enumerate(WHOLE.splitlines()) if line.startswith("    ") and ": " in line]


@given(lines=st.lists(st.tuples(st.sampled_from(LINES), NASTY), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_whatever_a_field_holds_it_is_written_or_refused_with_a_sentence(write, lines):
    text = WHOLE.splitlines()
    for number, value in lines:
        if ": " in text[number]:
            text[number] = f"{text[number].split(': ')[0]}: {value}"
    try:
        with transaction.atomic():
            write("\n".join(text))
    except CommandError as refused:
        said = str(refused)
    else:
        assert Project.objects.exists()
        return
    title, *problems = said.split("\n")
    assert title == "nothing was written:"
    assert problems
    assert all(SENTENCE.search(problem) for problem in problems), said


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_file_holds_the_answer_is_a_definition_or_an_error(tmp_path, text):
    path = tmp_path / "any.yml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        document = read_document(path)
    except DefinitionError as refused:
        said = str(refused)
    else:
        assert isinstance(document, dict)
        return
    assert said.startswith(f"{path}:")
