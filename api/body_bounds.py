"""Bounds of one request's body as it comes in: what is framing and no body, and what comes when nobody waits for it."""

from dataclasses import dataclass

BODY_PIECE_BYTES = 64 * 1024
CHUNKED_PIECE_BYTES = 1024  # may hold some 40 requests after the body's end, or 200 chunks
FRAMING_BYTES_MAX = 16 * 1024  # of a chunked body beyond its own size: an average chunk holds six bytes and more
TAIL_BYTES_MAX = 8 * 1024  # without a byte of the body: a chunk's extension, or trailers
REST_BYTES_MAX = 4 * 1024 * 1024  # of a body whose request is answered already; a larger one ends the connection


@dataclass
class BodyCount:
    """`left`: bytes to come, by Content-Length; None: chunked, so that nobody knows."""

    left: int | None = None
    body: int = 0
    framing: int = 0  # not body
    tail: int = 0  # framing since the last byte of the body
    rest: int = 0  # since the answer
    in_tail: bool = False  # after a chunk's size or the last chunk, with nothing of the body yet

    @property
    def piece_bytes(self) -> int:
        """How much may be parsed at once: never beyond an end that is known."""
        return CHUNKED_PIECE_BYTES if self.left is None else min(self.left, BODY_PIECE_BYTES)

    def came(self, size: int, *, answered: bool) -> None:
        """Count bytes before they are parsed, as framing until `body_came` says otherwise."""
        if self.left is not None:
            self.left -= size
        self.tail += size
        self.framing += size
        if answered:
            self.rest += size

    def body_came(self, size: int) -> None:
        self.in_tail = False
        self.tail = 0
        self.framing -= size
        self.body += size

    @property
    def is_mostly_framing(self) -> bool:
        return self.tail > TAIL_BYTES_MAX or self.framing > FRAMING_BYTES_MAX + self.body

    @property
    def is_unwanted(self) -> bool:
        return self.rest > REST_BYTES_MAX
