"""`WS /v1/alerts/stream`: who is it, what did they miss, and then the feed until one side ends it."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from api.auth import Caller, Credentials, Reader, credentials_of, same_origin
from api.feed.channel import Listener
from api.feed.protocol import Close, Hello, decode_hello
from api.feed.session import FeedSession
from api.feed.tickets import TICKET_TTL_S
from api.keys import SCOPE_READ
from api.metrics import FEED_CLOSED
from api.parts import Parts, PartsOf
from api.problems import UPGRADE_REQUIRED, Problem
from api.schemas import TicketOut
from contracts.errors import StoreUnavailable

router = APIRouter(prefix="/v1/alerts/stream", tags=["feed"])
SENTENCES = {
    Close.BAD_HELLO: "the first message must be a hello",
    Close.TRY_AGAIN_LATER: "not available right now; try again later",
    Close.NOT_AUTHENTICATED: "not authenticated",
    Close.NO_HELLO: "no hello in time",
    Close.TOO_SLOW: "too slow; reconnect with resume_from",
}


class Refused(Exception):
    """The feed ends with a close code."""

    def __init__(self, code: Close) -> None:
        self.code = code


@router.post("/ticket", status_code=201, summary="A ticket for the feed")
async def make_ticket(caller: Reader, parts: PartsOf) -> TicketOut:
    """A single-use ticket for the hello of a feed, for browsers, which cannot set headers on a WebSocket."""
    return TicketOut(ticket=await parts.tickets.issue(caller), expires_in_s=TICKET_TTL_S)


@router.get("", include_in_schema=False)
async def not_a_socket() -> None:
    """Without this, a plain GET would be taken for an alert with the id `stream`."""
    raise Problem(UPGRADE_REQUIRED, "connect with ws:// or wss://", headers={"Upgrade": "websocket"})


@router.websocket("")
async def stream(socket: WebSocket, parts: PartsOf) -> None:
    with suppress(WebSocketDisconnect):  # a peer that goes is no error, whatever was being done for it
        await socket.accept()  # a browser can read a close code, but not the status of a refused handshake
        code = await _served(socket, parts)
        if code is not None:
            FEED_CLOSED.labels(str(int(code))).inc()
            await socket.close(code, SENTENCES[code])


async def _served(socket: WebSocket, parts: Parts) -> Close | None:
    """Why the server ends the feed; None if it was the peer."""
    try:
        return await _serve(socket, parts)
    except Refused as refusal:
        return refusal.code
    except (StoreUnavailable, Problem):  # a problem: too many unknown credentials from this address
        return Close.TRY_AGAIN_LATER


async def _serve(socket: WebSocket, parts: Parts) -> Close | None:
    if parts.hub.sockets >= parts.hub.limits.sockets_max:
        raise Refused(Close.TRY_AGAIN_LATER)
    caller = await _from_handshake(socket, parts)
    hello = await _hello(socket, parts.hub.limits.hello_s)
    if caller is None and hello.ticket is not None and _known_page(socket, parts):
        caller = await parts.tickets.redeem(hello.ticket)
    if caller is None or SCOPE_READ not in caller.scopes:
        raise Refused(Close.NOT_AUTHENTICATED)
    if parts.hub.sockets_of(caller.client_id) >= parts.hub.limits.client_sockets_max:
        raise Refused(Close.TRY_AGAIN_LATER)
    head = await parts.last_sequence(caller.client_id)
    # A number from the future was given by another history (a database that was reset): go on from this one's end.
    listener = Listener(head if hello.resume_from is None else min(hello.resume_from, head))
    channel = parts.hub.join(caller.client_id, listener, head)
    try:
        with parts.standing.watch(caller) as ended:
            feed = FeedSession(channel, listener, hello.filter, socket.send_text, parts.alerts_since, parts.hub.limits)
            return await feed.run(_gone(socket), ended)
    finally:
        parts.hub.leave(channel, listener)


def _known_page(socket: WebSocket, parts: Parts) -> bool:
    """Whether the page behind the socket, if a browser names one, is ours or listed in CORS_ORIGINS."""
    return "origin" not in socket.headers or same_origin(socket, parts.origins)


async def _from_handshake(socket: WebSocket, parts: Parts) -> Caller | None:
    """The caller if the handshake names one; None if the hello must bring a ticket. A wrong key is refused at once.

    Any page can open a socket to us with the browser's cookie, so a cookie counts for our own pages only.
    """
    credentials = credentials_of(socket)
    if credentials.secret is not None:
        caller = await parts.authenticator.caller(credentials)
        if caller is None:
            raise Refused(Close.NOT_AUTHENTICATED)
        return caller
    cookie = credentials.cookie if same_origin(socket, parts.origins) else None
    return await parts.authenticator.caller(Credentials(None, cookie))


async def _hello(socket: WebSocket, deadline_s: float) -> Hello:
    try:
        async with asyncio.timeout(deadline_s):
            message = await socket.receive()
    except TimeoutError as error:
        raise Refused(Close.NO_HELLO) from error
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    hello = decode_hello(message.get("text") or message.get("bytes") or b"")
    if hello is None:
        raise Refused(Close.BAD_HELLO)
    return hello


async def _gone(socket: WebSocket) -> None:
    """Ends when the peer does; what it says after its hello is read, so that it can close, and passed over."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
