"""What somebody corrects of how a file was understood: parts of a mapping, laid over the guess."""

from dataclasses import dataclass, field
from typing import Any

from analysis.extract.extract import NeedsConfirmation
from analysis.extract.reading import DateOrder, DecimalSign, Directions, Layout, Mapping, Meaning, Question, Reading

_OF_MONEY: frozenset[Meaning] = frozenset({"amount", "money_in", "money_out", "direction", "currency"})
_AMOUNTS: frozenset[Meaning] = frozenset({"amount", "money_in", "money_out"})


@dataclass(frozen=True, slots=True)
class Corrections:
    """Parts of a layout and a mapping; None where the guess stays. `columns`: meaning → column. `no_direction`: no
    column says which way money goes.
    """

    layout: Layout = field(default_factory=Layout)
    columns: dict[Meaning, str] = field(default_factory=dict)
    decimal_sign: DecimalSign | None = None
    date_order: DateOrder | None = None
    time_zone: str | None = None
    currency: str | None = None
    directions: Directions | None = None
    positive_is_out: bool | None = None
    no_direction: bool = False

    @property
    def of_mapping(self) -> bool:
        """Whether more than the layout is corrected."""
        return bool(self.columns or self.no_direction or self._values())

    def over(self, mapping: Mapping) -> Mapping:
        """Lay them over a mapping: a column gets no second meaning, an amount no second way to be had."""
        taken = set(self.columns.values())
        dropped = _AMOUNTS if _AMOUNTS & set(self.columns) else frozenset()
        kept = {m: c for m, c in mapping.columns.items() if c not in taken and m not in dropped}
        if "amount" not in kept | self.columns:
            kept.pop("direction", None)
        changed: dict[str, Any] = {"columns": kept | self.columns, **self._values()}
        if self.no_direction:
            kept.pop("direction", None)
            changed |= {"columns": kept | self.columns, "directions": None}
        elif "direction" in self.columns and self.directions is None:
            changed["directions"] = None  # the words that are known, unless others are given
        return mapping.model_copy(update=changed)

    def settle(self, reading: Reading) -> Mapping:
        """The mapping that they decide for. Raises NeedsConfirmation with the questions that they leave open.

        A question is settled where its alternatives differ in no money that was not corrected.
        """
        mapping, still_open = self.over(reading.mapping), list[Question]()
        for question in reading.questions:
            corrected = [self.over(alternative.mapping) for alternative in question.alternatives]
            if all(_money(each) == _money(corrected[0]) for each in corrected):
                mapping = corrected[0]
            else:
                still_open.append(question)
        if still_open:
            left = reading.model_copy(update={"questions": still_open})
            raise NeedsConfirmation("two readings are possible", left)
        return mapping

    def _values(self) -> dict[str, Any]:
        given = {
            "decimal_sign": self.decimal_sign, "date_order": self.date_order, "time_zone": self.time_zone,
            "currency": self.currency, "directions": self.directions, "positive_is_out": self.positive_is_out,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}


def _money(mapping: Mapping) -> Mapping:
    """Only what amounts and their sums depend on."""
    columns = {meaning: column for meaning, column in mapping.columns.items() if meaning in _OF_MONEY}
    return mapping.model_copy(update={"columns": columns})
