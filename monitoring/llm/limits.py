"""What a policy says of one call: which of its limits the call alone breaks. Pure: no Django, no database.

The drain and the answer to a gateway judge by the same function, so the two can never disagree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from monitoring.llm.pricing.names import PROVIDERS, plain, provider_name, spellings
from monitoring.stats.verdicts import Violation

_KNOWN = frozenset(PROVIDERS.values())
# One limit, whatever a provider calls it.
SAME_PARAMETER = {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens"}


CONTEXTS = ("prompt", "prompt_version", "version", "parameters")


class Range(NamedTuple):
    """Bounds of a parameter, both included; None is open."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: Any) -> bool:
        """Whether it is a number in the range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a policy asks of each call."""

    latency_us: int | None = None
    models: tuple[str, ...] = ()
    parameters: Mapping[str, Range] = field(default_factory=dict)
    allowed_parameters: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    @property
    def needs_parameters(self) -> bool:
        """Whether the parameters of a call have to be read."""
        return bool(self.parameters or self.allowed_parameters or "parameters" in self.context)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call; models are the names it gives, the one it asks for first."""

    provider: str = ""
    models: Sequence[str] = ()
    latency_us: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
    prompt_version: str = ""
    version: str = ""


class Broken(NamedTuple):
    """A limit that a call breaks: which value, against which bound."""

    violation: Violation
    value: Any
    bound: Any
    what: str = ""


def broken(limits: Limits, facts: Facts) -> list[Broken]:
    """Every limit that the call breaks, in the order of `Violation`."""
    return [*_latency(limits, facts), *_model(limits, facts), *_parameters(limits, facts), *_context(limits, facts)]


def model_allowed(patterns: Iterable[str], provider: str, model: str) -> bool:
    """Whether a model matches `provider/model` or `model`, where * stands for anything; names as the price book spells them."""
    names = [*spellings(model)]
    owner = provider_name(provider, _KNOWN) or plain(provider)
    for pattern in map(plain, patterns):
        if any(fnmatchcase(name, pattern) for name in names):
            return True
        whose, slash, what = pattern.partition("/")
        if slash and fnmatchcase(owner, provider_name(whose, _KNOWN) or whose) and _any(names, what):
            return True
    return False


def _any(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def _latency(limits: Limits, facts: Facts) -> Iterable[Broken]:
    if limits.latency_us is not None and facts.latency_us is not None and facts.latency_us > limits.latency_us:
        yield Broken(Violation.LATENCY, facts.latency_us / 1_000, limits.latency_us / 1_000)


def _model(limits: Limits, facts: Facts) -> Iterable[Broken]:
    if limits.models and not any(
        model_allowed(limits.models, facts.provider, name) for name in filter(None, facts.models)
    ):
        named = next(filter(None, facts.models), "")
        yield Broken(Violation.MODEL, f"{facts.provider}/{named}" if facts.provider else named, list(limits.models))


def _parameters(limits: Limits, facts: Facts) -> Iterable[Broken]:
    for name, value in facts.parameters.items():
        canonical = SAME_PARAMETER.get(name, name)
        if limits.allowed_parameters and canonical not in limits.allowed_parameters:
            yield Broken(Violation.PARAMETERS, name, list(limits.allowed_parameters), name)
        bounds = limits.parameters.get(canonical)
        if bounds is not None and value is not None and not bounds.holds(value):
            yield Broken(Violation.PARAMETERS, value, list(bounds), name)


def _context(limits: Limits, facts: Facts) -> Iterable[Broken]:
    named = {
        "prompt": facts.prompt,
        "prompt_version": facts.prompt_version,
        "version": facts.version,
        "parameters": facts.parameters,
    }
    for name in limits.context:
        if not named[name]:
            yield Broken(Violation.CONTEXT, None, name, name)
