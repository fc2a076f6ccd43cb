"""Price the LLM calls of a batch before its transaction: by distinct names and half hour, not call by call."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

import msgspec

from monitoring.drain.rows import LLMCallRow, Row
from monitoring.llm.pricing.book import PriceBook
from monitoring.llm.pricing.prices import Price
from monitoring.llm.pricing.shipped import SLOT_US, shipped_book
from monitoring.models import AppliedPrice, OwnPrice

FIRST_TOKENS = LLMCallRow._fields.index("input_tokens")
AFTER_TOKENS = LLMCallRow._fields.index("audio_output_tokens") + 1
COST = LLMCallRow._fields.index("cost_nano")
AFTER_PRICE = LLMCallRow._fields.index("context_window") + 1
Key = TypeVar("Key", bound=Hashable)
_encode = msgspec.json.Encoder(order="sorted").encode


class Names(NamedTuple):
    """What decides the price of a call: whose it is, what it names, when."""

    project_id: int
    provider: str
    response_model: str
    request_model: str
    slot: int


def price_calls(rows: dict[bytes, Row]) -> None:
    """Give the LLM calls among the rows their cost, price and context window; in place."""
    groups = _grouped((key, row) for key, row in rows.items() if type(row) is LLMCallRow)
    found = find_prices(groups)
    if not found:
        return
    ids = keep_prices(found.values())
    for names, price in found.items():
        price_id = ids[_digest(price)]
        for key in groups[names]:
            rows[key] = priced(rows[key], price, price_id)


def priced(call: Any, price: Price, price_id: int | None) -> LLMCallRow:
    """The call with what it costs by this price; without a price id where it costs nothing known."""
    cost = price.cost_nano(call[FIRST_TOKENS:AFTER_TOKENS])
    own = (cost, None if cost is None else price_id, price.window)
    return tuple.__new__(LLMCallRow, (*call[:COST], *own, *call[AFTER_PRICE:]))


def prices_of(calls: Sequence[LLMCallRow]) -> list[Price | None]:
    """The price that each call has by the books as they are now."""
    groups = _grouped(enumerate(calls))
    found: list[Price | None] = [None] * len(calls)
    for names, price in find_prices(groups).items():
        for place in groups[names]:
            found[place] = price
    return found


def price_ids(prices: Iterable[Price]) -> dict[Price, int]:
    """The id under which each price is kept for good."""
    prices = list(prices)
    ids = keep_prices(prices)
    return {price: ids[_digest(price)] for price in prices}


def _grouped(calls: Iterable[tuple[Key, Any]]) -> dict[Names, list[Key]]:
    """The keys of the calls that name a model, by what decides their price."""
    groups: defaultdict[Names, list[Key]] = defaultdict(list)
    for key, row in calls:
        if row.response_model or row.request_model:
            slot = row.ts_us // SLOT_US
            groups[Names(row.project_id, row.provider, row.response_model, row.request_model, slot)].append(key)
    return groups


def find_prices(groups: Iterable[Names]) -> dict[Names, Price]:
    """The price of each group that has one; one query for the own prices of all projects."""
    groups = list(groups)
    projects = {names.project_id for names in groups}
    if not projects:
        return {}
    own: defaultdict[int, list[Price]] = defaultdict(list)
    for price in OwnPrice.objects.filter(project_id__in=projects):
        own[price.project_id].append(price.price())
    books = {project_id: PriceBook(own[project_id], shipped_book()) for project_id in projects}
    found = {
        names: books[names.project_id].find(
            names.provider, (names.response_model, names.request_model), ts_us=names.slot * SLOT_US
        )
        for names in groups
    }
    return {names: price for names, price in found.items() if price is not None}


def keep_prices(prices: Iterable[Price]) -> Mapping[bytes, int]:
    """Digest → id of each price as it is now; kept for good from its first use on."""
    wanted = {_digest(price): price for price in prices}
    known = _known(wanted)
    missing = sorted(wanted.keys() - known.keys())
    if not missing:
        return known
    AppliedPrice.objects.bulk_create(
        [
            AppliedPrice(
                digest=digest,
                source=price.source,
                provider=price.provider,
                model=price.model,
                valid_from=price.valid_from,
                document=price.document(),
            )
            for digest, price in ((digest, wanted[digest]) for digest in missing)
        ],
        ignore_conflicts=True,
    )
    return known | _known(missing)


def _known(digests: Iterable[bytes]) -> dict[bytes, int]:
    rows = AppliedPrice.objects.filter(digest__in=list(digests)).values_list("digest", "id")
    return {bytes(digest): id_ for digest, id_ in rows}


def _digest(price: Price) -> bytes:
    told = (price.source, price.provider, price.model, price.valid_from, price.document())
    return sha256(_encode(told)).digest()
