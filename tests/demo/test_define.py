"""The definitions hang together, and writing them twice changes nothing."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from alerting.models import AlertRule
from alerting.validate import rule_problems
from demo.assistant import minute_of_assistant
from demo.define import define
from demo.definitions import EVALUATORS, MODELS, POLICIES, RULES, SEGMENTS, SLOS
from demo.persona import HEADINGS, NOTES, filled_in
from demo.phrases import SYSTEM, SYSTEM_DETAILED
from demo.scenarios import SCENARIOS, prompt_truncation
from demo.texts import LESSONS, RUNBOOKS
from models_registry.models import PromptVersion
from monitoring.llm.evaluators.answer import Said, answer_of
from monitoring.llm.evaluators.kinds import judge_of
from monitoring.models import SLO, SegmentKey
from monitoring.slo.validate import slo_problems
from runbooks.models import Runbook, Step


def test_every_rule_has_a_runbook_and_every_runbook_its_rules():
    bound = [rule for runbook in RUNBOOKS for rule in runbook.rules]
    assert sorted(bound) == sorted(RULES)


def test_a_scenario_names_a_rule_a_runbook_and_lessons_that_exist():
    runbooks = {runbook.slug: runbook for runbook in RUNBOOKS}
    for scenario in SCENARIOS.values():
        assert scenario.truth.rule in runbooks[scenario.truth.runbook].rules
        assert scenario.model in LESSONS


def test_a_note_belongs_to_the_step_of_its_own_runbook():
    steps = [(runbook.slug, step.title, step.note) for runbook in RUNBOOKS for step in runbook.steps]
    assert len({title for _slug, title, _note in steps}) < len(steps)  # some are called alike
    assert all(NOTES[slug, title] == note for slug, title, note in steps)


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_what_only_people_know_stands_under_the_headings_of_the_draft(language):
    lesson = LESSONS["credit-risk"]
    with translation.override(language):
        draft = "\n\n".join(f"## {gettext(heading)}" for heading in HEADINGS) + "\n"
        filled = filled_in(draft, lesson)
        for heading, text in zip(HEADINGS, (lesson.well, lesson.poorly, lesson.lucky), strict=True):
            assert f"## {gettext(heading)}\n\n{gettext(text)}\n" in filled + "\n"


def test_defining_twice_leaves_one_of_each(db, now):
    for _ in range(2):
        project = define(slug="demo", name="Aurora", models=tuple(MODELS), now=now)
    assert SLO.objects.filter(project=project).count() == len(SLOS)
    assert AlertRule.objects.filter(project=project).count() == len(RULES)
    assert Runbook.objects.filter(project=project).count() == len(RUNBOOKS)
    assert Step.objects.count() == sum(len(runbook.steps) for runbook in RUNBOOKS)
    assert SegmentKey.objects.count() == sum(map(len, SEGMENTS.values()))


def test_every_promise_and_every_rule_can_be_kept(db, now):
    project = define(slug="demo", name="Aurora", models=tuple(MODELS), now=now)
    assert [slo_problems(slo) for slo in SLO.objects.filter(project=project)] == [{}] * len(SLOS)
    assert [rule_problems(rule) for rule in AlertRule.objects.filter(project=project)] == [{}] * len(RULES)
    for row in (*project.models.all(), *project.policies.all(), *project.evaluators.all()):
        row.full_clean()
    assert project.policies.count() == len(POLICIES)
    assert project.evaluators.count() == len(EVALUATORS)


def test_evaluators_pass_the_story_but_for_the_answers_that_it_cuts():
    ends, refuses = (judge_of(one["kind"], one["settings"]) for one in EVALUATORS.values())

    def answers(world):
        events = [one for minute in range(60) for one in minute_of_assistant(7, minute, mean=10.0, world=world)]
        items = [one.item for one in events if one.kind == "llm_call" and one.item["response"]]
        return [(one["finish_reason"], answer_of(Said(response=one["response"]), list)) for one in items]

    usual, cut = answers(prompt_truncation.BEFORE), answers(prompt_truncation.DURING)
    assert len(usual) > 100
    assert all(ends(answer).passed for finish, answer in usual if finish == "stop")
    assert all(refuses(answer).passed for _, answer in (*usual, *cut))
    failing = [not ends(answer).passed for finish, answer in cut if finish == "length"]
    assert len(failing) > 100
    assert sum(failing) > 0.8 * len(failing)


def test_a_project_of_one_model_gets_what_is_about_it_only(db, now):
    project = define(slug="sim", name="Sim", models=("support-assistant",), now=now)
    assert not AlertRule.objects.filter(project=project, slug__startswith="credit").exists()
    slugs = set(Runbook.objects.filter(project=project).values_list("slug", flat=True))
    assert slugs == {"truncated-answers", "errors-and-latency", "llm-cost"}


def test_the_versions_of_the_prompt_are_described_as_the_story_sends_them(db, now):
    define(slug="demo", name="Aurora", models=tuple(MODELS), now=now)
    for world in (prompt_truncation.BEFORE, prompt_truncation.DURING, prompt_truncation.AFTER):
        version = PromptVersion.objects.get(version=world.prompt_version)
        version.full_clean()
        assert version.parameters == {"temperature": 0.2, "max_tokens": world.max_tokens}
        assert version.template == (SYSTEM_DETAILED if world.detailed else SYSTEM)
