from contextlib import suppress
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.models import AlertRule, Channel
from config.definitions.document import DefinitionError, read_document
from lib.vault import unseal
from models_registry.models import Model, Project, Prompt, PromptVersion
from monitoring.models import SLO, OwnPrice, SegmentKey
from runbooks.models import Runbook

pytestmark = pytest.mark.django_db

WHOLE = """\
project: {slug: aurora, name: Aurora}
models:
  credit-risk:
    name: Credit risk
    kind: binary
    positive_label: default
    label_delay: 30m
slos:
  available:
    name: Decisions are available
    model: credit-risk
    sli: availability
    target: 0.995
    window: 30d
rules:
  burn:
    name: Budget burns
    kind: burn_rate
    slo: available
    severity: page
  accuracy-low:
    name: Accuracy is low
    kind: threshold
    model: credit-risk
    measure: accuracy
    comparison: lt
    threshold: 0.8
    window: 1h
channels:
  hook: {kind: webhook, target: "https://hooks.example/atalaia", secret_env: HOOK_SECRET}
runbooks:
  accuracy:
    title: Accuracy fell
    rules: [accuracy-low]
    steps:
      - {title: Look at the inputs, body: Compare with last week.}
      - {title: Roll back}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Apply a text; the lines printed."""
    monkeypatch.setenv("HOOK_SECRET", "whsec_c2VjcmV0")

    def write(text: str, **options: bool) -> list[str]:
        path = tmp_path / "panel.yml"
        path.write_text(text)
        out = StringIO()
        call_command("apply", str(path), stdout=out, **options)
        return out.getvalue().splitlines()

    return write


def complaint(write, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        write(text)
    assert not AlertRule.objects.exists()
    return str(caught.value)


def test_a_file_defines_everything(write):
    write(WHOLE)
    rule = AlertRule.objects.get(slug="accuracy-low")
    assert (rule.model.slug, rule.threshold, rule.window.total_seconds()) == ("credit-risk", 0.8, 3600)
    assert Model.objects.get().reviewed
    assert SLO.objects.get().model == rule.model
    runbook = Runbook.objects.get()
    assert list(runbook.rules.all()) == [rule]
    assert [step.title for step in runbook.steps.all()] == ["Look at the inputs", "Roll back"]
    assert unseal(Channel.objects.get().secret) == "whsec_c2VjcmV0"


def test_the_second_time_nothing_changes(write):
    write(WHOLE)
    before = Channel.objects.get().secret
    assert {line.split()[0] for line in write(WHOLE)} == {"unchanged"}
    assert Channel.objects.get().secret == before


def test_a_change_is_named_and_what_the_file_omits_stays(write):
    write(WHOLE)
    lines = write("project: aurora\nrules:\n  accuracy-low: {threshold: 0.75}\n")
    assert lines == ["unchanged project", "changed rules.accuracy-low (threshold)"]
    rule = AlertRule.objects.get(slug="accuracy-low")
    assert (rule.threshold, rule.name) == (0.75, "Accuracy is low")
    assert Runbook.objects.exists()


def test_a_dry_run_tells_and_writes_nothing(write):
    lines = write(WHOLE, dry_run=True)
    assert "created rules.burn" in lines
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sli: availability", "sli: avail", "slos.available.sli: Unknown indicator"),
        ("measure: accuracy", "measure: acuracy", "rules.accuracy-low.measure: A binary classifier has"),
        ("threshold: 0.8", "treshold: 0.8", "rules.accuracy-low.treshold: unknown; did you mean 'threshold'?"),
        ("model: credit-risk\n    sli", "model: nobody\n    sli", "slos.available.model: there is no model 'nobody'"),
        ("window: 1h", "window: 1 fortnight", "rules.accuracy-low.window: must be a number and s, m, h or d"),
        ("target: 0.995", "target: 99.5", "slos.available:"),
        ("https://hooks", "ftp://hooks", "channels.hook.target: The URL must start with https://"),
        ("HOOK_SECRET", "NOT_SET", "channels.hook.secret_env: NOT_SET is not set"),
        ("rules: [accuracy-low]", "rules: [other]", "runbooks.accuracy.rules: there is no alert rule 'other'"),
        ("project: {slug", "projekt: {slug", "project: must be a slug"),
        ("name: Budget burns", "name: ~", "rules.burn.name: must not be empty; without the line it stays as it is"),
        ("threshold: 0.8", "threshold: ''", "rules.accuracy-low.threshold: must not be empty"),
        ("measure: accuracy", "measure: []", "rules.accuracy-low.measure: must be one value, not a list"),
        ("rules: [accuracy-low]", "rules: true", "runbooks.accuracy.rules: must be a list"),
    ],
)
def test_each_problem_has_its_line_and_path(write, old, new, expected):
    text = WHOLE.replace(old, new)
    said = complaint(write, text)
    assert expected in said
    if old in WHOLE and expected.count(".") == 2:
        line = 1 + text[: text.index(new.split("\n")[0])].count("\n")
        assert f"panel.yml:{line}: " in said


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
LINES = [number for number, line in enumerate(WHOLE.splitlines()) if line.startswith("    ") and ": " in line]


@given(lines=st.lists(st.tuples(st.sampled_from(LINES), NASTY), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_whatever_a_field_holds_it_is_written_or_refused_with_a_sentence(write, lines):
    text = WHOLE.splitlines()
    for number, value in lines:
        if ": " in text[number]:
            text[number] = f"{text[number].split(': ')[0]}: {value}"
    with suppress(CommandError), transaction.atomic():
        write("\n".join(text))


def test_all_problems_are_told_at_once(write):
    said = complaint(write, WHOLE.replace("availability", "avail").replace("kind: webhook", "kind: pigeon"))
    assert "slos.available.sli" in said
    assert "channels.hook.kind" in said


def test_a_key_given_twice_is_refused(write):
    assert "panel.yml:3: 'slug' is given twice" in complaint(write, "project:\n  slug: a\n  slug: b\n")


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_file_holds_the_answer_is_a_definition_or_an_error(tmp_path, text):
    path = tmp_path / "any.yml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with suppress(DefinitionError):
        assert isinstance(read_document(path), dict)


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
        ("drift_psi", "drift", ":10: slos.not-drifted.measure: A binary classifier has these measures: requests,"),
        ("slice: 1h", "slice: 7m", ":12: slos.not-drifted.slice: Choose how long a slice is"),
        ("slice: 1h", "slice: 5m", ":12: slos.not-drifted.slice: This measure is kept by the hour"),
        ("bound: 0.1", "bound: much", ":11: slos.not-drifted.bound:"),
        ("    bound: 0.1\n", "", ":6: slos.not-drifted: Slices of time need a bound and a length"),
        ("time_slices", "availability", "slos.not-drifted.measure: Only slices of time have this"),
        ("bound:", "comparison: under\n    bound:", ":11: slos.not-drifted.comparison:"),
    ],
)
def test_slices_that_cannot_be_judged_are_refused_where_they_stand(write, old, new, said):
    assert said in complaint(write, SLICED.replace(old, new))
    assert not SLO.objects.exists()
