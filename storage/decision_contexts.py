"""What is the same for thousands of decisions (model, catalogue, policy, decided by), kept once under a number."""

from collections.abc import Iterable
from typing import NamedTuple

from contracts.decision import Decision
from storage.database import Pool, session

CACHE_MAX = 10_000  # combinations; a new model or policy version makes a handful

_ADD = """
INSERT INTO decision_contexts (model_version, catalogue_hash, policy_version, decided_by)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_FIND = """
SELECT context_id FROM decision_contexts
WHERE model_version = $1 AND catalogue_hash = $2 AND policy_version = $3 AND decided_by = $4
"""


class Context(NamedTuple):
    model_version: str
    catalogue_hash: str
    policy_version: str
    decided_by: str


class DecisionContexts:
    """Numbers of contexts, remembered. They are committed before a batch refers to them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._ids: dict[Context, int] = {}

    async def ids_of(self, decisions: Iterable[Decision]) -> list[int]:
        """The context's number of each decision, in order. Raises StoreUnavailable."""
        contexts = [Context(d.model_version, d.catalogue_hash, d.policy_version, d.decided_by) for d in decisions]
        missing = set(contexts) - self._ids.keys()
        if len(self._ids) + len(missing) > CACHE_MAX:
            self._ids.clear()
            missing = set(contexts)
        for context in sorted(missing):
            self._ids[context] = await self._add(context)
        return [self._ids[context] for context in contexts]

    async def _add(self, context: Context) -> int:
        async with session(self._pool) as connection:
            await connection.execute(_ADD, *context)
            number: int = await connection.fetchval(_FIND, *context)
            return number
