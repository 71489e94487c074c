"""From a batch of text columns to `analysis.rows.SCHEMA`, by a mapping; what does not fit is a reject."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.extract.amounts import amounts, around, currency_of
from analysis.extract.balance import RunningCheck
from analysis.extract.directions import sign_of
from analysis.extract.parts import CELL_BYTES_MAX, Batch, LineCounts, Unusable
from analysis.extract.reading import Mapping, Meaning
from analysis.extract.times import times
from analysis.extract.totals import HINT, is_total
from contracts.look_alikes import one_spelling

WORD_BYTES_MAX = 512  # of what detectors group by
WORDS: tuple[Meaning, ...] = (
    "transaction_id", "account", "counterparty", "merchant", "category", "channel", "country", "device", "ip",
)  # fmt: skip
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"  # DEL is a character like others

Reject = Callable[[int, str, str, str], None]  # line, column, reason, excerpt


@dataclass
class Transform:
    """Applies one mapping. `reject` gets every row that does not land, once, with the first thing wrong with it.

    `passed` counts lines that are no rows: sums and balances, further headers, rows of empty cells. `check` holds the
    amounts against the balance, if the mapping has one. `has_totals`: whether rows may be sums or further headers.
    """

    mapping: Mapping
    reject: Reject
    passed: LineCounts = field(default_factory=LineCounts)
    check: RunningCheck = field(default_factory=RunningCheck)
    has_totals: bool = True
    _out_sign: int = 0  # of what the column of money out holds: 1 without a minus, -1 with

    def apply(self, batch: Batch) -> dict[str, Any]:
        """Columns of SCHEMA, of the rows that land."""
        work = _Work(batch)
        if self.has_totals:
            self._pass_over(work)
        self._check_cells(work)
        self._check_states(work)
        amount = self._amounts(work) - self._fees(work)
        columns: dict[str, Any] = {"row": batch.lines, "amount_minor": amount}
        columns["time_ms"] = self._times(work)
        columns["currency"] = self._currencies(work)
        for meaning in WORDS:
            columns[meaning] = self._words(work, meaning)
        balance = self._balances(work)
        columns["balance_minor"] = balance
        if (text := self._text(work, "text")) is not None:
            columns["text"] = _or_null(text)
        columns["extra"] = self._extra(work)
        work.tell(self.reject)
        good = work.good
        if balance is not None:
            self._check_balance(work, amount, balance, columns["account"])
        kept = {name: column for name, column in columns.items() if column is not None}
        if good.all():
            return kept
        mask = pa.array(good)
        return {
            name: column[good] if isinstance(column, np.ndarray) else column.filter(mask)
            for name, column in kept.items()
        }

    def unusable(self, found: Unusable) -> None:
        """A row that the reader could not take apart: a sum or a balance, or a reject."""
        self.check.miss([found.line])
        if found.cells and is_total(found.cells, has_date=True):
            self.passed.total += 1
        else:
            self.reject(found.line, found.column, found.reason, found.excerpt)

    def _pass_over(self, work: "_Work") -> None:
        """Take out what is no row: sums and balances, the header once more."""
        columns = work.batch.columns
        hints = np.zeros(len(work.good), bool)
        for name, column in columns.items():
            if name in self._not_words:
                continue
            hints |= pc.match_substring_regex(column, HINT).to_numpy(zero_copy_only=False)
        places = np.flatnonzero(hints)
        if len(places):
            self._pass_totals(work, places)
        first = next((name for name in self.mapping.columns.values() if name in columns), None)
        again = pc.equal(columns[first], first).to_numpy(zero_copy_only=False) if first is not None else hints
        for place in np.flatnonzero(again & work.good).tolist():
            cells = [
                (name, column[place].as_py()) for name, column in columns.items() if not name.startswith("column ")
            ]
            if all(cell == name or name.startswith(cell) for name, cell in cells):
                work.good[place] = False
                self.passed.header += 1

    @cached_property
    def _not_words(self) -> frozenset[str]:
        """Columns that hold no words, or none of a sum's."""
        known: tuple[Meaning, ...] = (
            "time", "clock", "amount", "money_in", "money_out", "currency", "balance", "account", "direction", "ip",
        )  # fmt: skip
        dated = {self.mapping.columns["time"]} if "time" in self.mapping.columns else set()
        return frozenset(self.mapping.columns[each] for each in known if each in self.mapping.columns) - dated

    def _pass_totals(self, work: "_Work", places: NDArray[np.int64]) -> None:
        dates = self._text(work, "time")
        names = [name for name in work.batch.columns if name not in self._not_words]
        taken = pa.array(places)
        rows = zip(*(work.batch.columns[name].take(taken).to_pylist() for name in names), strict=True)
        has_date = (
            [True] * len(places)
            if dates is None
            else [any(c.isdigit() for c in date) for date in dates.take(taken).to_pylist()]
        )
        for place, row, dated in zip(places.tolist(), rows, has_date, strict=True):
            if is_total(row, has_date=dated):
                work.good[place] = False
                self.passed.total += 1

    def _check_balance(
        self, work: "_Work", amount: NDArray[np.int64], balance: pa.Array, accounts: pa.Array | None
    ) -> None:
        good = work.good
        self.check.miss(work.batch.lines[work.is_wrong].tolist())
        level = pc.fill_null(balance, 0).to_numpy(zero_copy_only=False)
        known = good & pc.is_valid(balance).to_numpy(zero_copy_only=False)
        if accounts is None:
            codes, words = np.zeros(len(good), np.int64), [""]
        else:
            coded = pc.fill_null(accounts, "").dictionary_encode()
            codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            words = coded.dictionary.to_pylist()
        self.check.add(work.batch.lines, amount, level, known, codes, words)

    def _text(self, work: "_Work", meaning: Meaning) -> pa.Array | None:
        """The column with this meaning, trimmed; None where the mapping has none."""
        column = self.mapping.columns.get(meaning)
        if column is None:
            return None
        found = work.batch.columns.get(column)
        return pc.utf8_trim_whitespace(found) if found is not None else pa.array([""] * len(work.good), pa.string())

    def _check_cells(self, work: "_Work") -> None:
        for name, column in work.batch.columns.items():
            lengths = pc.binary_length(column)
            if (pc.max(lengths).as_py() or 0) > CELL_BYTES_MAX:
                long = pc.greater(lengths, CELL_BYTES_MAX)
                work.fail(long, name, f"the cell has more than {CELL_BYTES_MAX} bytes", column)
            if _has_control(column):
                found = pc.match_substring_regex(column, _CONTROL)
                work.fail(found, name, "the cell holds a control character", column)

    def _check_states(self, work: "_Work") -> None:
        for name, words in self.mapping.booked.items():
            text = pc.utf8_trim_whitespace(work.batch.columns[name])
            known = pa.array([word.strip().casefold() for word in words], pa.string())
            booked = pc.is_in(pc.utf8_lower(text), value_set=known)
            work.fail(pc.invert(booked), name, "the row is in a state that does not count as booked", text)

    def _fees(self, work: "_Work") -> NDArray[np.int64]:
        if self.mapping.fee is None:
            return np.zeros(len(work.good), np.int64)
        text = pc.utf8_trim_whitespace(work.batch.columns[self.mapping.fee])
        fee, good = amounts(text, self.mapping.decimal_sign)
        empty = pc.equal(text, "").to_numpy(zero_copy_only=False).astype(bool)
        work.fail(~good & ~empty, self.mapping.fee, "this is no amount of a fee", text)
        return np.where(good, fee, 0)

    def _amounts(self, work: "_Work") -> NDArray[np.int64]:
        whole = self._text(work, "amount")
        if whole is not None:
            minor = self._amount(work, "amount", whole, is_needed=True)
            if "direction" in self.mapping.columns:
                minor *= self._signs(work)
            return -minor if self.mapping.positive_is_out else minor
        into, out = self._text(work, "money_in"), self._text(work, "money_out")
        empty = pa.array([""] * len(work.good), pa.string())
        into, out = into if into is not None else empty, out if out is not None else empty
        nothing = pc.and_(pc.equal(into, ""), pc.equal(out, ""))
        column = self.mapping.columns.get("money_in") or self.mapping.columns["money_out"]
        work.fail(nothing, column, "there is no amount", into)
        received = self._amount(work, "money_in", into, is_needed=False)
        if self.mapping.positive_is_out:  # a card's credit is written -50.00 in its column
            received = np.abs(received)
        paid = self._paid(work, self._amount(work, "money_out", out, is_needed=False), out)
        moved: NDArray[np.int64] = received - paid
        return moved

    def _paid(self, work: "_Work", paid: NDArray[np.int64], text: pa.Array) -> NDArray[np.int64]:
        """What goes out, without the minus that some write before it and some do not: the column says it already."""
        if not self._out_sign:
            self._out_sign = int(np.sign(np.sign(paid[work.good]).sum()))
        is_against = np.sign(paid) == -self._out_sign if self._out_sign else np.zeros(len(paid), bool)
        column = self.mapping.columns.get("money_out", "")
        work.fail(is_against, column, "money out with another sign than in the rows before", text)
        return np.abs(paid)

    def _amount(self, work: "_Work", meaning: Meaning, text: pa.Array, *, is_needed: bool) -> NDArray[np.int64]:
        column = self.mapping.columns.get(meaning, "")
        empty = pc.equal(text, "")
        if is_needed:
            work.fail(empty, column, "there is no amount", text)
        minor, good = amounts(text, self.mapping.decimal_sign)
        is_empty = empty.to_numpy(zero_copy_only=False).astype(bool)
        work.fail(~good & ~is_empty, column, f"this is no amount (decimal sign {self.mapping.decimal_sign!r})", text)
        return np.where(good, minor, 0)

    def _signs(self, work: "_Work") -> NDArray[np.int64]:
        text = self._text(work, "direction")
        assert text is not None
        coded = text.dictionary_encode()
        known = self.mapping.directions
        signs = np.array([sign_of(word, known) or 0 for word in coded.dictionary.to_pylist()], np.int64)
        found: NDArray[np.int64] = signs[coded.indices.to_numpy(zero_copy_only=False)]
        work.fail(found == 0, self.mapping.columns["direction"], "this says neither debit nor credit", text)
        return found

    def _balances(self, work: "_Work") -> pa.Array | None:
        text = self._text(work, "balance")
        if text is None:
            return None
        minor = self._amount(work, "balance", text, is_needed=False)
        return pa.array(minor, pa.int64(), mask=pc.equal(text, "").to_numpy(zero_copy_only=False).astype(bool))

    def _times(self, work: "_Work") -> pa.Array | None:
        text = self._text(work, "time")
        if text is None:
            return None
        clock = self._text(work, "clock")
        if clock is not None:
            text = pc.utf8_trim_whitespace(pc.binary_join_element_wise(text, clock, " "))
        empty = pc.equal(text, "").to_numpy(zero_copy_only=False).astype(bool)
        at_ms, good = times(text, self.mapping.date_order, self.mapping.time_zone)
        reason = f"this is no time (order {self.mapping.date_order!r})"
        work.fail(~good & ~empty, self.mapping.columns["time"], reason, text)
        return pa.array(at_ms, pa.int64(), mask=empty | ~good)

    def _currencies(self, work: "_Work") -> pa.Array | None:
        text = self._text(work, "currency")
        if text is None:
            return self._currencies_beside(work)
        coded = text.dictionary_encode()
        words = coded.dictionary.to_pylist()
        codes = [currency_of(word) if word else self.mapping.currency for word in words]
        known = np.array([bool(code) or not word for word, code in zip(words, codes, strict=True)], bool)
        indices = coded.indices.to_numpy(zero_copy_only=False)
        work.fail(~known[indices], self.mapping.columns["currency"], "this is no currency of ISO 4217", text)
        return pa.array([code or None for code in codes], pa.string()).take(coded.indices)

    def _currencies_beside(self, work: "_Work") -> pa.Array | None:
        """The currency that stands beside each amount, as in "-5.00 GBP"; else that of the mapping."""
        default = self.mapping.currency
        found: list[str | None] = []
        for meaning in ("amount", "money_in", "money_out"):
            text = self._text(work, meaning)
            if text is None:
                continue
            beside = pc.match_substring_regex(text, r"[^0-9.,+\-()\s'’−–]")
            places = np.flatnonzero(beside.to_numpy(zero_copy_only=False))
            if len(places):
                found = found or [default] * len(work.good)
                written = text.take(pa.array(places)).to_pylist()
                for place, code in zip(places.tolist(), map(_currency_beside, written), strict=True):
                    found[place] = code or found[place]
        if found:
            return pa.array(found, pa.string())
        return pa.array([default] * len(work.good), pa.string()) if default else None

    def _words(self, work: "_Work", meaning: Meaning) -> pa.Array | None:
        text = self._text(work, meaning)
        if text is None:
            return None
        lengths = pc.binary_length(text)
        if (pc.max(lengths).as_py() or 0) > WORD_BYTES_MAX:
            reason = f"{meaning} has more than {WORD_BYTES_MAX} bytes"
            work.fail(pc.greater(lengths, WORD_BYTES_MAX), self.mapping.columns[meaning], reason, text)
        return _or_null(_one_spelling(text) if meaning in ("account", "device") else text)

    def _extra(self, work: "_Work") -> pa.Array | None:
        """The columns without a meaning, as a JSON object of those that are not empty."""
        mapped = set(self.mapping.columns.values())
        pieces = [_member(name, column) for name, column in work.batch.columns.items() if name not in mapped]
        given = work.batch.extra
        if given is not None:
            inner = pa.array([f",{each[1:-1]}" if len(each) > 2 else "" for each in given], pa.string())
            pieces.append(inner)
        if not pieces:
            return None
        joined = pc.binary_join_element_wise(*pieces, "")
        whole = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 1), "}", "")
        return pc.if_else(pc.equal(joined, ""), None, whole)


@lru_cache(maxsize=4096)
def _currency_beside(amount: str) -> str:
    """The currency of one amount; "" where it names none that is clear."""
    found = around(amount)
    return (currency_of(found[2]) or "") if found is not None and found[2] else ""


class _Work:
    """A batch and what is wrong with its rows."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.good = np.ones(len(batch.lines), bool)
        self.is_wrong = np.zeros(len(batch.lines), bool)
        self._wrong: list[tuple[int, int, str, str, str]] = []  # the first number: the place in the batch

    def fail(self, wrong: pa.Array | NDArray[np.bool_], column: str, reason: str, text: pa.Array) -> None:
        """Take rows out; of a row that is out already the first reason stands."""
        mask = wrong if isinstance(wrong, np.ndarray) else wrong.to_numpy(zero_copy_only=False).astype(bool)
        places = np.flatnonzero(mask & self.good)
        if not len(places):
            return
        self.good[places] = False
        self.is_wrong[places] = True
        shown = text.take(pa.array(places)).to_pylist()
        lines = self.batch.lines[places].tolist()
        found = zip(places.tolist(), lines, shown, strict=True)
        self._wrong += [(place, line, column, reason, cell) for place, line, cell in found]

    def tell(self, reject: Reject) -> None:
        for _, line, column, reason, cell in sorted(self._wrong):
            reject(line, column, reason, cell)


def _one_spelling(text: pa.Array) -> pa.Array:
    """Ids with one spelling each, so that look-alikes are one account."""
    coded = text.dictionary_encode()
    found = coded.dictionary.to_pylist()
    plain = [one_spelling(value) for value in found]
    return text if plain == found else pa.array(plain, pa.string()).take(coded.indices)


def _or_null(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(text, ""), None, text)


def _has_control(column: pa.Array) -> bool:
    """A look at the bytes, many times quicker than a pattern."""
    data = column.buffers()[2]
    if data is None:
        return False
    octets = np.frombuffer(data, np.uint8)
    low = octets[octets < 32]
    return bool(np.any((low != 9) & (low != 10) & (low != 13)))


def _member(name: str, column: pa.Array) -> pa.Array:
    """`,"name":"value"`, or nothing where the value is empty."""
    escaped = column
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        if pc.any(pc.match_substring(escaped, plain)).as_py():
            escaped = pc.replace_substring(escaped, plain, written)
    key = f',{msgspec.json.encode(name).decode()}:"'
    return pc.if_else(pc.equal(column, ""), "", pc.binary_join_element_wise(key, escaped, '"', ""))
