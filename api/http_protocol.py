"""uvicorn's HTTP protocol, with bounds on a request's head: it has none of its own on size or time."""

import asyncio
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import HEADERS_TOO_LARGE, MALFORMED, Kind, document

HEAD_BYTES_MAX = 64 * 1024  # read from a connection before a head is complete; the edge allows half of it
HEAD_S = 15.0  # for a head to arrive, from the connection on; a slow one holds a connection for nothing


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ends a connection whose request's head is too large, or too slow to come."""

    _head_bytes = 0
    _head_is_open = True
    _head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_deadline = self.loop.call_later(HEAD_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._close_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._head_is_open:
            super().data_received(data)
            return
        # One piece may bring a small head with a large body behind it: only what comes before the head's end counts.
        piece = data[: HEAD_BYTES_MAX - self._head_bytes]
        self._head_bytes += len(piece)
        super().data_received(piece)
        rest = data[len(piece) :]
        if rest and self._waits_for_head():
            self._refuse(HEADERS_TOO_LARGE, f"{HEAD_BYTES_MAX} bytes are allowed")
        elif rest:
            super().data_received(rest)

    def _waits_for_head(self) -> bool:
        return self._head_is_open

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_is_open = True
        if self._head_deadline is None:
            self._head_deadline = self.loop.call_later(HEAD_S, self._too_slow)

    def on_headers_complete(self) -> None:
        self._close_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_is_open = True  # of the next request on this connection

    def send_400_response(self, msg: str) -> None:
        self._refuse(MALFORMED, msg)

    def _close_head(self) -> None:
        self._head_is_open, self._head_bytes = False, 0
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _refuse(self, kind: Kind, detail: str) -> None:
        """Before there is a request that the edge could answer: the same document, and the connection ends."""
        request_id = uuid4().hex
        answer = document(kind, detail, request_id, {"Connection": "close", "X-Request-ID": request_id})
        head = [f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}".encode()]
        head += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        self._close_head()
        self.transport.close()

    def _too_slow(self) -> None:
        self.transport.abort()
