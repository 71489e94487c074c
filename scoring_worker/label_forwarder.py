"""The label forwarder: labels from their own topic into the account's partition of the transaction log, once each."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import TopicPartition

from contracts.errors import OffsetGap, PartitionLost, StoreUnavailable
from pipeline.kafka_consumer import bound_batches
from pipeline.kafka_producer import broker_arguments
from scoring_worker.careful import CarefulReader
from scoring_worker.dead_letters import DeadLetterSink
from scoring_worker.kafka import FORWARDER_GROUP, consumer_arguments, forwarder_producer_arguments
from scoring_worker.label_session import LabelSession
from scoring_worker.log_reader import LogReader
from scoring_worker.sealed_batch import SealedBatches
from settings import Settings
from storage.labels import LabelRepository
from storage.offset_attempts import OffsetAttempts

PAUSE_S = 2.0  # before joining again after a failure; a broker's restart takes a few of them
GAP_PAUSE_S = 30.0  # before looking again whether a person has mended a gap; scoring goes on meanwhile

log = structlog.get_logger(__name__)


class LabelForwarder:
    """Runs in every worker; the group's one owner forwards, the others stand by and take over when it dies."""

    def __init__(
        self,
        settings: Settings,
        repository: LabelRepository,
        dead_letters: DeadLetterSink,
        attempts: OffsetAttempts,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._repository = repository
        self._dead_letters = dead_letters
        self._attempts = attempts
        self._monotonic = monotonic
        self.forwarded = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until `stop` is set; joins again when a store was away, or somebody has to decide about a gap."""
        while not stop.is_set():
            session = self.session()
            lives = True
            try:
                await session.open()
                while not stop.is_set():
                    self.forwarded += await session.step()
            except (StoreUnavailable, PartitionLost) as error:
                log.warning("label_forwarder_waits", reason=str(error), seconds=PAUSE_S)
                await _pause(stop, PAUSE_S)
            except OffsetGap as error:
                log.error("label_forwarder_stopped", reason=str(error), seconds=GAP_PAUSE_S)  # noqa: TRY400 - its text says it all
                await _pause(stop, GAP_PAUSE_S)
            except Exception:
                lives = False  # it ends the worker: what was in hand may have done it
                raise
            finally:
                if lives:
                    await session.withdraw()
                await session.close()

    def _careful(self, place: TopicPartition, consumer: Any) -> CarefulReader:
        sealed = SealedBatches(broker_arguments(self._settings))
        return CarefulReader(place, consumer, LogReader(consumer), sealed, self._attempts)

    def session(self) -> LabelSession:
        """A session that is not open yet."""
        settings = self._settings
        bound_batches(settings.kafka_message_bytes_max)
        return LabelSession(
            consumer_arguments(settings, FORWARDER_GROUP),
            forwarder_producer_arguments(settings),
            self._repository,
            self._dead_letters,
            settings.topics,
            producers=settings.producers,
            make_careful=self._careful,
            monotonic=self._monotonic,
            cards=settings.card_policy,
        )


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
