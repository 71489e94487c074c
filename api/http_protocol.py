"""uvicorn's HTTP protocol, with bounds that it lacks: on what a connection may send, hold back, and take time for.

What arrives is cut into pieces: one head at most at a time, and a piece of a body. No piece is parsed while a request
waits for the one before it, or while the peer does not read; until then the socket is not read either. A turn of the
event loop has some pieces of a connection; what is left waits with that of the others (`api.turns`).
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.body_bounds import BodyCount
from api.connections import Worth, connections_of, watch_peer
from api.piecewise import PiecewiseReader
from api.problems import BUSY, HEADERS_TOO_LARGE, MALFORMED, Kind, document
from api.request_head import fault_of_head
from api.scoring.admission import APP_STATE as ADMISSION
from api.scoring.admission import PATH, WHEN_GONE, Admission, credential_of
from api.scoring.refusal import refusal

HEAD_BYTES_MAX = 64 * 1024  # read from a connection before a head is complete; the edge allows half of it
HEAD_S = 15.0  # for a head to arrive, from the connection on; a slow one holds a connection for nothing
PIECES_AT_ONCE = 8  # of what one read brought; then the connection waits for its next turn
HEADER_FIELDS_MAX = 200  # each costs more memory than its bytes
BLANK_BYTES_MAX = 16  # empty lines before a request
PIPELINED_MAX = 1  # requests that wait on a connection for the answer before theirs; more are not read yet
PIPELINED_FREE = 4  # of a connection, at once; who sends more before an answer gets them answered one by one
PIPELINED_GAP_S = 0.005  # apart, times the connections that do so: all of them together get 200 a second
LINGER_S = 1.0  # from a refusal to the close; who waits for that comes back later, and reads why he was refused
OFFENDER_DELAY_S = 0.1  # before we read a new connection from an address that was refused a short time ago
TAIL_S = 10.0  # for a chunk's extension, or trailers
REST_S = 10.0  # for the rest of a body whose request is answered already
STALL_S = 30.0  # for a peer to take 48 KiB of an answer, or what is left when the connection closes
REQUEST_S = 900.0  # a request's life, head to end of answer; an upload's body may take 600


class _Refused(Exception):
    """A callback of the parser refuses the request."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class _Flow(FlowControl):
    """uvicorn's flow control, which leaves the socket to the protocol: it knows of more reasons to pause."""

    def __init__(self, transport: asyncio.Transport, changed: Callable[[], None]) -> None:
        super().__init__(transport)
        self._changed = changed

    def pause_reading(self) -> None:
        self.read_paused = True
        self._changed()

    def resume_reading(self) -> None:
        self.read_paused = False
        self._changed()


class BoundedHttpProtocol(PiecewiseReader, HttpToolsProtocol):
    """Ends a connection that costs more than a request may."""

    _reads = True
    _served = False
    _head_bytes = 0
    _head_is_open = True
    _has_begun = False  # more than empty lines
    _running: RequestResponseCycle | None = None
    _pipelined = 0
    _turned_away = False  # the request whose body comes is answered already, by a refusal
    _holds = False  # the next request, for PIPELINED_GAP_S
    _refusal: tuple[Kind, str] | None = None  # of what follows a request that is still being answered

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._body = BodyCount()

    # The connection

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = _Flow(transport, self._adjust)
        watch_peer(transport)
        self._connections = connections_of(self.app_state)
        self._host = self.client[0] if self.client else ""
        if not self._connections.admit(self, self._host):
            self._refuse(BUSY, "there are too many connections; close some, or try again later")
            return
        self._within("head", HEAD_S, self._too_slow)
        if self._connections.has_offended(self._host, self.loop.time()):
            self._holds = True
            self._within("gap", OFFENDER_DELAY_S, self._end_gap)
            self.loop.call_soon(self._adjust)  # the loop begins to read after this

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_parsing()
        self._connections.leave(self)
        for name in list(self._deadlines):
            self._in_time(name)
        self._tell_running()
        self.pipeline.clear()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        self._end_unflushed()

    @property
    def worth(self) -> Worth:
        """What would be lost with it."""
        if self._answering:
            return Worth.BUSY
        return Worth.IDLE if self._served else Worth.NOTHING_ASKED

    # Reading

    def data_received(self, data: bytes) -> None:
        if not self._is_over:
            self._take_in(data)

    def _work(self) -> None:
        self._work_is_due = False
        for _ in range(PIECES_AT_ONCE):
            if not (self._may_parse() and self._has_unread()):
                break
            self._parse(self._next_piece())
        self._adjust()

    def _may_parse(self) -> bool:
        flow = self.flow
        return not (
            self._is_over
            or self._holds
            or flow.read_paused
            or flow.write_paused
            or len(self.pipeline) >= PIPELINED_MAX
            or self.transport.is_closing()
        )

    def _adjust(self) -> None:
        """Read the socket when all that came is parsed, and go on parsing when that is possible again."""
        if self._is_over or self.transport.is_closing():
            return
        reads = self._go_on()
        if reads != self._reads:
            self._reads = reads
            (self.transport.resume_reading if reads else self.transport.pause_reading)()

    def _next_piece(self) -> bytes:
        start = self._place
        if self._head_is_open:
            blank = self._unread.find(b"\r\n\r\n", start)
            end = blank + 4 if blank >= 0 else len(self._unread)
            end = min(end, start + max(HEAD_BYTES_MAX - self._head_bytes, 0))
        else:
            end = start + self._body.piece_bytes
        self._place = min(end, len(self._unread))
        return self._unread[start:end]

    def _parse(self, piece: bytes) -> None:
        if not piece:  # there is more of this head than a head may have
            self._refuse(HEADERS_TOO_LARGE, f"{HEAD_BYTES_MAX} bytes are allowed")
            return
        in_head = self._head_is_open
        if in_head:
            self._head_bytes += len(piece)
        else:
            self._body.came(len(piece), answered=not self._answering)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            return
        except httptools.HttpParserError as error:
            refusal = error.__context__
            if isinstance(refusal, _Refused):
                self._refuse(refusal.kind, str(refusal))
            else:
                self._refuse(MALFORMED, "this is no HTTP request")
            return
        if self._head_is_open and not self._has_begun and self._head_bytes > BLANK_BYTES_MAX:
            self._refuse(MALFORMED, "there are only empty lines")
            return
        if self._head_is_open and self._head_bytes and "head" not in self._deadlines:
            self._within("head", HEAD_S, self._too_slow)  # an empty line is no request yet, and no rest either
        if not in_head and not self._head_is_open:
            self._bound_body()

    def _bound_body(self) -> None:
        """After a piece that did not end the body."""
        if self._body.is_unwanted:
            self.transport.abort()
        elif self._body.is_mostly_framing:
            self._refuse(MALFORMED, "the body's chunks have too much around them: extensions, trailers, or tiny chunks")
        elif not self._body.in_tail:
            self._in_time("tail")
        elif "tail" not in self._deadlines:
            self._within("tail", TAIL_S, self.transport.abort)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_is_open = self._has_begun = True
        if "head" not in self._deadlines:
            self._within("head", HEAD_S, self._too_slow)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field after the body is no header: it comes when the request is checked already, so it says nothing."""
        if not self._head_is_open:
            return
        if len(self.headers) >= HEADER_FIELDS_MAX:
            raise _Refused(HEADERS_TOO_LARGE, f"{HEADER_FIELDS_MAX} fields are allowed")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        upgrades = bool(self.parser.should_upgrade()) and self._should_upgrade()
        fault = fault_of_head(self.headers, self.parser.get_http_version(), upgrades=upgrades)
        if upgrades and self._answering:
            fault = "a WebSocket's handshake waits for the answers before it"
        if fault is not None:
            raise _Refused(MALFORMED, fault)
        self._close_head()
        lengths = [int(value) for name, value in self.headers if name == b"content-length"]
        chunked = any(name == b"transfer-encoding" for name, _ in self.headers)
        self._body = BodyCount(None if chunked else sum(lengths))
        if "request" not in self._deadlines and not upgrades:
            self._within("request", REQUEST_S, self.transport.abort)
        if self._answering:
            self._pipelined += 1
        elif self.url == PATH and not self._may_pass():
            return
        super().on_headers_complete()

    def _may_pass(self) -> bool:
        """Ask whether a scoring call is let pass; if not, answer it here, before anything is done for it."""
        admission: Admission | None = self.app_state.get(ADMISSION)
        if admission is None or self.parser.get_method() != b"POST" or admission.may_pass(credential_of(self.headers)):
            return True
        self._turned_away = self._served = True
        self._in_time("request")
        stays = self.parser.should_keep_alive() and not self.expect_100_continue
        self.transport.write(refusal(stays=stays))
        if stays:
            self._within("rest", REST_S, self.transport.abort)
        else:
            self._end_parsing()
            self._within("linger", LINGER_S, self.transport.abort)
        return False

    def on_body(self, body: bytes) -> None:
        self._body.body_came(len(body))
        if not self._turned_away:
            super().on_body(body)

    def on_chunk_header(self) -> None:
        self._body.in_tail = True

    def on_message_complete(self) -> None:
        if self._turned_away:
            self._turned_away = False
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            super().on_message_complete()
        self._in_time("tail")
        self._in_time("rest")
        self._has_begun = False
        self._head_is_open, self._head_bytes = True, 0  # of the next request on this connection

    def handle_websocket_upgrade(self) -> None:
        rest = self._unread[self._place :]
        self._end_parsing()
        for name in list(self._deadlines):
            self._in_time(name)
        self._connections.leave(self)
        if not self._reads:
            self.transport.resume_reading()
        super().handle_websocket_upgrade()
        protocol: Any = self.transport.get_protocol()
        if rest and not self.transport.is_closing():
            protocol.data_received(rest)

    # Answering

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self._served = True
        self._in_time("request")
        super().on_response_complete()
        if self.transport.is_closing():
            self._end_unflushed()
            return
        if self._refusal is not None and not self._answering:
            self._refuse(*self._refusal)
        elif self._answering:
            self._within("request", REQUEST_S, self.transport.abort)
        elif not self._head_is_open and "rest" not in self._deadlines:
            self._within("rest", REST_S, self.transport.abort)
        if self._pipelined > PIPELINED_FREE and self._has_unread():
            self._holds = True
            self._within("gap", PIPELINED_GAP_S * self._connections.pipelines(self), self._end_gap)
        self._adjust()

    def _end_gap(self) -> None:
        self._in_time("gap")
        self._holds = False
        self._adjust()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._connections.stall(self)
        self._within("read", STALL_S, self.transport.abort)
        self._adjust()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.flow(self)
        self._in_time("read")
        self._adjust()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end_unflushed()

    def shutdown(self) -> None:
        super().shutdown()
        self._end_unflushed()

    def _end_unflushed(self) -> None:
        """A transport that closes waits for its peer to take what is left, for ever if it must."""
        if self.transport.get_write_buffer_size() and "flush" not in self._deadlines:
            self._within("flush", STALL_S, self.transport.abort)

    # Deadlines

    def _within(self, name: str, seconds: float, otherwise: Callable[[], None]) -> None:
        """Do `otherwise` unless it is in time."""
        self._in_time(name)
        self._deadlines[name] = self.loop.call_later(seconds, otherwise)

    def _in_time(self, name: str) -> None:
        deadline = self._deadlines.pop(name, None)
        if deadline is not None:
            deadline.cancel()

    def _close_head(self) -> None:
        self._head_is_open, self._head_bytes = False, 0
        self._in_time("head")

    def _too_slow(self) -> None:
        self._in_time("head")
        if self._answering:  # what follows may wait for the answer before it
            self._within("head", HEAD_S, self._too_slow)
        else:
            self.transport.abort()

    def _tell_running(self) -> None:
        """That its peer is gone: uvicorn tells the newest request only."""
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
            if (gone := self._running.scope["state"].get(WHEN_GONE)) is not None:
                gone()

    def _refuse(self, kind: Kind, detail: str) -> None:
        """Before there is a request that the edge could answer: the same document, and the connection ends."""
        self._end_parsing()
        if self._answering and self._head_is_open:  # the requests before it keep their answers
            self._refusal = (kind, detail)
            return
        if self._head_is_open and self.headers:
            self.headers.clear()  # they would stay until the connection closes
        self._close_head()
        amid_an_answer = self._answering and (bool(self.pipeline) or self.cycle.response_started)
        self._tell_running()
        if amid_an_answer:
            self.transport.abort()
            return
        request_id = uuid4().hex
        answer = document(kind, detail, request_id, {"Connection": "close", "X-Request-ID": request_id})
        head = [f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}".encode()]
        head += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        self._connections.note_offence(self._host, self.loop.time())
        self._within("linger", LINGER_S, self.transport.abort)
        self.loop.call_soon(self._stop_reading)

    def _stop_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()
