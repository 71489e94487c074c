"""A dead letter that is too large for its topic, in parts, without losing a byte.

It happens to a message that its producer compressed harder than we do. All that it was (key, value, headers with their
exact names) is packed as one msgpack array, which is cut; the parts stand behind each other in one partition, each with
the header `riskstream.part: 2/5` and the place that the original came from.
"""

from collections.abc import Sequence

import msgspec

PART_HEADER = "riskstream.part"

Original = tuple[bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]  # key, value, headers

_decoder = msgspec.msgpack.Decoder(Original)


def whole(key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    """The original, packed."""
    exact = [(name.encode("utf-8", "surrogateescape"), content) for name, content in headers]
    return msgspec.msgpack.encode((key, value, exact))


def split(packed: bytes, part_bytes: int) -> list[bytes]:
    return [packed[at : at + part_bytes] for at in range(0, len(packed), part_bytes)]


def join(parts: Sequence[bytes]) -> Original:
    """Raises msgspec.DecodeError if they are not all the parts of one original, in order."""
    original: Original = _decoder.decode(b"".join(parts))
    return original


def number_of(header: bytes | None) -> tuple[int, int]:
    """(number from 1, how many) of a part's header. Raises ValueError."""
    number, _, count = (header or b"").partition(b"/")
    return int(number), int(count)
