"""A ceiling on requests per key, for those who set `ATALAIA_INGEST_RATE`: a token bucket in each process."""

from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil

from monitoring.ingest.codes import Refusal

MAX_KEYS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Pace:
    """Tokens refill at the rate, up to one second's worth (at least `burst`)."""

    def __init__(self) -> None:
        self._buckets: dict[Hashable, _Bucket] = {}

    def take(self, key_id: Hashable, *, rate: float, ticked: float, burst: float = 1.0) -> None:
        """`Refusal` (429) when the key is faster than `rate` requests a second; 0 means no ceiling."""
        if rate <= 0:
            return
        room = max(burst, rate)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.clear()
        bucket = self._buckets.setdefault(key_id, _Bucket(room, ticked))
        bucket.tokens = min(room, bucket.tokens + (ticked - bucket.at) * rate)
        bucket.at = ticked
        if bucket.tokens < 1:
            detail = f"This key may send {rate:g} requests a second to this process; send larger batches."
            raise Refusal("rate_limited", detail, retry_after=ceil((1 - bucket.tokens) / rate))
        bucket.tokens -= 1

    def left(self, key_id: Hashable, *, rate: float, ticked: float, burst: float = 1.0) -> float:
        """How many requests it may send at once now."""
        room = max(burst, rate)
        bucket = self._buckets.get(key_id)
        return room if bucket is None else max(0.0, min(room, bucket.tokens + (ticked - bucket.at) * rate))
