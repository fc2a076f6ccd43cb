"""What each kind of definition has of its own: prices, segment keys, prompts, slices of time."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from models_registry.models import Prompt, PromptVersion
from monitoring.models import SLO, OwnPrice, SegmentKey
from tests.config.definitions import complaint

pytestmark = pytest.mark.django_db


PRICES = """\
project: {slug: aurora}
prices:
  deal:
    provider: openai
    model: gpt-4o-mini
    valid_from: 2026-07-01
    input: 0.12
    cached_input: 0.06
    output: "0.48"
    tiers: [{above: 200000, input: 0.24}]
"""


def test_own_prices_are_as_exact_as_in_the_file(write):
    write(PRICES)
    assert all("unchanged" in line for line in write(PRICES)[:2])
    price = OwnPrice.objects.get().price()
    assert price.document() == {
        "rates": {"input": "0.12", "cached_input": "0.06", "output": "0.48"},
        "tiers": [{"above": 200_000, "input": "0.24"}],
        "window": None,
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("input: cheap", "prices.deal.input: must be a number, not 'cheap'"),
        ("input: true", "prices.deal.input: must be a number, not True"),
        ("input: -1", "prices.deal.input: Ensure this value is greater than or equal to 0."),
        ("input: 0.0000000000001", "prices.deal.input: Ensure that there are no more than 12 decimal places."),
        ("tiers: [{input: 1}]", 'prices.deal.tiers: A tier is an object with "above"'),
        ("tiers: [{above: 1, price: 1}]", 'prices.deal.tiers: A tier is an object with "above"'),
        ("tiers: 3", "prices.deal.tiers: Give a list of at most 8 tiers."),
        ("provider: openai", "prices.deal: Give the price of at least one kind of token."),
    ],
)
def test_a_price_that_is_none_is_refused_with_its_line(write, line: str, problem: str):
    told = complaint(write, f"project: {{slug: aurora}}\nprices:\n  deal:\n    model: m\n    {line}\n")
    assert problem in told


def test_segment_keys_are_those_of_the_file(tmp_path):
    path = tmp_path / "d.yml"

    def apply(keys: str) -> str:
        path.write_text(f"project: aurora\nmodels:\n  churn:\n    kind: binary\n    segments: {keys}\n")
        said = StringIO()
        call_command("apply", str(path), stdout=said)
        return said.getvalue()

    def declared() -> list[str]:
        return list(SegmentKey.objects.filter(until=None).order_by("key").values_list("key", flat=True))

    assert "created models.churn" in apply("[region, plan]")
    assert declared() == ["plan", "region"]
    assert "unchanged models.churn" in apply("[plan, region]")
    assert "changed models.churn (segments)" in apply("[plan]")
    assert declared() == ["plan"]
    for keys, told in (
        ("[prompt]", "can always be asked for"),
        ("[a b]", "A key is a letter"),
        ("south", "must be a list"),
        (f"[{', '.join(f'k{n}' for n in range(9))}]", "at most 8 segment keys"),
    ):
        with pytest.raises(CommandError, match=told) as raised:
            apply(keys)
        assert f"{path}:5: models.churn.segments" in str(raised.value)
        assert declared() == ["plan"]


PROMPTS = """\
project: aurora
models:
  support-assistant: {kind: llm, score_min: 1, score_max: 5, bad_score: 3, bad_categories: [wrong, rude]}
prompts:
  support-answer:
    model: support-assistant
    versions:
      p1: {template: Be kind., parameters: {max_tokens: 700}, note: The first}
      p2:
        template:
          - {role: system, content: Be kind.}
          - {role: user, content: "{question}"}
"""


def test_prompts_and_their_versions_are_definitions(write):
    assert "created prompts.support-answer.versions.p1" in " ".join(write(PROMPTS))
    one, two = PromptVersion.objects.order_by("version")
    assert (one.template, one.parameters, one.note, one.reviewed) == (
        "Be kind.",
        {"max_tokens": 700},
        "The first",
        True,
    )
    assert two.template[1]["content"] == "{question}"
    assert one.prompt.model.bad_categories == ["wrong", "rude"]
    assert {line.split()[0] for line in write(PROMPTS)} == {"unchanged"}
    changed = write(PROMPTS.replace("Be kind., p", "Be kind!, p"))
    assert "changed prompts.support-answer.versions.p1 (template)" in changed


def test_a_file_does_not_change_what_calls_used(write, now):
    write(PROMPTS)
    PromptVersion.objects.update(first_used_at=now)
    told = complaint(write, PROMPTS.replace("Be kind., p", "Be rude., p"))
    assert "panel.yml:8: prompts.support-answer.versions.p1.template: Calls have used" in told
    assert PromptVersion.objects.get(version="p1").template == "Be kind."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("p1: {template: Be kind.,", "p1: {templat: Be kind.,", "did you mean 'template'"),
        ("      p1: {", "      p1: 7\n      p3: {", "must be a mapping of fields"),
        ("model: support-assistant\n", "model: nobody\n", "there is no model 'nobody'"),
        ("bad_score: 3", "bad_score: 9", "bad_score: Choose a bound"),
        ("{max_tokens: 700}", "[700]", "parameters: Write an object"),
    ],
)
def test_a_wrong_prompt_is_told_with_its_line(write, old, new, said):
    assert said in complaint(write, PROMPTS.replace(old, new))
    assert not Prompt.objects.exists()


SLICED = """
project: demo
models:
  churn: {kind: binary, positive_label: leaves}
slos:
  not-drifted:
    name: Sees what it was trained on
    model: churn
    sli: time_slices
    measure: drift_psi
    bound: 0.1
    slice: 1h
    minimum: 100
    target: 0.95
"""


def test_any_measure_can_be_promised_by_slices_of_time(write):
    write(SLICED)
    slo = SLO.objects.get()
    assert (slo.sliced, slo.measure, slo.comparison, slo.bound, slo.minimum) == (
        timedelta(hours=1),
        "drift_psi",
        "at_most",
        0.1,
        100,
    )
    assert {line.split()[0] for line in write(SLICED)} == {"unchanged"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "drift_psi",
            "drift",
            ":10: slos.not-drifted.measure: Models of this kind (binary classifier) have these measures: “requests” (requests),",
        ),
        ("slice: 1h", "slice: 7m", ":12: slos.not-drifted.slice: Choose how long a slice is"),
        ("slice: 1h", "slice: 5m", ":12: slos.not-drifted.slice: This measure is kept by the hour"),
        ("bound: 0.1", "bound: much", ":11: slos.not-drifted.bound:"),
        ("    bound: 0.1\n", "", ":6: slos.not-drifted.bound: Write the number that a good slice keeps"),
        ("time_slices", "availability", "slos.not-drifted.measure: Only slices of time have this"),
        ("bound:", "comparison: under\n    bound:", ":11: slos.not-drifted.comparison:"),
    ],
)
def test_slices_that_cannot_be_judged_are_refused_where_they_stand(write, old, new, said):
    assert said in complaint(write, SLICED.replace(old, new))
    assert not SLO.objects.exists()
