"""The shipped book says what the pinned package says: of every model, on several days, in every bucket they share."""

from datetime import UTC, datetime
from random import Random

import genai_prices
import pytest
from genai_prices import data

from monitoring.llm.pricing.shipped import FILE, shipped_book
from tests.price_book import make

TIMES = [
    datetime(2025, 4, 20, 12, 10, tzinfo=UTC),
    datetime(2026, 9, 1, 2, 0, tzinfo=UTC),
    datetime(2026, 11, 20, 5, tzinfo=UTC),
]


def test_the_book_is_made_from_the_pinned_package() -> None:
    assert FILE.read_text(encoding="utf-8") == make()


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_every_model_costs_what_the_package_says(at: datetime) -> None:
    rng, priced, unpriced = Random(1), 0, []
    for provider in data.providers:
        for model in provider.models:
            fresh, cached, written, output, reasoning = (rng.randrange(400_000) for _ in range(5))
            usage = genai_prices.Usage(
                input_tokens=fresh + cached + written,
                cache_read_tokens=cached,
                cache_write_tokens=written,
                output_tokens=output + reasoning,
                output_reasoning_tokens=reasoning,
            )
            try:
                told = genai_prices.calc_price(usage, model.id, provider_id=provider.id, genai_request_timestamp=at)
            except LookupError:
                continue
            ours = shipped_book().find(provider.id, model.id, ts_us=int(at.timestamp()) * 1_000_000)
            assert ours is not None, (provider.id, model.id)
            cost = ours.cost_nano([fresh, cached, written, output, reasoning, None, None])
            if cost is None:
                unpriced.append((provider.id, model.id))
                continue
            assert abs(cost - told.total_price * 10**9) <= 1, (provider.id, model.id)
            priced += 1
    assert priced > 1_900
    assert len(unpriced) < priced / 6  # embeddings asked for output, and other units than tokens
