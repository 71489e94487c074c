"""The rest of erasures: what Redis and Kafka still hold of accounts that are gone from Postgres."""

from contextlib import suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from features.redis_store.forget import forget_entities
from scoring_worker.erased_topics import delete_records_until
from settings import Settings
from storage.database import Pool
from storage.erasure import ErasureRepository, state_done

log = structlog.get_logger(__name__)


async def finish_erasures(settings: Settings, pool: Pool, *, topics: bool = True) -> int:
    """Do what is pending; returns how many erasures still are afterwards. Raises StoreUnavailable.

    Redis' append-only file still holds what was deleted from its memory, so it is written anew; once for all of them,
    and not for each request, because it forks the server.
    """
    repository = ErasureRepository(pool)
    redis = Redis.from_url(settings.redis_url)
    left = 0
    try:
        waiting = await repository.pending()
        for pending in waiting:
            if not pending.state_done:
                await forget_entities(redis, settings.redis_key_prefix, pending.state_keys)
                await state_done(pool, pending.erasure_id)
            if pending.topics_done:
                continue
            if topics and await delete_records_until(settings, pool, pending.requested_at):
                await repository.topics_done(pending.erasure_id)
            else:
                left += 1
                log.info("erasure_waits_for_topics", erasure_id=str(pending.erasure_id))
        if waiting:
            with suppress(RedisError):  # a rewrite is under way, or this Redis keeps no such file
                await redis.bgrewriteaof()
    finally:
        await redis.aclose()
    return left
