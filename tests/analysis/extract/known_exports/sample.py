"""What a sample of a known export holds."""

from typing import NamedTuple

Expected = tuple[str, str, str | None, str | None, str | None]  # amount, day, account, currency, counterparty


class Sample(NamedTuple):
    """`rows`: the cells of `columns`, split by "|"; the export's other columns are empty. `states`: rows not booked.
    `above`: lines above the header.
    """

    delimiter: str
    columns: str
    rows: list[str]
    expected: list[Expected]
    states: int = 0
    above: str = ""
