"""How a file of transactions is to be read."""

from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from enum import StrEnum

from features.plan import PLAN
from riskstream_client.mapping import Mapping


class OnBadRow(StrEnum):
    """What to do about a row that the stream would refuse."""

    REFUSE = "refuse"  # the whole file, naming the row
    DROP = "drop"  # the row, and count it


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """A label is told at its `known_at`, or `label_after` its row's time; it counts after the label delay, or later.

    Times without an offset are in `zone`; `mapping` says which column is which field.
    """

    mapping: Mapping = field(default_factory=lambda: Mapping({}, {}))
    time_format: str = "iso"  # as in `riskstream_client.times`
    zone: tzinfo = UTC  # of times without an offset
    decimal_comma: bool = False  # numbers that are texts are written 1.234,56
    encoding: str = "utf-8"
    delimiter: str | None = None  # told from the header
    skip_lines: int = 0  # above a CSV's header
    on_bad_row: OnBadRow = OnBadRow.REFUSE
    keep_zero_amounts: bool = False  # the stream refuses them; published protocols may hold them
    label_after: timedelta = timedelta()
    delay_ms: int = PLAN.label_delay
