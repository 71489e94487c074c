"""Payments of many accounts with planted anomalies of known kinds, to measure detectors with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

DAY_MS = 86_400_000
START_MS = 1_767_571_200_000  # 2026-01-05, a Monday
KINDS = (
    "large_amount",
    "unusual_time",
    "duplicate",
    "split",
    "new_counterparty_burst",
    "round_amount",
    "booked_back",
    "stranger",
)


@dataclass
class Table:
    """Columns of equal length, in order of time once `sorted` was called; `kind` is "" or the planted kind."""

    time_ms: list[int] = field(default_factory=list)
    account: list[str] = field(default_factory=list)
    counterparty: list[str] = field(default_factory=list)
    category: list[str] = field(default_factory=list)
    amount_minor: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    entered_ms: list[int] = field(default_factory=list)

    def add(
        self,
        time_ms: float,
        account: str,
        counterparty: str,
        category: str,
        amount: float,
        kind: str,
        late_days: float = 0,
    ) -> None:
        self.time_ms.append(int(time_ms))
        self.account.append(account)
        self.counterparty.append(counterparty)
        self.category.append(category)
        self.amount_minor.append(max(round(amount * 100), 1) * 100)
        self.kind.append(kind)
        self.entered_ms.append(int(time_ms + late_days * DAY_MS))

    def sorted(self) -> "Table":
        order = np.lexsort((self.entered_ms, self.time_ms)).tolist()
        return Table(*([column[i] for i in order] for column in vars(self).values()))

    def columns(self) -> dict[str, list[object]]:
        """As `analysis.rows.RowWriter` takes them."""
        aside = ("kind", "entered_ms")
        columns: dict[str, list[object]] = {
            name: list(column) for name, column in vars(self).items() if name not in aside
        }
        count = len(self.time_ms)
        columns["row"] = (2 + np.argsort(np.argsort(self.entered_ms, kind="stable"))).tolist()
        columns["transaction_id"] = [f"t{i}" for i in range(count)]
        columns["currency"] = ["EUR"] * count
        return columns


@dataclass(frozen=True)
class Account:
    """Habits: an amount's mean logarithm, hours, counterparties with what they sell, payments a day."""

    name: str
    level: float
    spread: float
    first_hour: int
    weekends: bool
    counterparties: tuple[tuple[str, str], ...]
    per_day: float


def planted(accounts: int = 300, days: int = 120, each: int = 40, seed: int = 7, dated: bool = False) -> Table:
    """About `accounts` × `days` usual payments, and `each` anomalies (a group of rows counts once) of every kind.

    `dated`: as in a ledger, with dates only; an unusual time is then a weekend of an account that has none.
    """
    chance = np.random.default_rng(seed)
    cast = [_account(i, chance) for i in range(accounts)]
    table = Table()
    for one in cast:
        for time_ms in _times(one, days, chance):
            counterparty, category = one.counterparties[int(chance.zipf(1.6)) % len(one.counterparties)]
            table.add(time_ms, one.name, counterparty, category, float(chance.lognormal(one.level, one.spread)), "")
    for kind in KINDS:
        for _ in range(each):
            one = cast[int(chance.integers(len(cast)))]
            while dated and kind == "unusual_time" and one.weekends:
                one = cast[int(chance.integers(len(cast)))]
            # Late enough for the account to have a past.
            at = START_MS + chance.integers(days // 2, days - 1) * DAY_MS + (one.first_hour + 4) * 3_600_000
            if dated and kind == "unusual_time":
                at += (6 - (at - START_MS) // DAY_MS % 7) * DAY_MS  # a Sunday
            _PLANT[kind](table, one, float(at), chance)
    if dated:
        table.time_ms = [time_ms // DAY_MS * DAY_MS for time_ms in table.time_ms]
    return table.sorted()


def _account(number: int, chance: np.random.Generator) -> Account:
    count = int(chance.integers(4, 12))
    return Account(
        name=f"A{number:05d}",
        level=float(chance.normal(3.6, 0.9)),
        spread=float(chance.uniform(0.3, 0.6)),
        first_hour=int(chance.integers(7, 11)),
        weekends=bool(chance.random() < 0.5),
        counterparties=tuple((f"C{int(chance.integers(800))}", f"K{int(chance.integers(6))}") for _ in range(count)),
        per_day=float(chance.uniform(0.5, 2.0)),
    )


def _times(one: Account, days: int, chance: np.random.Generator) -> Iterator[float]:
    for day in range(days):
        if day % 7 >= 5 and not one.weekends:
            continue
        for _ in range(int(chance.poisson(one.per_day))):
            yield START_MS + day * DAY_MS + one.first_hour * 3_600_000 + float(chance.random()) * 9 * 3_600_000


def _usual(one: Account, chance: np.random.Generator) -> float:
    return float(np.exp(one.level) * chance.uniform(0.8, 1.3))


def _large(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    counterparty, category = one.counterparties[0]
    table.add(at, one.name, counterparty, category, np.exp(one.level) * chance.uniform(8, 40), "large_amount")


def _time(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    night = at - (one.first_hour + 4 - 2.5) * 3_600_000
    counterparty, category = one.counterparties[0]
    table.add(night, one.name, counterparty, category, _usual(one, chance) * 2, "unusual_time")


def _duplicate(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    counterparty, category = one.counterparties[1]
    amount = _usual(one, chance) + 20.13
    table.add(at, one.name, counterparty, category, amount, "")
    table.add(at + chance.uniform(0.1, 20) * 3_600_000, one.name, counterparty, category, amount, "duplicate")


def _split(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    counterparty, category = one.counterparties[2]
    for i in range(3):
        amount = 1_000 * chance.uniform(0.86, 0.99)
        table.add(at + i * 3_000_000, one.name, counterparty, category, amount, "split" if i else "")


def _burst(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    for i in range(4):
        new = f"N{int(chance.integers(1_000_000))}"
        table.add(at + i * 40_000, one.name, new, "K0", _usual(one, chance) * 3, "new_counterparty_burst")


def _round(table: Table, one: Account, at: float, _: np.random.Generator) -> None:
    counterparty, category = one.counterparties[0]
    amount = 100.0 * round(max(np.exp(one.level) * 2, 200) / 100)
    table.add(at, one.name, counterparty, category, amount, "round_amount")


def _booked_back(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    counterparty, category = one.counterparties[0]
    late = chance.uniform(40, 70)
    table.add(at - 50 * DAY_MS, one.name, counterparty, category, _usual(one, chance), "booked_back", late)


def _stranger(table: Table, one: Account, at: float, chance: np.random.Generator) -> None:
    """Odd in several small ways at once: rather large, late, and to somebody new."""
    new = f"S{int(chance.integers(1_000_000))}"
    table.add(at + 7 * 3_600_000, one.name, new, "K5", np.exp(one.level) * chance.uniform(3, 5), "stranger")


_PLANT: dict[str, Callable[[Table, Account, float, np.random.Generator], None]] = dict(
    zip(KINDS, (_large, _time, _duplicate, _split, _burst, _round, _booked_back, _stranger), strict=True)
)
