"""How far a follower came: work that walks through stored decisions in log order, source by source, at leisure."""

from contracts.journal import CALLS
from storage.database import Connection, Pool, session

# Calls are numbered when they are counted, and stored in any order; what is older than this is settled: an orphaned
# call is finished within some ten seconds.
SETTLED_AFTER_S = 60.0

_BEGIN_AT_PRESENT = """
INSERT INTO followers (name, source, next_offset)
SELECT $1, partition, next_offset FROM partition_offsets WHERE topic = $2
UNION ALL
SELECT $1, $3, coalesce(
    (SELECT source_offset + 1 FROM decisions WHERE source = $3 ORDER BY source_offset DESC LIMIT 1), 0)
ON CONFLICT DO NOTHING
"""
_BEGIN_AT_BEGINNING = """
INSERT INTO followers (name, source, next_offset)
SELECT $1, partition, 0 FROM partition_offsets WHERE topic = $2 UNION ALL SELECT $1, $3, 0
ON CONFLICT DO NOTHING
"""
_SOURCES = "SELECT source FROM followers WHERE name = $1 ORDER BY source"
_LOCK = "SELECT next_offset FROM followers WHERE name = $1 AND source = $2 FOR UPDATE SKIP LOCKED"
_ADVANCE = "UPDATE followers SET next_offset = $3 WHERE name = $1 AND source = $2"
_BEHIND = """
SELECT coalesce(sum(greatest(p.next_offset - f.next_offset, 0)), 0)::bigint
FROM followers AS f JOIN partition_offsets AS p ON p.topic = $2 AND p.partition = f.source WHERE f.name = $1
"""
_FORGET = "DELETE FROM followers WHERE starts_with(name, $1) AND name <> $2"


class Follower:
    """The places of one follower, by its `name`, in the transaction log `topic` and among the synchronous calls.

    Several processes may share the work: whoever has locked a source advances it. Methods raise StoreUnavailable.
    """

    def __init__(self, pool: Pool, topic: str, name: str) -> None:
        self.name = name
        self._pool = pool
        self._topic = topic

    async def begin(self, *, at_present: bool) -> None:
        """Know every source; one that was not known begins at its present end, or at its beginning."""
        statement = _BEGIN_AT_PRESENT if at_present else _BEGIN_AT_BEGINNING
        async with session(self._pool) as connection:
            await connection.execute(statement, self.name, self._topic, CALLS)

    async def sources(self) -> list[int]:
        async with session(self._pool) as connection:
            return [record["source"] for record in await connection.fetch(_SOURCES, self.name)]

    async def lock(self, connection: Connection, source: int) -> int | None:
        """The next offset, locked until the transaction ends; None while another process is at it."""
        offset: int | None = await connection.fetchval(_LOCK, self.name, source)
        return offset

    async def advance(self, connection: Connection, source: int, next_offset: int) -> None:
        await connection.execute(_ADVANCE, self.name, source, next_offset)

    async def behind(self) -> int:
        """Records of the log that are stored and not yet looked at; calls are not counted."""
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_BEHIND, self.name, self._topic)
            return number

    async def forget_others(self, prefix: str) -> None:
        """Forget followers whose names begin with `prefix`, but for this one."""
        async with session(self._pool) as connection:
            await connection.execute(_FORGET, prefix, self.name)


def settled_after_s(source: int) -> float | None:
    """The age at which a source's stored rows are complete; None: at once, because they are stored in order."""
    return None if source >= 0 else SETTLED_AFTER_S
