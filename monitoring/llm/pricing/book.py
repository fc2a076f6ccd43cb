"""Which price a call has: the project's own before the shipped list, the response's model before the requested one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from monitoring.llm.pricing.names import plain, provider_name, spellings
from monitoring.llm.pricing.prices import Price
from monitoring.llm.pricing.shipped import ShippedBook


class PriceBook:
    """The prices of one project."""

    def __init__(self, own: Sequence[Price], shipped: ShippedBook) -> None:
        self._own = sorted(own, key=lambda price: price.valid_from, reverse=True)
        self._shipped = shipped

    def find(self, provider: str, models: Sequence[str], *, ts_us: int) -> Price | None:
        """The price of the first of these model names that has one, at this time (epoch microseconds)."""
        day = datetime.fromtimestamp(ts_us // 1_000_000, UTC).date().isoformat()
        for model in filter(None, models):
            price = self._own_price(provider, model, day) or self._shipped.find(provider, model, ts_us=ts_us)
            if price is not None:
                return price
        return None

    def _own_price(self, provider: str, model: str, day: str) -> Price | None:
        """The newest that is valid; an exact name before a beginning, the name as given before its other spellings."""
        valid = [price for price in self._own if price.valid_from <= day and self._is(provider, price.provider)]
        for name in spellings(model):
            for price in valid:
                if plain(price.model) == name:
                    return price
        begun = [price for price in valid if price.model.endswith("*")]
        begun.sort(key=lambda price: -len(price.model))
        name = plain(model)
        return next((price for price in begun if name.startswith(plain(price.model).removesuffix("*"))), None)

    def _is(self, given: str, wanted: str) -> bool:
        if not wanted or plain(given) == plain(wanted):
            return True
        known = frozenset(self._shipped.providers)
        return provider_name(given, known) == provider_name(wanted, known) != ""
