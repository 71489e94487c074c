"""Partitions come and go: one scorer task for each, started when it is assigned, drained when it is revoked."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition

from pipeline.deadline import Deadline
from scoring_worker.scorer import PartitionScorer

log = structlog.get_logger()


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Revocation and shutdown share one rule: finish the batch that has begun, within one deadline, then leave.

    What does not end in time is cancelled; the next owner finishes its journal. `failed` is set when a scorer ended
    with an error that a person has to look at.
    """

    def __init__(self, make_scorer: Callable[[int], PartitionScorer], deadline_s: float) -> None:
        self._make_scorer = make_scorer
        self._deadline_s = deadline_s
        self._running: dict[int, tuple[PartitionScorer, asyncio.Task[None]]] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def partitions(self) -> tuple[int, ...]:
        return tuple(sorted(self._running))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self.drain([place.partition for place in revoked], Deadline(self._deadline_s))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        for place in assigned:
            if place.partition not in self._running:
                scorer = self._make_scorer(place.partition)
                task = asyncio.create_task(scorer.run(), name=f"partition-{place.partition}")
                task.add_done_callback(self._ended)
                self._running[place.partition] = (scorer, task)
        log.info("partitions_assigned", partitions=self.partitions)

    async def drain(self, partitions: Iterable[int], deadline: Deadline) -> None:
        """Stop these partitions' scorers before the deadline."""
        leaving = [self._running.pop(number) for number in partitions if number in self._running]
        for scorer, _ in leaving:
            scorer.stop()
        tasks = [task for _, task in leaving]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=deadline.left)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("partitions_left", partitions=[scorer.number for scorer, _ in leaving], cancelled=len(late))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() and not self.failed.done():
            self.failed.set_exception(task.exception() or RuntimeError(task.get_name()))
