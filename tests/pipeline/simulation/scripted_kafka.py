"""The log as a script: partitions, a consumer group with generations, committed offsets, outgoing topics."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.decision import Alert, Decision
from contracts.errors import PartitionLost
from contracts.log import LogRecord
from pipeline.intake import Rejected
from tests.pipeline.simulation.world import Process

Gate = Callable[[str, Callable[[], Any]], Awaitable[Any]]
SESSION_TIMEOUT_S = 8.0


@dataclass(eq=False)
class ScriptedKafka:
    """Partitions start at `beginnings`: what was before was deleted long ago."""

    beginnings: list[int]
    logs: list[list[LogRecord]] = field(default_factory=list)
    committed: dict[int, int] = field(default_factory=dict)
    generation: int = 0
    owners: dict[int, Process] = field(default_factory=dict)
    heartbeats: dict[Process, float] = field(default_factory=dict)
    known_generation: dict[Process, int] = field(default_factory=dict)
    commits: dict[int, tuple[Process, int]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    dead_letters: list[Rejected] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.logs = [[] for _ in self.beginnings]

    def append(
        self, partition: int, append_ms: int, value: bytes | None, *, key: bytes | None = None, is_label: bool = False
    ) -> LogRecord:
        record = LogRecord(partition, self.end(partition), append_ms, key, value, (), is_label)
        self.logs[partition].append(record)
        return record

    def end(self, partition: int) -> int:
        return self.beginnings[partition] + len(self.logs[partition])

    def fetch(self, partition: int, offset: int, count: int) -> list[LogRecord]:
        lo = offset - self.beginnings[partition]
        return self.logs[partition][lo : lo + count]

    def heartbeat(self, process: Process, now: float) -> list[int]:
        """A member's sign of life; returns its partitions."""
        self.heartbeats[process] = now
        self.known_generation[process] = self.generation
        return [number for number, owner in self.owners.items() if owner is process]

    def members(self, now: float) -> list[Process]:
        return [p for p, at in self.heartbeats.items() if now - at < SESSION_TIMEOUT_S]

    def assign(self, owners: dict[int, Process]) -> None:
        """A rebalance."""
        self.generation += 1
        self.owners = owners

    def commit(self, process: Process, partition: int, offset: int) -> None:
        if self.owners.get(partition) is not process or self.known_generation.get(process) != self.generation:
            raise PartitionLost(f"partition {partition} was given to another worker")
        by, before = self.commits.get(partition, (None, 0))
        if by is not process or offset > before:  # requests of one connection do not overtake each other
            self.commits[partition] = process, offset
            self.committed[partition] = offset


class ScriptedLog:
    """Implements `pipeline.protocols.Log`."""

    def __init__(self, server: ScriptedKafka, process: Process, gate: Gate) -> None:
        self._server = server
        self._process = process
        self._gate = gate

    async def commit(self, partition: int, offset: int) -> None:
        await self._gate(
            f"commit {partition} to {offset}", lambda: self._server.commit(self._process, partition, offset)
        )


class ScriptedTopics:
    """Implements `pipeline.protocols.Publisher` and `DeadLetters`: at least once."""

    def __init__(self, server: ScriptedKafka, gate: Gate) -> None:
        self._server = server
        self._gate = gate

    async def publish(self, decisions: Sequence[Decision], alerts: Sequence[Alert]) -> None:
        def effect() -> None:
            self._server.decisions += decisions
            self._server.alerts += alerts

        await self._gate(f"publish {[d.transaction_id for d in decisions]}", effect)

    async def send(self, rejected: Sequence[Rejected]) -> None:
        def effect() -> None:
            self._server.dead_letters += rejected

        await self._gate(f"dead letters {[r.record.offset for r in rejected]}", effect)
