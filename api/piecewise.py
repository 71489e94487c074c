"""Reading a connection piece by piece: what both protocols do with bytes that have arrived and are not parsed yet."""

import asyncio
from abc import abstractmethod
from typing import Any

from api.connections import Connections


class PiecewiseReader:
    """Mixed into a protocol of uvicorn's, which brings `loop` and `transport`; it is one of `api.connections`'."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    _connections: Connections
    _unread = b""  # arrived and not parsed yet, from `_place` on; at most one read of the socket
    _place = 0
    _work_is_due = False
    _is_over = False  # nothing more is parsed

    @property
    def unread_bytes(self) -> int:
        """What waits for the peer to read."""
        return int(self.transport.get_write_buffer_size())

    def drop(self) -> None:
        """End the connection at once."""
        self.transport.abort()

    @abstractmethod
    def _may_parse(self) -> bool:
        """Whether a piece may be parsed now."""

    @abstractmethod
    def _work(self) -> None:
        """Parse some pieces of what is unread."""

    def _take_in(self, data: bytes) -> None:
        """Put what the socket brought after what is unread, and parse some of it."""
        self._unread = self._unread[self._place :] + data if self._place < len(self._unread) else data
        self._place = 0
        self._work()

    def _has_unread(self) -> bool:
        return self._place < len(self._unread)

    def _end_parsing(self) -> None:
        self._is_over, self._unread = True, b""

    def _go_on(self) -> bool:
        """Have the rest parsed in a later turn, when that is possible; whether the socket is to be read now."""
        may_parse, has_unread = self._may_parse(), self._has_unread()
        if may_parse and has_unread and not self._work_is_due:
            self._work_is_due = True
            self._connections.turns.wait(self.loop, self._work)
        return may_parse and not has_unread
