"""Write the definitions of the demonstration into a project; a second time brings them up to date."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from alerting.models import AlertRule, Channel
from demo import assistant
from demo.definitions import CHANNELS, EVALUATORS, MODELS, POLICIES, PROMPTS, RULES, SEGMENTS, SLOS
from demo.texts import RUNBOOKS, RunbookText
from models_registry.models import Model, Project, Prompt, PromptVersion, User
from models_registry.roles import EDITOR, RESPONDER, ensure_roles
from monitoring.models import SLO, Evaluator, Policy
from monitoring.summaries.segment_keys import set_keys
from runbooks.models import Runbook, Step

# username → first name, last name, group
PEOPLE = {"ana": ("Ana", "Souza", EDITOR), "bia": ("Beatriz", "Lima", RESPONDER)}


@transaction.atomic
def define(*, slug: str, name: str, models: Collection[str], now: datetime) -> Project:
    """The project with the given models, and every promise, rule, runbook and channel about them."""
    project, _ = Project.objects.update_or_create(slug=slug, defaults={"name": name})
    known: dict[str, Model] = {}
    for key in models:
        fields = {**MODELS[key], "reviewed": True}
        known[key], _ = Model.objects.update_or_create(project=project, slug=key, defaults=fields)
        set_keys(known[key], SEGMENTS[key], now=now)
    _define_policies(project, known)
    _define_evaluators(project, known)
    if assistant.MODEL in known:
        _define_prompts(known[assistant.MODEL])
    slos = _define_slos(project, known)
    rules = _define_rules(project, known, slos)
    for text in RUNBOOKS:
        bound = [rules[slug] for slug in text.rules if slug in rules]
        if bound:
            _define_runbook(project, text, bound, now=now)
    for key, fields in CHANNELS.items():
        Channel.objects.update_or_create(project=project, name=key, defaults=fields)
    return project


def _define_policies(project: Project, known: dict[str, Model]) -> None:
    """The limits of the known models."""
    for key, fields in POLICIES.items():
        model = known.get(fields["model"])
        if model is not None:
            Policy.objects.update_or_create(project=project, slug=key, defaults={**fields, "model": model})


def _define_evaluators(project: Project, known: dict[str, Model]) -> None:
    """What is judged of the answers of the known models."""
    for key, fields in EVALUATORS.items():
        model = known.get(fields["model"])
        if model is not None:
            Evaluator.objects.update_or_create(project=project, slug=key, defaults={**fields, "model": model})


def _define_prompts(model: Model) -> None:
    """The versions of the assistant's prompt, as its team describes them."""
    prompt, _ = Prompt.objects.update_or_create(
        project=model.project, name=assistant.PROMPT, defaults={"model": model, "owner": model.owner, "reviewed": True}
    )
    for version, fields in PROMPTS.items():
        defaults = {**fields, "reviewed": True}
        PromptVersion.objects.update_or_create(prompt=prompt, version=version, defaults=defaults)


def _define_slos(project: Project, known: dict[str, Model]) -> dict[str, SLO]:
    """The promises about the known models."""
    slos: dict[str, SLO] = {}
    for key, fields in SLOS.items():
        model = known.get(fields["model"])
        if model is not None:
            values = {**fields, "model": model, "owner": model.owner}
            slos[key], _ = SLO.objects.update_or_create(project=project, slug=key, defaults=values)
    return slos


def _define_rules(project: Project, known: dict[str, Model], slos: dict[str, SLO]) -> dict[str, AlertRule]:
    """The rules about the known models and their promises."""
    rules: dict[str, AlertRule] = {}
    for key, fields in RULES.items():
        slo = slos.get(fields.get("slo", ""))
        model = slo.model if slo is not None else known.get(fields.get("model", ""))
        if model is not None:
            values = {**fields, "slo": slo, "model": None if slo is not None else model}
            rules[key], _ = AlertRule.objects.update_or_create(project=project, slug=key, defaults=values)
    return rules


def _define_runbook(project: Project, text: RunbookText, rules: list[AlertRule], *, now: datetime) -> None:
    """One runbook with its steps, bound to its rules."""
    values = {"title": text.title, "summary": text.summary, "owner": "on-call", "verified_at": now.date()}
    runbook, _ = Runbook.objects.update_or_create(project=project, slug=text.slug, defaults=values)
    runbook.rules.set(rules)
    for position, step in enumerate(text.steps, start=1):
        Step.objects.update_or_create(
            runbook=runbook, position=position, defaults={"title": step.title, "body": step.body}
        )


def person(username: str) -> User:
    """Somebody of the story, who cannot log in by password."""
    known = User.objects.filter(username=username).first()
    if known is not None:
        return known
    ensure_roles()
    first, last, role = PEOPLE[username]
    who = User(username=username, first_name=first, last_name=last, email=f"{username}@aurora.example")
    who.set_unusable_password()
    who.save()
    who.groups.add(Group.objects.get(name=role))
    return who
