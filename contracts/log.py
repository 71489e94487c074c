"""One record of the transaction log, as every shell hands it to the pipeline."""

from typing import NamedTuple

from contracts.deadletter import Rejection


class LogRecord(NamedTuple):
    """A record as Kafka gave it. `append_ms` is the broker's append time; `is_label`: written by the label forwarder.

    `rejection` says why the shell already knows that it cannot be used (its headers are not text, for instance). The
    bytes of a header name that is not UTF-8 stand as surrogates, so that they can be had back exactly.
    """

    partition: int
    offset: int
    append_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    is_label: bool = False
    rejection: Rejection | None = None
