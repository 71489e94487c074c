"""Which columns hold the money of a file, and which way it goes.

The readings that names and values allow are held against the balance, if there is one: it is the strongest evidence.
Without it names decide, then values. Where more than one reading is left and they differ in money, it is a question.
"""

import re
from dataclasses import dataclass, field
from itertools import combinations
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from analysis.extract.amounts import code_in
from analysis.extract.balance import Proof, proof
from analysis.extract.names import PART, is_other_money, rank_of
from analysis.extract.reading import Basis, Certainty, DecimalSign, Directions, Finding, Meaning
from analysis.extract.sample import ENOUGH, ENOUGH_UNNAMED, Sample

CANDIDATES_MAX = 12  # columns of numbers that are held against one another
ONE = 10_000  # as amounts are kept: 1e-4 units
FILLED = 0.9  # of the rows have an amount in a column that nothing names
CHOICES_MAX = 4  # readings of one question
_SIDES: tuple[Meaning, ...] = ("money_in", "money_out")
_GROSS, _NET = re.compile(r"(?i)\b(?:gross|brutto|bruto|brut)"), re.compile(r"(?i)\b(?:net|netto|neto)")


@dataclass(frozen=True, slots=True)
class Amounts:
    """One way to have amounts: a column, or a column each for money in and money out."""

    amount: str = ""
    money_in: str = ""
    money_out: str = ""

    def columns(self) -> dict[Meaning, str]:
        """Meaning → column."""
        found: dict[Meaning, str] = {"amount": self.amount, "money_in": self.money_in, "money_out": self.money_out}
        return {meaning: column for meaning, column in found.items() if column}

    def __str__(self) -> str:
        return self.amount or " and ".join(column for column in (self.money_in, self.money_out) if column)


@dataclass(frozen=True, slots=True)
class Money:
    """A reading of the money."""

    amounts: Amounts
    direction: str = ""
    directions: Directions | None = None
    positive_is_out: bool = False

    def columns(self) -> dict[Meaning, str]:
        """Meaning → column, of the amounts and their direction."""
        found = self.amounts.columns()
        return {**found, "direction": self.direction} if self.direction else found


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question: what it says, the option that decides for it, and the reading."""

    label: str
    option: str
    money: Money


@dataclass
class MoneyGuess:
    """What was found out. `question` and `choices` are open; `problem`: why there is no reading."""

    money: Money | None = None
    balance: str = ""
    proof: Proof | None = None
    findings: list[Finding] = field(default_factory=list)
    subject: str = "amount"
    question: str = ""
    choices: list[Choice] = field(default_factory=list)
    problem: str = ""

    def say(self, subject: str, value: str, basis: Basis, certainty: Certainty, evidence: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(subject=subject, value=value, basis=basis, certainty=certainty, evidence=evidence))


@dataclass
class Candidates:
    """The columns of a sample that may be money, as numbers.

    `taken`: columns that are something else; of those the `worded` may still say which way money goes.
    """

    sample: Sample
    sign: DecimalSign
    groups: NDArray[np.int64]
    taken: frozenset[str]
    worded: frozenset[str] = frozenset()
    sequence: int = 0  # of the dates, as of `proof`
    _numbers: dict[str, tuple[NDArray[np.int64], NDArray[np.bool_]]] = field(default_factory=dict)

    def numbers(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """A column's numbers, as of Sample."""
        if name not in self._numbers:
            self._numbers[name] = self.sample.numbers(name, self.sign)
        return self._numbers[name]

    def named(self, meaning: Meaning) -> list[str]:
        """The columns that are called this and hold numbers (or nothing), the best first.

        One that is called an amount and holds a single one at least is better than any that only looks like it.
        """
        found = [
            (not fits, rank >= PART, not self.sample.filled(name), rank, place, name)
            for place, name in enumerate(self.sample.names)
            if name not in self.taken
            and (rank := rank_of(meaning, name)) is not None
            and ((fits := self._may_be_money(name)) or (rank < PART and self.sample.amount_share(name) > 0))
        ]
        return [name for *_, name in sorted(found)]

    def numeric(self) -> list[str]:
        """All columns of numbers."""
        found = [
            name
            for name in self.sample.names
            if name not in self.taken
            and self.sample.amount_share(name) >= ENOUGH_UNNAMED
            and self.sample.share(name, "date", "clock") < ENOUGH
        ]
        return found[:CANDIDATES_MAX]

    def has_decimals(self, name: str) -> bool:
        """Whether some cell has decimals, a sign or a currency, as amounts have and numbers of things do not."""
        return any(re.search(r"[.,]\d{1,2}\D*$|^\D*[-−–+(]|[^\d.,\s'’]", cell) for cell in self.sample.filled(name))

    def values(self, amounts: Amounts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """What a reading makes of each row, and whether there is an amount."""
        if amounts.amount:
            return self.numbers(amounts.amount)
        empty = np.zeros(self.sample.rows, np.int64), np.zeros(self.sample.rows, bool)
        into, is_in = self.numbers(amounts.money_in) if amounts.money_in else empty
        out, is_out = self.numbers(amounts.money_out) if amounts.money_out else empty
        return into - np.abs(out), is_in | is_out

    def proof(self, amounts: Amounts, balance: str) -> Proof | None:
        """What a balance proves of a reading."""
        minor, good = self.values(amounts)
        level, is_level = self.numbers(balance)
        is_signed = bool(amounts.amount)
        return proof(minor, level, good & is_level, self.groups, self.sequence, is_signed=is_signed)

    def share(self, amounts: Amounts) -> float:
        """The share of rows that have an amount other than zero."""
        return float(np.count_nonzero(self.values(amounts)[0])) / max(self.sample.rows, 1)

    def _may_be_money(self, name: str) -> bool:
        return not self.sample.filled(name) or (
            self.sample.amount_share(name) >= ENOUGH and self.sample.share(name, "date", "clock") < ENOUGH
        )


def choose_amounts(candidates: Candidates, guess: MoneyGuess) -> Amounts | None:
    """Decide for the column or columns of amounts, and the balance; None where that is open, or there is none."""
    named = _named(candidates)
    balances = candidates.named("balance")
    guess.balance = balances[0] if balances else ""
    proven = _proven(candidates, named, balances)
    if proven is not None:
        amounts, guess.balance, guess.proof = proven
        basis: Basis = "balance"
        gross = named[0] if named and named[0] != amounts else None
        if gross and _GROSS.search(str(gross)) and _NET.search(str(amounts)):
            guess.say(
                "amount", str(gross), "name", "likely", f"the balance moves by {str(amounts)!r}, which is it less fees"
            )
            guess.proof = None
            return gross
        guess.say("amount", str(amounts), basis, "certain", str(guess.proof))
        return amounts
    if named:
        return _of_named(candidates, named, guess)
    return _of_values(candidates, guess)


def _named(candidates: Candidates) -> list[Amounts]:
    """The readings that names allow, the best first."""
    whole = [name for name in candidates.named("amount") if not _is_one_side(name)]
    best = max((candidates.share(Amounts(name)) for name in whole), default=0.0)
    whole = [name for name in whole if candidates.share(Amounts(name)) >= best * 0.9] or whole
    found = [Amounts(name) for name in whole]
    pairs = sorted(
        (
            (-_coverage(candidates, pair), -_likeness(into, out), place, pair)
            for place, (into, out) in enumerate(
                (into, out) for into in candidates.named("money_in") for out in candidates.named("money_out")
            )
            if into != out and (pair := Amounts(money_in=into, money_out=out))
        ),
        key=lambda each: each[:3],
    )
    found += [pair for *_, pair in pairs]
    if not found:
        found = [Amounts(money_in=name) for name in candidates.named("money_in")[:1]]
        found += [Amounts(money_out=name) for name in candidates.named("money_out")[:1]]
        found = _completed(candidates, found[0]) if len(found) == 1 else []
    return found


def _completed(candidates: Candidates, half: Amounts) -> list[Amounts]:
    """Money in or money out with the column that has an amount where it has none, whatever that is called."""
    for name in candidates.numeric():
        if name in (half.money_in, half.money_out):
            continue
        pair = Amounts(money_in=half.money_in or name, money_out=half.money_out or name)
        used = [np.count_nonzero(candidates.numbers(each)[0]) for each in (pair.money_in, pair.money_out)]
        if min(used) and _coverage(candidates, pair) == 1.0:
            return [pair]
    return [half]


def _is_one_side(name: str) -> bool:
    """Whether it is better known as money in or money out than as the amount: "Credit Amount"."""
    sides = [rank for meaning in _SIDES if (rank := rank_of(meaning, name)) is not None]
    rank = rank_of("amount", name)
    return bool(sides) and rank is not None and min(sides) < PART <= rank


def _coverage(candidates: Candidates, pair: Amounts) -> float:
    """The share of rows that have one of both, and not the other."""
    into, out = candidates.numbers(pair.money_in)[0], candidates.numbers(pair.money_out)[0]
    return round(float(np.count_nonzero((into != 0) != (out != 0))) / max(candidates.sample.rows, 1), 3)


def _likeness(one: str, other: str) -> int:
    """How many words two names share: "Net Debit" goes with "Net Credit"."""
    return len(set(one.casefold().split()) & set(other.casefold().split()))


def _proven(candidates: Candidates, named: list[Amounts], balances: list[str]) -> tuple[Amounts, str, Proof] | None:
    """The first reading that a balance proves: by names, then whatever columns there are."""
    numeric = candidates.numeric()
    # A column that leaves rows without an amount is half of a pair.
    others = [one for name in numeric if candidates.share(one := Amounts(name)) >= FILLED]
    unnamed = [] if named else [*others, *_complementary(candidates, "")]
    for readings, levels in ((named, balances), (named, numeric), (others, balances), (unnamed, numeric)):
        found = [
            (amounts, balance, proven)
            for amounts in readings
            for balance in levels
            if balance not in (amounts.amount, amounts.money_in, amounts.money_out)
            and (proven := candidates.proof(amounts, balance)) is not None
            and (balance in balances or proven.checked > 1)
            and (amounts in named or amounts.amount or (proven.way == "as is" and proven.is_sure))
        ]
        if found:
            return max(found, key=lambda each: each[2].confirmed)
    return None


def _of_named(candidates: Candidates, named: list[Amounts], guess: MoneyGuess) -> Amounts:
    """Names alone: an amount beside money in and money out says the same, or one of them says which way it goes."""
    first = named[0]
    pair = next((each for each in named if not each.amount), None)
    evidence = f"{str(first)!r} is called so"
    if first.amount and pair is not None:
        one, two = candidates.values(first)[0], candidates.values(pair)[0]
        is_both = (one != 0) & (two != 0)
        if is_both.any() and bool(np.all(np.abs(one) == np.abs(two), where=is_both)):
            if not np.all(one == two, where=is_both):
                guess.say(
                    "amount", str(pair), "values", "likely", f"{first.amount!r} has the same amounts without signs"
                )
                return pair
            evidence = f"it equals {pair.money_in!r} less {pair.money_out!r}"
        elif _coverage(candidates, pair) >= ENOUGH_UNNAMED and not np.any(one < 0):
            guess.say("amount", str(pair), "name", "likely", f"each row has one of both; {first.amount!r} has no signs")
            return pair
    guess.say("amount", str(first), "name", _certainty(first), evidence)
    return first


def _certainty(amounts: Amounts) -> Certainty:
    """A whole name is certain, a part of one likely."""
    rank = rank_of("amount", amounts.amount) if amounts.amount else rank_of("money_in", amounts.money_in)
    return "certain" if rank is not None and rank < PART else "likely"


def _of_values(candidates: Candidates, guess: MoneyGuess) -> Amounts | None:
    """Where no name tells: two columns that complete each other, or the only column of numbers; else a question."""
    usable = [name for name in candidates.numeric() if name != guess.balance]
    usable = _different(candidates, [name for name in usable if not _is_a_number_of_things(candidates, name)])
    usable = [name for name in usable if not is_other_money(name)] or usable
    pairs = _complementary(candidates, guess.balance)
    for pair in pairs:
        into, out = candidates.numbers(pair.money_in)[0], candidates.numbers(pair.money_out)[0]
        if np.any(out < 0) and not np.any(into < 0) and not np.any(out > 0):
            guess.say(
                "amount", str(pair), "values", "likely", f"each row has one of both, in {pair.money_out!r} with a minus"
            )
            return pair
    if pairs:
        guess.question = f"Which of {pairs[0].money_in!r} and {pairs[0].money_out!r} is money in, and which money out?"
        guess.choices = [_choice_of_amounts(each) for each in pairs]
        return None
    if len(usable) == 1:
        guess.say("amount", usable[0], "values", "likely", "no other column holds amounts")
        return Amounts(usable[0])
    if not usable:
        guess.problem = "no column is known to hold amounts; name it in columns.amount, or money_in and money_out"
        return None
    guess.question = f"Which column is the amount: {', '.join(map(repr, usable))}?"
    guess.choices = [_choice_of_amounts(Amounts(name)) for name in usable[:CHOICES_MAX]]
    return None


def _is_a_number_of_things(candidates: Candidates, name: str) -> bool:
    """Whether whole numbers count rows, or name something: an account, a customer, a code."""
    if candidates.has_decimals(name):
        return False
    values, cells = candidates.numbers(name)[0], candidates.sample.filled(name)
    if len(values) > 1 and bool(np.all(np.isin(np.diff(values), (0, ONE, -ONE)))):
        return True
    return all(cell.isdigit() and (len(cell) > 7 or cell.startswith("0")) and cell != "0" for cell in cells)


def _different(candidates: Candidates, names: list[str]) -> list[str]:
    """Without columns that repeat another one in every row."""
    found: list[str] = []
    for name in names:
        if not any(np.array_equal(candidates.numbers(name)[0], candidates.numbers(other)[0]) for other in found):
            found.append(name)
    return found


def _complementary(candidates: Candidates, balance: str) -> list[Amounts]:
    """Two columns of which each row has one, as money in and money out both ways round; none where there are none."""
    columns = [
        name
        for name in candidates.sample.names
        if name not in candidates.taken and name != balance and candidates.sample.amount_share(name) == 1
    ]
    for one, other in combinations(columns[:CANDIDATES_MAX], 2):
        pair = Amounts(money_in=one, money_out=other)
        used = [np.count_nonzero(candidates.numbers(name)[0]) for name in (one, other)]
        codes = {code for name in (one, other) if (code := code_in(name))}
        if min(used) and len(codes) < 2 and _coverage(candidates, pair) == 1.0:
            return [pair, Amounts(money_in=other, money_out=one)]
    return []


def _choice_of_amounts(amounts: Amounts) -> Choice:
    option = " ".join(f"--map {quote(f'{meaning}={column}')}" for meaning, column in amounts.columns().items())
    label = (
        f"{amounts.amount!r} is the amount"
        if amounts.amount
        else (f"{amounts.money_in!r} is money in, {amounts.money_out!r} money out")
    )
    return Choice(label, option, Money(amounts))
