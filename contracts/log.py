"""One record of the transaction log, as every shell hands it to the pipeline."""

from typing import NamedTuple


class LogRecord(NamedTuple):
    """A record as Kafka gave it. `append_ms` is the broker's append time; `is_label`: written by the label forwarder."""

    partition: int
    offset: int
    append_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    is_label: bool = False
