"""`python -m tests.price_book`: the shipped price book, made anew from the pinned package genai-prices.

What our buckets cannot say is left without rates, so that such calls are unpriced rather than wrong: models that are
billed per request, minute, page or character.
"""

import json
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from genai_prices import data, types

from monitoring.llm.pricing.prices import BUCKETS
from monitoring.llm.pricing.shipped import FILE

RATES = {
    "input": "input_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "output": "output_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
}
ANOTHER_UNIT = ("requests_kcount", "audio_hours", "input_audio_hours", "input_mchars", "input_text_messages_kcount")
CLAUSES = {
    types.ClauseEquals: ("is", "equals"),
    types.ClauseStartsWith: ("starts", "starts_with"),
    types.ClauseEndsWith: ("ends", "ends_with"),
    types.ClauseContains: ("has", "contains"),
    types.ClauseRegex: ("like", "regex"),
}


def make() -> str:
    """The book as JSON, a line per model."""
    providers = {provider.id: _provider(provider) for provider in data.providers}
    head = {"version": version("genai-prices")}
    lines = [f'{json.dumps(head)[:-1]}, "providers": {{']
    for place, (name, told) in enumerate(providers.items()):
        comma = "," if place + 1 < len(providers) else ""
        makes, resells = _json(told["makes"]), _json(told["resells"])
        lines.append(f'{_json(name)}: {{"makes": {makes}, "resells": {resells}, "models": [')
        lines.append(",\n".join(map(_json, told["models"])))
        lines.append(f"]}}{comma}")
    return "\n".join([*lines, "}}", ""])


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _provider(provider: types.Provider) -> dict[str, Any]:
    return {
        "makes": _clause(provider.model_match) if provider.model_match else None,
        "resells": provider.fallback_model_providers or [],
        "models": [
            [model.id, _clause(model.match), model.context_window, [_entry(given) for given in _prices(model)]]
            for model in provider.models
        ],
    }


def _prices(model: types.ModelInfo) -> list[types.ConditionalPrice]:
    if isinstance(model.prices, types.ModelPrice):
        return [types.ConditionalPrice(prices=model.prices)]
    if model.prices and model.prices[0].constraint is not None:
        message = f"{model.id}: its first price does not hold always."
        raise ValueError(message)
    return model.prices


def _entry(given: types.ConditionalPrice) -> list[Any]:
    """[valid from, rates, tiers, half hours of the day]."""
    valid_from, hours = "", None
    if isinstance(given.constraint, types.StartDateConstraint):
        valid_from = given.constraint.start_date.isoformat()
    elif isinstance(given.constraint, types.TimeOfDateConstraint):
        hours = [_slot(given.constraint.start_time), _slot(given.constraint.end_time)]
    prices = given.prices
    if any(getattr(prices, unit) is not None for unit in ANOTHER_UNIT):
        return [valid_from, {}, [], hours]
    found = {bucket: getattr(prices, RATES[bucket]) for bucket in BUCKETS}
    told = {bucket: price for bucket, price in found.items() if price is not None}
    rates = {bucket: _text(getattr(price, "base", price)) for bucket, price in told.items()}
    steps = {bucket: price.tiers for bucket, price in told.items() if isinstance(price, types.TieredPrices)}
    tiers = [
        {"above": above, **{bucket: _text(_at(tiers, above)) for bucket, tiers in steps.items() if _at(tiers, above)}}
        for above in sorted({tier.start for tiers in steps.values() for tier in tiers})
    ]
    return [valid_from, rates, tiers, hours]


def _at(tiers: Iterable[types.Tier], above: int) -> Any:
    return next((tier.price for tier in tiers if tier.start == above), None)


def _slot(time: Any) -> int:
    if time.minute % 30 or time.second or time.utcoffset():
        message = f"A price changes at {time}: the book knows half hours of UTC only."
        raise ValueError(message)
    return int(time.hour * 2 + time.minute // 30)


def _text(rate: Any) -> str:
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clause(match: Any) -> list[Any]:
    if isinstance(match, types.ClauseAnd):
        return ["all", *map(_clause, match.and_)]
    if not isinstance(match, types.ClauseOr):
        kind, field = CLAUSES[type(match)]
        text = getattr(match, field)
        return [kind, text if kind == "like" else text.lower()]
    parts = [_clause(part) for part in match.or_]
    kinds = {kind for kind, *_ in parts}
    if len(kinds) == 1 and kinds != {"all"} and kinds != {"any"}:
        return [kinds.pop(), *(given for _, *rest in parts for given in rest)]
    return ["any", *parts]


if __name__ == "__main__":
    FILE.write_text(make(), encoding="utf-8")
