"""The WebSocket protocol of the feed's server: uvicorn's own, with bounds on what a peer may send and leave unread.

Who opens a socket is not known until its hello, so until then it may send one message and a few frames. What arrives
is parsed in small pieces, none of them while the peer does not read what we wrote: each ping is answered by a pong,
and a peer that reads none of them would fill our memory.
"""

import asyncio
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame, Opcode

from api.connections import Worth, connections_of, watch_peer
from api.feed.protocol import Close
from api.metrics import FEED_CLOSED
from api.piecewise import PiecewiseReader

ABORT_AFTER_S = 30.0  # from the close frame; a peer that has not read it by then keeps its buffers here no longer
LINGER_S = 1.0  # for a peer that broke a bound to read why; what it sends meanwhile is not read
PIECES_AT_ONCE = 2  # of what one read brought; then the socket waits for its next turn
PIECE_BYTES = 1024  # 170 frames without content
CONTROL_FRAMES_A_SECOND = 50  # pings and pongs; a browser sends none, a careful client one in ten seconds
FREE_FRAMES = 64  # of a message, and before the hello; beyond them
FRAME_BYTES_MIN = 64  # is what frames have to hold on average: empty ones cost as much and are never too many bytes
EXTRA_BYTES_BEFORE_HELLO = 8 * 1024  # beside one message of the largest size: the frames' heads, and pings
BYTES_AFTER_CLOSE_MAX = 256 * 1024  # what was on its way when we closed; a peer that goes on is cut off
HOLD_S = 1.0  # before the next handshake from an address that broke a bound: it would come back at once, for ever


class FeedProtocol(PiecewiseReader, WebSocketsSansIOProtocol):
    """Closes with 1008 what sends too much, and aborts what does not take its close."""

    _has_head = False
    _write_paused = False
    _said_hello = False
    _bytes = 0  # since the handshake
    _rest_bytes = 0  # since our close
    _frames = 0
    _fragments = 0  # of the message that is arriving
    _fragment_bytes = 0
    _control_frames = 0  # in the second that began at
    _second_s = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        watch_peer(transport)
        self._connections = connections_of(self.app_state)
        self._host = self.client[0] if self.client else ""
        if not self._connections.admit(self, self._host):
            self._is_over = True
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_parsing()
        self._connections.leave(self)
        super().connection_lost(exc)

    @property
    def worth(self) -> Worth:
        """What would be lost with it."""
        return Worth.BUSY if self._said_hello else Worth.NOTHING_ASKED

    # Reading

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        if not self._has_head:
            self._has_head = True
            self._receive_handshake(data)
            return
        self._take_in(data)

    def _receive_handshake(self, head: bytes) -> None:
        """The request as the HTTP protocol has read it, in one piece."""
        if self._connections.has_offended(self._host, self.loop.time()):
            self.transport.pause_reading()
            self.loop.call_later(HOLD_S, self._answer_handshake, head)
        else:
            self._answer_handshake(head)

    def _answer_handshake(self, head: bytes) -> None:
        if self._is_over:
            return
        super().data_received(head)
        if not self.handshake_initiated:  # its reader has bounds of its own, and then says nothing
            self._is_over = True
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()

    def _work(self) -> None:
        self._work_is_due = False
        for _ in range(PIECES_AT_ONCE):
            if not (self._may_parse() and self._has_unread()):
                break
            piece = self._unread[self._place : self._place + PIECE_BYTES]
            self._place += len(piece)
            self._bytes += len(piece)
            was_closed = self.close_sent
            super().data_received(piece)
            self._bound_hello()
            if was_closed:
                self._bound_rest(len(piece))
        self._adjust()

    def _may_parse(self) -> bool:
        """Not before the handshake is answered, while a message waits to be taken, or while the peer does not read."""
        ready = self.handshake_complete and not self.read_paused and not self._write_paused
        return ready and not self._is_over and not self.transport.is_closing()

    def _adjust(self) -> None:
        """Read the socket when all that came is parsed, and go on parsing when that is possible again."""
        if self._is_over or self.transport.is_closing():
            return
        if self._go_on():
            self.transport.resume_reading()  # uvicorn pauses and resumes, too: only the transport knows
        else:
            self.transport.pause_reading()

    async def receive(self) -> ASGIReceiveEvent:
        event = await super().receive()
        self._adjust()
        return event

    def pause_writing(self) -> None:
        super().pause_writing()
        self._connections.stall(self)
        self._write_paused = True
        self._adjust()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.flow(self)
        self._write_paused = False
        self._adjust()

    # Bounds

    def _bound_hello(self) -> None:
        if self._said_hello or self._is_over:
            return
        size_max = self.config.ws_max_size + EXTRA_BYTES_BEFORE_HELLO
        if self._bytes > size_max or self._frames > FREE_FRAMES + self._bytes // FRAME_BYTES_MIN:
            self._end_for_excess("too much before the hello")

    def _bound_rest(self, size: int) -> None:
        self._rest_bytes += size
        if self._rest_bytes > BYTES_AFTER_CLOSE_MAX:
            self._is_over = True
            self.transport.abort()

    def handle_events(self) -> None:
        """Count what came before it is handled: what is too much is not answered."""
        for event in self.conn.events:
            if isinstance(event, Frame):
                self._count(event)
        if not self._is_over:
            super().handle_events()

    def _count(self, frame: Frame) -> None:
        self._frames += 1
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            now_s = self.loop.time()
            if now_s - self._second_s >= 1:
                self._second_s, self._control_frames = now_s, 0
            self._control_frames += 1
            if self._control_frames > CONTROL_FRAMES_A_SECOND:
                self._end_for_excess("too many control frames")
        elif frame.opcode is not Opcode.CLOSE:
            self._fragments += 1
            self._fragment_bytes += len(frame.data)
            if self._fragments > FREE_FRAMES + self._fragment_bytes // FRAME_BYTES_MIN:
                self._end_for_excess("too many fragments")
            if frame.fin:
                self._fragments = self._fragment_bytes = 0

    def _end_for_excess(self, why: str) -> None:
        """Say why, and read nothing more; the pongs that are due are not sent."""
        if self._is_over:
            return
        self._end_parsing()
        self.stop_keepalive()
        self.conn.events.clear()
        self.conn.data_to_send()
        if not self.close_sent:
            self.conn.fail(CloseCode.POLICY_VIOLATION, why)
            self.transport.write(b"".join(self.conn.data_to_send()))
            FEED_CLOSED.labels(str(int(Close.BAD_HELLO))).inc()
        self.close_sent = True
        self._connections.note_offence(self._host, self.loop.time())
        if not self.transport.is_closing():
            self.transport.pause_reading()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.POLICY_VIOLATION, "reason": why})
        self._close_in(LINGER_S)

    def _close_in(self, seconds: float) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer: asyncio.TimerHandle | None = self.loop.call_later(seconds, self._abort)

    # Messages and the end

    async def send(self, message: ASGISendEvent) -> None:
        """Raises ClientDisconnected where the peer, or a bound that it broke, ended the socket before."""
        if self.handshake_complete and self.initial_response is None and (self.close_sent or self._is_over):
            raise ClientDisconnected
        if message["type"] == "websocket.close" and self.handshake_complete and not self.close_sent:
            self.writable.set()
            self.loop.call_later(ABORT_AFTER_S, self._abort)
        await super().send(message)
        self._adjust()

    def send_receive_event_to_app(self) -> None:
        """A text that is not UTF-8 is its sender's mistake: closed with 1007, without a trace in our log."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
            return
        self._said_hello = True
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self.loop.call_later(ABORT_AFTER_S, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
