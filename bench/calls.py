"""`POST /v1/score` beside a stream: calls at a steady rate from a thread of their own, each until it is answered."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import msgspec

from bench.gateway import Connections, Gateway
from contracts.transaction import Transaction, encode_transaction

REPEATS_MAX = 20  # of one call; a 503 asks for it, and repeating the same id is safe
REPEAT_AFTER_S = 0.5


class Calls:
    """Calls with `payments` at `rate` a second while the context lasts; `answers` by transaction id, `repeats` of them.

    A call that the gateway cannot answer in time is repeated under its id, as the documentation asks callers to.
    """

    def __init__(self, gateway: Gateway, payments: Iterator[Transaction], rate: float) -> None:
        self._gateway = gateway
        self._payments = payments
        self._every_s = 1 / rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.answers: dict[str, dict[str, Any]] = {}
        self.statuses: Counter[str] = Counter()
        self.made = self.repeats = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make no more, and wait for the answers of those that were made."""
        self._over.set()
        self._thread.join()

    async def _run(self) -> None:
        connections = Connections(self._gateway.port, self._gateway.key)
        tasks = []
        while not self._over.is_set():
            payment = msgspec.structs.replace(next(self._payments), client_id=1, timestamp=datetime.now(UTC))
            tasks.append(asyncio.create_task(self._call(connections, payment)))
            self.made += 1
            await asyncio.sleep(self._every_s)
        await asyncio.gather(*tasks)
        connections.close()

    async def _call(self, connections: Connections, payment: Transaction) -> None:
        body = encode_transaction(payment)
        for attempt in range(REPEATS_MAX):
            self.repeats += attempt > 0
            try:
                reply = await connections.post("/v1/score", body)
                self.statuses[str(reply.status)] += 1
                if reply.status == HTTPStatus.OK:
                    self.answers[payment.transaction_id] = json.loads(reply.body)
                    return
            except (OSError, asyncio.IncompleteReadError) as error:
                self.statuses[type(error).__name__] += 1
            await asyncio.sleep(REPEAT_AFTER_S)
