"""Prompts of LLM applications and their versions: what was asked of the model, with which parameters."""

import json
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models.registry import Model, Project

MAX_TEMPLATE = 200_000
FROZEN = ("template", "parameters")


class Prompt(models.Model):
    """A prompt by its name; calls say which of its versions they used."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="prompts", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=200)
    model = models.ForeignKey(
        Model,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="prompts",
        verbose_name=_("application"),
        help_text=_("Who uses it; set by the first call unless you choose."),
    )
    description = models.TextField(_("description"), blank=True)
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    reviewed = models.BooleanField(
        _("reviewed"), default=False, help_text=_("Registered on first sight until a person confirms its definition.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """One name per project."""

        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="prompt_per_project")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """An application of the same project."""
        if self.model is not None and self.model.project_id != self.project_id:
            raise ValidationError({"model": _("This model belongs to another project.")})


class PromptVersion(models.Model):
    """One version of a prompt. Once a call used it, its text and parameters are what they are.

    `observed_*` is what calls sent while nobody described the version, kept as long as all of them sent the same.
    """

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="versions", verbose_name=_("prompt"))
    version = models.CharField(_("version"), max_length=200, blank=True)
    template = models.JSONField(
        _("template"),
        null=True,
        blank=True,
        help_text=_('A text in quotes, or messages: [{"role": "system", "content": "…"}].'),
    )
    parameters = models.JSONField(
        _("parameters"), null=True, blank=True, help_text=_('For example {"temperature": 0.2, "max_tokens": 700}.')
    )
    note = models.TextField(_("note"), blank=True, help_text=_("What is different, and why."))
    author = models.CharField(_("author"), max_length=120, blank=True)
    reviewed = models.BooleanField(_("reviewed"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    first_used_at = models.DateTimeField(_("first used"), null=True, blank=True, editable=False)
    observed_system = models.JSONField(_("observed system prompt"), null=True, blank=True, editable=False)
    observed_parameters = models.JSONField(_("observed parameters"), null=True, blank=True, editable=False)
    system_varies = models.BooleanField(_("system prompt differs from call to call"), default=False, editable=False)
    parameters_vary = models.BooleanField(_("parameters differ from call to call"), default=False, editable=False)

    class Meta:
        """Newest first, as people read versions."""

        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["prompt", "version"], name="prompt_version_per_prompt")]

    def __str__(self) -> str:
        return f"{self.prompt}@{self.version}" if self.version else str(self.prompt)

    def clean(self) -> None:
        """A text or messages, an object of parameters; and nothing of it changes once a call used it."""
        problems = template_problems(self.template) | parameter_problems(self.parameters)
        if problems:
            raise ValidationError(problems)
        stored = type(self).objects.filter(pk=self.pk).first() if self.pk else None
        if stored is not None and (changed := stored.conflicts(self)):
            message = _("Calls have used this version, so that it stays as it is. Make a new version of the prompt.")
            raise ValidationError({name: ValidationError(message, code=IN_USE) for name in changed})

    def conflicts(self, other: Self) -> list[str]:
        """What `other` would change of a version in use; to describe what nobody described is no change."""
        if self.first_used_at is None:
            return []
        return [name for name in FROZEN if getattr(self, name) not in (None, getattr(other, name))]


IN_USE = "prompt_version_in_use"


def template_problems(template: Any) -> dict[str, Any]:
    """Field to what to mend, unless it is nothing, a text, or messages with a role and a content."""
    if template is None or (isinstance(template, str) and 0 < len(template) <= MAX_TEMPLATE):
        return {}
    if isinstance(template, list) and template and all(map(_is_message, template)):
        length = sum(len(text) for message in template for text in message.values())
        if length <= MAX_TEMPLATE:
            return {}
    problem = _('Write a text, or messages with "role" and "content", of at most %(n)d characters.')
    return {"template": problem % {"n": MAX_TEMPLATE}}


def parameter_problems(parameters: Any) -> dict[str, Any]:
    """Field to what to mend, unless it is nothing or an object that is not longer than a template may be."""
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        return {"parameters": _('Write an object of names and values, such as {"temperature": 0.2}.')}
    if len(json.dumps(parameters)) > MAX_TEMPLATE:
        return {"parameters": _("Write at most %(n)d characters of JSON.") % {"n": MAX_TEMPLATE}}
    return {}


def _is_message(message: Any) -> bool:
    known = {"role", "content", "name"}
    return (
        isinstance(message, dict)
        and known >= message.keys() >= {"role", "content"}
        and all(isinstance(text, str) for text in message.values())
    )
