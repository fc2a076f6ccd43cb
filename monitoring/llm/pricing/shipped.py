"""The price book that is shipped: list prices of the package genai-prices, as a compact table of our own (`book.json`).

`python -m tests.price_book` makes the table from the pinned package; a test holds the two together. The package itself
is not needed to run: importing it costs every process that does 0.2 s and 30 MB.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitoring.llm.pricing.names import provider_name, spellings, vendor
from monitoring.llm.pricing.prices import Price, price_of

FILE = Path(__file__).with_name("book.json")
SLOT_US = 1_800_000_000
"""Within half an hour, counted from midnight UTC, no price changes."""
Clause = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A price of a model: from a day on (UTC), and between two half hours of the day where it is not valid all day."""

    price: Price
    hours: tuple[int, int] | None

    def holds(self, day: str, slot: int) -> bool:
        """Whether it is valid on this ISO date, in this half hour of the day."""
        if day < self.price.valid_from:
            return False
        if self.hours is None:
            return True
        first, last = self.hours
        return first <= slot < last if first <= last else slot >= first or slot < last


@dataclass(frozen=True, eq=False)
class ShippedBook:
    """Providers with their models; of the entries of a model the last one that holds counts, as in genai-prices."""

    version: str
    providers: Mapping[str, Mapping[str, Any]]

    def find(self, provider: str, model: str, *, ts_us: int) -> Price | None:
        """The price of a model by name at a time (epoch microseconds); None if it is not certain what it costs."""
        entries = self._entries(provider, model)
        day = datetime.fromtimestamp(ts_us // 1_000_000, UTC).date().isoformat()
        slot = ts_us // SLOT_US % 48
        return next((entry.price for entry in reversed(entries) if entry.holds(day, slot)), None)

    @lru_cache(maxsize=4_096)  # noqa: B019 - there is one book per process
    def _entries(self, provider: str, model: str) -> tuple[Entry, ...]:
        """A provider that is given and unknown has no list price: it may be anybody's server."""
        known = frozenset(self.providers)
        owner = provider_name(provider, known)
        if not owner:
            owner, model = vendor(model, known)
        if not owner and not provider.strip():
            owner = self.maker(model)
        found = self._model(owner, model) if owner else None
        if found is None:
            return ()
        place, (name, _, window, entries) = found
        return tuple(self._entry(place, name, window, *entry) for entry in entries)

    def _entry(self, provider: str, model: str, window: int | None, *entry: Any) -> Entry:
        valid_from, rates, tiers, hours = entry
        document = {"rates": rates, "tiers": tiers, "window": window}
        source = f"genai-prices {self.version}"
        price = price_of(document, provider=provider, model=model, valid_from=valid_from, source=source)
        return Entry(price, tuple(hours) if hours else None)

    @lru_cache(maxsize=4_096)  # noqa: B019 - there is one book per process
    def maker(self, model: str) -> str:
        """The provider whose own models are called so; empty if none is known."""
        bare = model.removeprefix("ft:")
        makers = (name for name, told in self.providers.items() if told["makes"] and _matches(told["makes"], bare))
        return next(makers, "")

    def _model(self, owner: str, model: str) -> tuple[str, Sequence[Any]] | None:
        """(provider, model) by the first spelling that the provider, or one whose models it resells, knows."""
        for name in spellings(model):
            for place in (owner, *self.providers[owner]["resells"]):
                for candidate in self.providers[place]["models"]:
                    if _matches(candidate[1], name):
                        return place, candidate
        return None


@lru_cache(maxsize=1)
def shipped_book() -> ShippedBook:
    """The book, read on first use."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    return ShippedBook(told["version"], told["providers"])


def _matches(clause: Clause, name: str) -> bool:
    kind, *given = clause
    return _KINDS[kind](name, given)


_KINDS: dict[str, Callable[[str, Sequence[Any]], bool]] = {
    "is": lambda name, given: name in given,
    "starts": lambda name, given: name.startswith(tuple(given)),
    "ends": lambda name, given: name.endswith(tuple(given)),
    "has": lambda name, given: any(part in name for part in given),
    "like": lambda name, given: any(re.search(pattern, name) for pattern in given),
    "any": lambda name, given: any(_matches(part, name) for part in given),
    "all": lambda name, given: all(_matches(part, name) for part in given),
}
