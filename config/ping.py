"""Ask a Redis server that is not our own whether it is there, in whatever way its address says (password, TLS)."""

import redis

PATIENCE_SECONDS = 1.0


def answers(url: str) -> bool:
    """Whether it answers a PING within a second."""
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
