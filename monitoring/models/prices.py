"""Prices of language models: those that a project sets itself, and every price that was ever applied to a call."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Project, User
from monitoring.llm.pricing.prices import BUCKETS, Price, Tier, price_of

MAX_RATE = Decimal(1_000_000)
MAX_TIERS = 8
_IN_RANGE = [MinValueValidator(Decimal(0)), MaxValueValidator(MAX_RATE)]


def _rate(label: Any, **given: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        label, max_digits=19, decimal_places=12, null=True, blank=True, validators=_IN_RANGE, **given
    )


class OwnPrice(models.Model):
    """What a project pays for a model from a day on; it goes before the list price. US dollars per million tokens.

    Changing one changes what later calls cost; what was applied to earlier ones is kept (`AppliedPrice`).
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="prices", verbose_name=_("project"))
    name = models.SlugField(_("name"), max_length=64)
    provider = models.CharField(
        _("provider"), max_length=100, blank=True, help_text=_("As calls name it; empty means any provider.")
    )
    model = models.CharField(
        _("language model"), max_length=200, help_text=_("As calls name it; a * at the end means every name so begun.")
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True, help_text=_("UTC; empty means always."))
    input = _rate(_("input"))
    cached_input = _rate(_("input from cache"), help_text=_("Empty: as input."))
    cache_write = _rate(_("written to cache"), help_text=_("Empty: as input."))
    output = _rate(_("output"))
    reasoning = _rate(_("reasoning"), help_text=_("Empty: as output."))
    audio_input = _rate(_("audio input"))
    audio_output = _rate(_("audio output"))
    tiers = models.JSONField(
        _("tiers"),
        default=list,
        blank=True,
        help_text=_(
            'Rates of larger inputs, for all tokens of a call: [{"above": 200000, "input": 2.5, "output": 15}].'
        ),
    )
    context_window = models.PositiveBigIntegerField(_("context window"), null=True, blank=True)

    class Meta:
        """One name per project; definitions find it by that."""

        verbose_name = _("own price")
        verbose_name_plural = _("own prices")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="own_price_per_project")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Tiers are a list of objects with a bound and rates."""
        if not isinstance(self.tiers, list) or len(self.tiers) > MAX_TIERS:
            raise ValidationError({"tiers": _("Give a list of at most %(n)s tiers.") % {"n": MAX_TIERS}})
        for tier in self.tiers:
            _check_tier(tier)
        if all(getattr(self, bucket) is None for bucket in BUCKETS):
            raise ValidationError(_("Give the price of at least one kind of token."))

    def price(self) -> Price:
        """As the pure modules know it."""
        rates = {bucket: getattr(self, bucket) for bucket in BUCKETS if getattr(self, bucket) is not None}
        tiers = sorted(
            Tier(tier["above"], {name: Decimal(str(rate)) for name, rate in tier.items() if name != "above"})
            for tier in self.tiers
        )
        valid_from = self.valid_from.isoformat() if self.valid_from else ""
        source = f"own:{self.name}"
        return Price(self.provider, self.model, rates, tuple(tiers), valid_from, self.context_window, source)


def _check_tier(tier: object) -> None:
    problem = _('A tier is an object with "above" (a number of tokens) and rates of %(buckets)s.')
    wrong = ValidationError({"tiers": problem % {"buckets": ", ".join(BUCKETS)}})
    if not isinstance(tier, dict) or type(tier.get("above")) is not int or not 0 <= tier["above"] <= 10**12:
        raise wrong
    rates = {name: rate for name, rate in tier.items() if name != "above"}
    if not rates or not rates.keys() <= set(BUCKETS):
        raise wrong
    if any(isinstance(rate, bool) or not _is_rate(rate) for rate in rates.values()):
        raise wrong


def _is_rate(rate: object) -> bool:
    return isinstance(rate, int | float) and 0 <= rate <= MAX_RATE


class PriceEdit(models.Model):
    """That an own price was set, changed or removed; never changed, and it outlives the price."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="price_edits", verbose_name=_("project"))
    name = models.SlugField(_("name"), max_length=64)
    model = models.CharField(_("language model"), max_length=200)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by"))
    removed = models.BooleanField(_("removed"), default=False)
    # By field: what it was and what it is, null where there is nothing.
    changed = models.JSONField(_("changed"), default=dict)

    class Meta:
        """Found by project and time."""

        verbose_name = _("price edit")
        verbose_name_plural = _("price edits")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["project", "at"], name="price_edits_of_project")]

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M}Z"


class AppliedPrice(models.Model):
    """A price as it was when calls were priced by it; never changed, so that every cost can be explained for good."""

    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    source = models.CharField(_("source"), max_length=100)
    provider = models.CharField(_("provider"), max_length=100, blank=True)
    model = models.CharField(_("language model"), max_length=200)
    valid_from = models.CharField(_("valid from"), max_length=10, blank=True)
    document = models.JSONField(_("rates"))

    class Meta:
        """Found by the digest of its content."""

        verbose_name = _("applied price")
        verbose_name_plural = _("applied prices")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.price().version

    def price(self) -> Price:
        """As the pure modules know it."""
        return price_of(
            self.document, provider=self.provider, model=self.model, valid_from=self.valid_from, source=self.source
        )
