"""Whether words stand anywhere in what is kept: tables, keys, topics, files."""

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiokafka import ConsumerRecord
from redis.asyncio import Redis

from settings import Settings
from storage.database import Pool

Read = Callable[[str], Awaitable[list[ConsumerRecord]]]


async def found_anywhere(
    pool: Pool,
    redis: Redis,
    settings: Settings,
    read_topic: Read,
    topics: Sequence[str],
    files: Sequence[Path],
    words: Sequence[str],
) -> list[str]:
    """Every place in which one of the words stands."""
    places = []
    patterns = [word.encode() for word in words]
    tables = await pool.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname = 'public'"
    )
    assert len(tables) > 40
    for table in tables:
        for row in await pool.fetch(f"SELECT x::text AS whole FROM {table['name']} AS x"):
            text = row["whole"]
            hexadecimal = b" ".join(bytes.fromhex(part) for part in re.findall(r"\\x((?:[0-9a-f]{2})+)", text))
            places += [f"{table['name']}: {word}" for word in words if word in text or word.encode() in hexadecimal]
    async for key in redis.scan_iter(match=f"{settings.redis_key_prefix}:*"):
        dump = await redis.dump(key) or b""
        members = await redis.smembers(key) if await redis.type(key) == b"set" else ()
        fields = await redis.hgetall(key) if await redis.type(key) == b"hash" else {}
        kept = [key, dump, *members, *fields, *fields.values()]
        places += [f"redis {key!r}: {each!r}" for each in patterns if any(each in part for part in kept)]
    for topic in topics:
        for message in await read_topic(topic):
            parts = [message.key or b"", message.value or b"", *(value or b"" for _, value in message.headers)]
            places += [f"{topic}: {each!r}" for each in patterns if any(each in part for part in parts)]
    for path in files:
        places += [f"{path}: {each!r}" for each in patterns if each in path.read_bytes()]
    return places
