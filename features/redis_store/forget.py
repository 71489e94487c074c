"""Forgetting entities: their states are removed from the generation in use, as if they had expired."""

from collections.abc import Sequence

import redis.asyncio as aioredis
from redis.exceptions import RedisError

from contracts.errors import StateUnavailable

KEYS_A_CALL = 1_000


async def forget_entities(client: aioredis.Redis, prefix: str, keys: Sequence[bytes]) -> None:
    """Delete these states; a batch that has read one meanwhile is refused, or starts again. Raises StateUnavailable."""
    try:
        value: bytes | None = await client.get(f"{prefix}:epoch".encode())  # type: ignore[assignment]
        if value is None:
            return  # an empty Redis has nothing to forget
        generation = int(value.decode().split("|", 3)[1])
        names = [b"%s:%d:e:%s" % (prefix.encode(), generation, key) for key in keys]
        for start in range(0, len(names), KEYS_A_CALL):
            await client.delete(*names[start : start + KEYS_A_CALL])
    except (RedisError, OSError) as error:
        raise StateUnavailable(f"Redis does not forget: {error}") from error
