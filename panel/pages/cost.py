"""How the cost of a call came to be: tokens by bucket, times a price, or why there is no price."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from monitoring.llm.pricing.prices import Line
from monitoring.models import LLMCall, Prediction
from monitoring.selectors.wire import USAGE, payload_of, pricing_state
from panel import format as write


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A bucket of tokens; with its rate per million tokens and what it adds where the call is priced."""

    name: str
    tokens: int
    rate: str
    cost: str


def token_lines(event: Prediction | LLMCall, usage: dict[str, Any]) -> list[TokenLine]:
    """Every bucket of tokens that was reported."""
    priced = {line.bucket: line for line in _lines(event)}
    words = _words()
    names = [*USAGE, *(name for name in usage if name not in USAGE)]
    return [
        TokenLine(
            words.get(name, name),
            int(usage[name]),
            write.money_exact(priced[name].rate) if name in priced else "",
            write.money_exact(priced[name].cost) if name in priced else "",
        )
        for name in names
        if isinstance(usage.get(name), int | float)
    ]


def cost_story(event: Prediction | LLMCall) -> str:
    """One sentence: by which price, or why there is none."""
    if not isinstance(event, LLMCall):
        return ""
    if event.price is not None:
        return _("By the price %(price)s, in US dollars per million tokens.") % {"price": event.price}
    name = event.response_model or event.request_model
    provider = event.provider or _("an unnamed provider")
    return {
        "usage_mismatch": _(
            "Unpriced: the token counts that were sent contradict each other; they are kept as they came."
        ),
        "nothing_to_price": _("The call failed without using tokens: there is nothing to price."),
        "no_usage": _("Unpriced: the client reported no tokens."),
        "no_model": _("Unpriced: the client named no language model."),
        "no_price": _("Unpriced: no price is known for %(model)s of %(provider)s.")
        % {"model": name, "provider": provider},
    }.get(pricing_state(event, payload_of(event)), "")


def _lines(event: Prediction | LLMCall) -> list[Line]:
    if not isinstance(event, LLMCall) or event.price is None:
        return []
    return event.price.price().lines([getattr(event, column) for column in USAGE.values()])


def _words() -> dict[str, str]:
    return {
        "input": _("input"),
        "cached_input": _("input from cache"),
        "cache_write": _("written to cache"),
        "output": _("output"),
        "reasoning": _("reasoning"),
        "audio_input": _("audio input"),
        "audio_output": _("audio output"),
    }
