"""Commands to Redis and their answers in one round trip, over connections that this side keeps.

redis-py's own pipeline takes a connection of its pool anew each time, under a lock and with records of it, and starts a
task to send: twice the time of the exchange itself, four times a batch of calls (record 0055). Packing, reading and
connecting stay redis-py's.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from contracts.store_errors import RequestNotSent

Command = Sequence[Any]


class Exchange:
    """Uses connections of `client`'s pool, which closes them. The client's socket time-out bounds an exchange."""

    def __init__(self, client: Redis) -> None:
        self._pool: Any = client.connection_pool
        self._timeout_s: float | None = self._pool.connection_kwargs.get("socket_timeout")
        self._kept: list[Any] = []

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """The answers, in order. Nothing is sent twice: only the caller knows whether it may be.

        Raises the first ResponseError among them, RedisError or OSError (of which TimeoutError is one), and
        RequestNotSent where there is no connection to send them over.
        """
        connection = await self._taken()
        try:
            async with asyncio.timeout(self._timeout_s):
                await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
                answers = [await _answer(connection) for _ in commands]
        except BaseException:  # also a caller who gave up: what comes now would be taken for the next one's answer
            await self._give_back(connection)
            raise
        self._kept.append(connection)
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    async def _taken(self) -> Any:
        while self._kept:
            connection = self._kept.pop()
            if _is_open(connection):
                return connection
            await self._give_back(connection)
        try:
            connection = await self._pool.get_connection()
        except (RedisError, OSError) as error:
            raise RequestNotSent(str(error)) from error
        connection.socket_timeout = None  # ours is around the whole exchange, and costs one timer instead of a task
        return connection

    async def _give_back(self, connection: Any) -> None:
        connection.socket_timeout = self._timeout_s
        await connection.disconnect(nowait=True)
        await self._pool.release(connection)


def _is_open(connection: Any) -> bool:
    """Whether Redis has not closed it meanwhile. redis-py says so only by trying to read, with a timer each time."""
    reader = getattr(connection, "_reader", None)
    return reader is not None and not reader.at_eof()


async def _answer(connection: Any) -> Any:
    """Redis' refusals among them: those behind one have to be read, too."""
    try:
        return await connection.read_response()
    except ResponseError as refusal:
        return refusal
