"""One client's alerts as this gateway has seen them: the newest ones, in order, and who is waiting for more."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from api.feed.protocol import AlertMessage, frame
from api.feed.sequencer import Sequencer
from contracts.decision import Alert


class Frame(NamedTuple):
    """A text frame, after which the socket has everything up to `sequence`. `alert` is what filters look at."""

    sequence: int
    text: str
    alert: Alert | None = None


class Listener:
    """One socket's place in its channel. `position` is the last number that left for the socket."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.live = False  # it has caught up once; from then on falling behind means too slow
        self.news = asyncio.Event()
        self.too_slow = asyncio.Event()


class Channel:
    """The newest `size` alerts of one client, as frames that are encoded once for all its sockets.

    Nothing here waits for a socket: each one takes what it has not sent yet, and one that stays `size` behind is
    told so. So the queue of every socket is bounded by `size`, and costs nothing while it keeps up.
    """

    def __init__(self, client_id: int, last: int, size: int, encode: Callable[[AlertMessage], str] = frame) -> None:
        self.client_id = client_id
        self.listeners: set[Listener] = set()
        self._sequencer: Sequencer[Alert] = Sequencer(last)
        self._frames: dict[int, Frame] = {}
        self._size = size
        self._encode = encode

    @property
    def last(self) -> int:
        """The newest number that may be sent."""
        return self._sequencer.last

    @property
    def has_gap(self) -> bool:
        return self._sequencer.has_gap

    def offer(self, alert: Alert) -> int:
        """Take one alert from the topic or from Postgres; returns how many are newly due."""
        due = self._sequencer.offer(alert.sequence, alert)
        for sequence, item in due:
            self._frames[sequence] = Frame(sequence, self._encode(AlertMessage(sequence, item)), item)
            self._frames.pop(sequence - self._size, None)
        if due:
            self._announce()
        return len(due)

    def frames_after(self, position: int, count: int) -> list[Frame] | None:
        """Up to `count` frames that follow `position`; None if they are older than what is kept here."""
        if position >= self.last:
            return []
        if position + 1 not in self._frames:
            return None
        stop = min(position + count, self.last)
        return [self._frames[sequence] for sequence in range(position + 1, stop + 1)]

    def _announce(self) -> None:
        for listener in self.listeners:
            if listener.live and self.last - listener.position > self._size:
                listener.too_slow.set()
            listener.news.set()
