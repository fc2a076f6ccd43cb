"""A price and what a call costs by it: exact integers inside, rounded once (half to even) to whole nano-USD.

Prices are US dollars per million tokens of each disjoint bucket. What a provider does not price apart is billed as what
it is a kind of: cached input and cache writes as input, reasoning as output. Audio without a price of its own has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

BUCKETS = ("input", "cached_input", "cache_write", "output", "reasoning", "audio_input", "audio_output")
INPUT_SIDE = frozenset({"input", "cached_input", "cache_write", "audio_input"})
BILLED_AS = {"cached_input": "input", "cache_write": "input", "reasoning": "output"}
# Decimal places of a price per million tokens that are kept, and how many of these quanta make one nano-USD.
PLACES = 18
QUANTA_PER_NANO: int = 10 ** (PLACES + 6 - 9)
# A call that costs more than this many nano-USD is no call: the bound of the wire contract, 10^8 US dollars.
MAX_NANO = 10**17

Tokens = Sequence[int | None]  # in the order of BUCKETS; None: not reported
Rates = Mapping[str, Decimal]


class Tier(NamedTuple):
    """Rates of a call whose whole input is larger than `above` tokens; they hold for all of its tokens."""

    above: int
    rates: Rates


class Line(NamedTuple):
    """How one bucket of a call adds to its cost; `rate` in US dollars per million tokens, `cost` exact in US dollars."""

    bucket: str
    tokens: int
    rate: Decimal
    cost: Decimal


@dataclass(frozen=True, eq=False)
class Price:
    """One entry of a price book, valid from `valid_from` (an ISO date; empty: always) until the next one."""

    provider: str
    model: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    valid_from: str = ""
    window: int | None = None
    source: str = ""
    _quanta: dict[int, tuple[int | None, ...]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def version(self) -> str:
        """The entry in words: source, provider, model, and from when it is valid."""
        return " ".join(filter(None, (self.source, f"{self.provider}/{self.model}".lstrip("/"), self.valid_from)))

    def document(self) -> dict[str, Any]:
        """Everything that a cost depends on, as JSON; equal prices have equal documents."""
        tiers = [{"above": tier.above, **_texts(tier.rates)} for tier in self.tiers]
        return {"rates": _texts(self.rates), "tiers": tiers, "window": self.window}

    def cost_nano(self, tokens: Tokens) -> int | None:
        """What these tokens cost in nano-USD; None where nothing was reported or a bucket in use has no price."""
        if tokens.count(None) == len(tokens):
            return None
        total = 0
        size = input_size(tokens) if self.tiers else 0
        for count, quanta in zip(tokens, self._quanta_of(size), strict=True):
            if count:
                if quanta is None:
                    return None
                total += count * quanta
        nano = _rounded(total)
        return nano if nano <= MAX_NANO else None

    def lines(self, tokens: Tokens) -> list[Line]:
        """How the cost came to be, bucket by bucket in use; buckets without a price are left out."""
        rates = self._rates_of(input_size(tokens))
        billed = [(bucket, count, _billed_as(bucket, rates)) for bucket, count in zip(BUCKETS, tokens, strict=True)]
        return [
            Line(bucket, count, rates[as_], rates[as_] * count / 1_000_000)
            for bucket, count, as_ in billed
            if count and as_ is not None
        ]

    def _rates_of(self, size: int) -> Rates:
        rates = dict(self.rates)
        for tier in self.tiers:
            if size > tier.above:
                rates |= tier.rates
        return rates

    def _quanta_of(self, size: int) -> tuple[int | None, ...]:
        """The rate of each bucket in quanta, by the tier that an input of this size reaches."""
        reached = sum(size > tier.above for tier in self.tiers) if self.tiers else 0
        if reached not in self._quanta:
            rates = self._rates_of(size)
            named = [_billed_as(bucket, rates) for bucket in BUCKETS]
            self._quanta[reached] = tuple(None if name is None else _to_quanta(rates[name]) for name in named)
        return self._quanta[reached]


def price_of(document: Mapping[str, Any], *, provider: str, model: str, valid_from: str, source: str) -> Price:
    """The price whose `document` this is."""
    tiers = tuple(
        Tier(tier["above"], {name: Decimal(rate) for name, rate in tier.items() if name != "above"})
        for tier in document["tiers"]
    )
    rates = {name: Decimal(rate) for name, rate in document["rates"].items()}
    return Price(provider, model, rates, tiers, valid_from, document["window"], source)


def input_size(tokens: Tokens) -> int:
    """Tokens that went in: the buckets of the input side together."""
    return sum(count or 0 for bucket, count in zip(BUCKETS, tokens, strict=True) if bucket in INPUT_SIDE)


def _billed_as(bucket: str, rates: Rates) -> str | None:
    """The bucket whose rate holds, None if there is none."""
    if bucket in rates:
        return bucket
    parent = BILLED_AS.get(bucket)
    return parent if parent in rates else None


def _to_quanta(rate: Decimal) -> int:
    return int(rate.scaleb(PLACES).to_integral_value())


def _rounded(quanta: int) -> int:
    nano, rest = divmod(quanta, QUANTA_PER_NANO)
    return nano + int(2 * rest + nano % 2 > QUANTA_PER_NANO)


def _texts(rates: Rates) -> dict[str, str]:
    return {bucket: _text(rates[bucket]) for bucket in BUCKETS if bucket in rates}


def _text(rate: Decimal) -> str:
    """The same text for equal rates, without an exponent."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
