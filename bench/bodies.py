"""The events of the bench: predictions of ten models with eight features, a score and a latency, over two minutes."""

import json
import random
import time
from collections.abc import Iterator

MODELS = 10
FEATURES = 8
SPREAD_US = 120_000_000


def make_items(count: int, *, tag: str, seed: int = 1) -> list[dict[str, object]]:
    """Unique items of `POST /api/v1/predictions`, the same for the same seed but for tag and time."""
    rng = random.Random(seed)
    now = time.time_ns() // 1_000
    return [
        {
            "id": f"{tag}-{n}",
            "model": f"model-{n % MODELS}",
            "version": "1",
            "ts": (now - rng.randrange(SPREAD_US)) / 1_000,
            "prediction": rng.choice(("default", "paid")),
            "score": round(rng.random(), 6),
            "latency_ms": round(rng.lognormvariate(3, 0.5), 3),
            "features": {f"feature_{k}": round(rng.gauss(0, 1), 6) for k in range(FEATURES)},
        }
        for n in range(count)
    ]


def encode_requests(items: list[dict[str, object]], batch: int, *, key: str, port: int) -> Iterator[bytes]:
    """Whole HTTP requests, ready to be written to a socket."""
    for start in range(0, len(items), batch):
        part = items[start : start + batch]
        body = json.dumps(part if batch > 1 else part[0], separators=(",", ":")).encode()
        head = (
            f"POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body
