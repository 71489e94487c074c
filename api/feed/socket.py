"""The WebSocket protocol of the feed's server: uvicorn's own, and a stuck peer cannot hold a close back."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

ABORT_AFTER_S = 30.0  # from the close frame; a peer that has not read it by then keeps its buffers here no longer


class FeedProtocol(WebSocketsSansIOProtocol):
    """uvicorn waits for room in the write buffer before it sends a close, which a stuck peer never makes."""

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete and not self.close_sent:
            self.writable.set()
            self.loop.call_later(ABORT_AFTER_S, self._abort)
        await super().send(message)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
