"""The WebSocket protocol of the feed's server: uvicorn's own, and a stuck peer cannot hold a close back."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

ABORT_AFTER_S = 30.0  # from the close frame; a peer that has not read it by then keeps its buffers here no longer


class FeedProtocol(WebSocketsSansIOProtocol):
    """uvicorn waits for room in the write buffer before it sends a close, which a stuck peer never makes."""

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete and not self.close_sent:
            self.writable.set()
            self.loop.call_later(ABORT_AFTER_S, self._abort)
        await super().send(message)

    def send_receive_event_to_app(self) -> None:
        """A text that is not UTF-8 is its sender's mistake: closed with 1007, without a trace in our log."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
