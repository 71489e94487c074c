"""Which column of a file means what: a guess from names, contents and the balance, with its evidence."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pyarrow as pa

from analysis.extract.amounts import around, code_in, currency_of, is_amount, separators_of
from analysis.extract.directions import sign_of
from analysis.extract.money import Candidates, Choice, MoneyGuess, choose_amounts
from analysis.extract.names import MEANINGS, PART, is_original, rank_of
from analysis.extract.reading import DateOrder, DecimalSign, Finding, Mapping, Meaning
from analysis.extract.sample import ENOUGH, ENOUGH_UNNAMED, Sample
from analysis.extract.signs import with_signs
from analysis.extract.times import direction_of, guess_order, is_open_order, order_by_sequence, times
from contracts.currency import READABLE_CURRENCIES

__all__ = ["MEANINGS", "Guess", "guess_mapping", "layout_of", "sign_of"]

DAY_MS = 86_400_000
_MONEY: tuple[Meaning, ...] = ("amount", "money_in", "money_out", "direction", "balance")
_WORDED: tuple[Meaning, ...] = ("category", "channel", "text")  # columns that may say debit and credit
_ORDERS: dict[DateOrder, str] = {
    "ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year",
    "seconds": "seconds since 1970", "milliseconds": "milliseconds since 1970",
}  # fmt: skip
_CURRENCY_SAID = re.compile(
    r"(?i)(?:\b(?:currency|ccy|valuta|währung|waehrung|devise|moneda|divisa|munt|muntsoort|waluta|valuutta|valūta|měna)"
    r"\b\W{0,3}|^\W*:\s*)([a-z]{3})\b"
)


@dataclass
class Open:
    """A question: its subject, its words, and each answer as a label, an option and a mapping."""

    subject: str
    question: str
    answers: list[tuple[str, str, Mapping]]


@dataclass
class Guess:
    """The likeliest mapping, why, and what is open. `problem`: why rows cannot be made at all."""

    mapping: Mapping
    findings: list[Finding] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    problem: str = ""


def guess_mapping(sample: Sample, *, time_zone: str, currency: str | None = None) -> Guess:
    """The likeliest mapping of a file's columns. Time zone and currency are those of a file that says nothing."""
    sample = sample.without_totals()
    columns = _by_name(sample)
    _time_by_contents(columns, sample)
    _time_with_clock(columns, sample)
    sign, is_open_sign, why = _decimal_sign(sample)
    taken = frozenset(columns.values())
    account = columns.get("account")
    worded = frozenset(columns[meaning] for meaning in _WORDED if meaning in columns)
    candidates = Candidates(sample, sign, _groups(sample, account), taken, worded, _sequence(columns, sample))
    money = MoneyGuess()
    amounts = choose_amounts(candidates, money)
    read = with_signs(candidates, money, amounts) if amounts is not None else None
    if read is None and money.choices:
        read = money.choices[0].money
    if read is not None:
        used = set(read.columns().values())
        columns = {meaning: name for meaning, name in columns.items() if name not in used}
        columns |= read.columns()
    if money.balance and money.balance not in columns.values():
        columns["balance"] = money.balance
    guess = Guess(Mapping(columns=columns), money.findings, problem=money.problem)
    code = _currency(guess, columns, sample, currency)
    order = _times(guess, columns, sample, time_zone)
    guess.mapping = Mapping(
        columns=columns,
        decimal_sign=sign,
        date_order=order,
        time_zone=time_zone,
        currency=code,
        directions=read.directions if read else None,
        positive_is_out=read.positive_is_out if read else False,
    )
    _say_rest(guess, columns, money, (sign, why))
    if money.choices:
        guess.open.append(Open(money.subject, money.question, [_answer(guess.mapping, each) for each in money.choices]))
    if is_open_sign and read is not None:
        guess.open.append(_open_sign(guess.mapping))
    return guess


def layout_of(file_format: str, names: Sequence[str]) -> str:
    """Names a kind of file: its format and its columns in their order."""
    joined = "\x1f".join(names).encode("utf-8", "replace")
    return f"{file_format}:{sha256(joined).hexdigest()[:40]}"


def _by_name(sample: Sample) -> dict[Meaning, str]:
    """What names say that the contents do not speak against; money is looked at by itself."""
    claims = sorted(
        (rank, place, MEANINGS.index(meaning), meaning, name)
        for place, name in enumerate(sample.names)
        for meaning in MEANINGS
        if (rank := rank_of(meaning, name)) is not None and (meaning in _MONEY or _fits(meaning, name, rank, sample))
    )
    columns: dict[Meaning, str] = {}
    # A column goes to what its name says best; what is called money is not something else by a part of its name.
    for rank, _, _, meaning, name in claims:
        if meaning in columns or name in columns.values():
            continue
        if meaning in _MONEY or (rank >= PART and _is_called_money(name, sample)):
            continue
        columns[meaning] = name
    if "clock" in columns and "time" not in columns:
        del columns["clock"]
    return columns


def _is_called_money(name: str, sample: Sample) -> bool:
    ranks = [rank for meaning in _MONEY if (rank := rank_of(meaning, name)) is not None]
    return bool(ranks) and min(ranks) < PART and sample.share(name, "number") >= ENOUGH


def _fits(meaning: Meaning, name: str, rank: int, sample: Sample) -> bool:
    """Whether the contents speak against it; an empty column may be anything."""
    filled = sample.filled(name)
    if not filled:
        return rank < PART
    if meaning == "time":
        return guess_order(filled, ENOUGH) is not None
    if meaning == "clock":
        return sample.share(name, "clock") >= ENOUGH
    if meaning == "currency":
        known = sum(bool(currency_of(value)) for value in filled)
        shaped = sum(bool(re.fullmatch(r"[A-Za-z]{3}", value)) for value in filled)
        return max(known, shaped if rank < PART else 0) >= len(filled) * ENOUGH
    if meaning in ("account", "counterparty", "merchant"):
        return sample.share(name, "date") < ENOUGH
    if meaning == "text":
        return sample.share(name, "date", "clock") < ENOUGH
    return True


def _time_by_contents(columns: dict[Meaning, str], sample: Sample) -> None:
    """The first column of dates, where no name told."""
    if "time" not in columns:
        free = [name for name in sample.names if name not in columns.values()]
        dated = [name for name in free if sample.share(name, "date") >= ENOUGH_UNNAMED]
        columns.update({"time": dated[0]} if dated else {})
    if "currency" not in columns:
        free = [name for name in sample.names if name not in columns.values() and sample.filled(name)]
        codes = [
            name
            for name in free
            if all(value in READABLE_CURRENCIES for value in sample.filled(name)) and not is_original(name)
        ]
        columns.update({"currency": codes[0]} if codes else {})


_CLOCK = re.compile(r"[0-9]:[0-9]{2}")


def _time_with_clock(columns: dict[Meaning, str], sample: Sample) -> None:
    """In place of a column of days, that which says the same days with their time of day."""
    if "time" not in columns or "clock" in columns:
        return
    days = sample.columns[columns["time"]]
    if any(map(_CLOCK.search, days)):
        return
    order = guess_order(sample.filled(columns["time"]), ENOUGH)
    if order is None or order in ("seconds", "milliseconds"):
        return
    at = times(pa.array([day.strip() for day in days], pa.string()), order, "UTC")[0]
    for name in sample.names:
        values = [value.strip() for value in sample.columns[name]]
        if name in columns.values() or rank_of("time", name) is None or not all(map(_CLOCK.search, values)):
            continue
        found, good = times(pa.array(values, pa.string()), order, "UTC")
        # An offset may move the day by one.
        if values and good.all() and np.all(np.abs(found - at - DAY_MS // 2) <= DAY_MS):
            columns["time"] = name
            return


def _groups(sample: Sample, account: str | None) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """A number for each row's account: balances of several are not one."""
    if account is None:
        return np.zeros(sample.rows, np.int64)
    _, groups = np.unique(np.array(sample.columns[account], dtype=object).astype(str), return_inverse=True)
    return groups.astype(np.int64)


def _sequence(columns: dict[Meaning, str], sample: Sample) -> int:
    """Whether the dates rise (1) or fall (-1) through the file; 0 where neither is so."""
    values = sample.filled(columns["time"]) if "time" in columns else []
    order = guess_order(values, ENOUGH)
    return direction_of(values, order_by_sequence(values, order)[0]) if order is not None else 0


def _decimal_sign(sample: Sample) -> tuple[DecimalSign, bool, str]:
    """The sign, whether that is open, and why: what the numbers of the file say, those called money first."""
    money = [
        name
        for name in sample.names
        if any(rank_of(meaning, name) is not None for meaning in ("amount", "money_in", "money_out", "balance"))
        and sample.amount_share(name) >= ENOUGH
    ]
    numbers = money or [
        name
        for name in sample.names
        if sample.amount_share(name) >= ENOUGH_UNNAMED and sample.share(name, "date", "clock") < ENOUGH
    ]
    seen: Counter[str] = Counter(separators_of(value) for name in numbers for value in sample.filled(name))
    if seen["."] or seen[","]:
        sign: DecimalSign = "," if seen[","] > seen["."] else "."
        return sign, False, f"{seen[sign]} amounts have decimals after it"
    if seen["?."] or seen["?,"]:
        group = "?." if seen["?."] >= seen["?,"] else "?,"
        return (",", sample.asks, "") if group == "?." else (".", sample.asks, "")
    return ".", False, "no amount has decimals"


def _open_sign(mapping: Mapping) -> Open:
    def with_sign(sign: DecimalSign) -> Mapping:
        return mapping.model_copy(update={"decimal_sign": sign})

    shown = "1.234" if mapping.decimal_sign == "," else "1,234"
    return Open(
        "decimal sign",
        f"Amounts like {shown} have three digits after their only sign: are those thousands or decimals?",
        [
            ("thousands", f"--decimal '{mapping.decimal_sign}'", mapping),
            ("decimals", f"--decimal '{shown[1]}'", with_sign("." if shown[1] == "." else ",")),
        ],
    )


def _answer(mapping: Mapping, choice: Choice) -> tuple[str, str, Mapping]:
    columns = {
        meaning: name for meaning, name in mapping.columns.items() if meaning not in _MONEY or meaning == "balance"
    }
    used = choice.money.columns()
    columns = {meaning: name for meaning, name in columns.items() if name not in used.values()} | used
    changed = {
        "columns": columns, "directions": choice.money.directions, "positive_is_out": choice.money.positive_is_out,
    }  # fmt: skip
    return choice.label, choice.option, mapping.model_copy(update=changed)


def _currency(guess: Guess, columns: dict[Meaning, str], sample: Sample, default: str | None) -> str | None:
    """The currency of rows that name none, and which column names it: the one beside the amount."""
    amount = columns.get("amount") or columns.get("money_in") or columns.get("money_out")

    def say(value: str, basis: str, certainty: str, evidence: str) -> None:
        guess.findings.append(
            Finding.model_validate(
                {"subject": "currency", "value": value, "basis": basis, "certainty": certainty, "evidence": evidence}
            )
        )

    values = [cell for meaning in ("amount", "money_in", "money_out") for cell in _cells(columns, meaning, sample)]
    written = {
        code
        for value in values
        if is_amount(value) and (found := around(value)) is not None and (code := currency_of(found[2] or "-"))
    }
    if "currency" in columns:
        near = _beside(amount, sample, columns)
        columns["currency"] = near or columns["currency"]
        said = {currency_of(value) for value in sample.filled(columns["currency"])}
        named = {code} if amount and (code := code_in(amount)) else set()
        if not (written or named) or said <= (written or named):
            evidence = "the column beside the amount" if near else "it holds currencies"
            say(columns["currency"], "name", "certain", evidence)
            return default
        del columns["currency"]  # of another amount
    if amount and not written and (code := code_in(amount)):
        say(code, "name", "certain", f"the column is called {amount!r}")
        return code
    if len(written) == 1:
        code = written.pop()
        say(code, "values", "certain", "it stands beside the amounts")
        return code
    if written:
        say(", ".join(sorted(written)), "values", "likely", "each row's stands beside its amount")
        return default
    balance = columns.get("balance")
    if balance and (code := code_in(balance)):
        say(code, "name", "certain", f"the column is called {balance!r}")
        return code
    cells = [cell.strip() for line in sample.above for cell in re.split(r"[,;\t|]", line)]
    above = {match[1].upper() for cell in cells if (match := _CURRENCY_SAID.search(cell))} & READABLE_CURRENCIES
    if len(above) == 1:
        code = above.pop()
        say(code, "values", "likely", "it stands above the table")
        return code
    say(default or "none", "default", "assumed", "nothing in the file says it")
    return default


def _beside(amount: str | None, sample: Sample, columns: dict[Meaning, str]) -> str | None:
    """The column of currencies after the amount, or before it, where there are several."""
    codes = [
        name
        for name in sample.names
        if (name == columns["currency"] or name not in columns.values())
        and not is_original(name)
        and sample.filled(name)
        and all(currency_of(value) for value in sample.filled(name))
    ]
    if amount is None or len(codes) < 2:
        return None
    place = list(sample.names).index(amount)
    for near in (place + 1, place - 1):
        if 0 <= near < len(sample.names) and sample.names[near] in codes:
            return sample.names[near]
    return None


def _cells(columns: dict[Meaning, str], meaning: Meaning, sample: Sample) -> list[str]:
    return sample.filled(columns[meaning]) if meaning in columns else []


def _times(guess: Guess, columns: dict[Meaning, str], sample: Sample, time_zone: str) -> DateOrder:
    """The order of dates, told with what it rests on."""

    def say(subject: str, value: str, basis: str, certainty: str, evidence: str) -> None:
        guess.findings.append(
            Finding.model_validate(
                {"subject": subject, "value": value, "basis": basis, "certainty": certainty, "evidence": evidence}
            )
        )

    name = columns.get("time")
    if name is None:
        say("time", "none", "default", "assumed", "no column holds dates; the rows have no time")
        return "ymd"
    values = sample.filled(name)
    say("time", name, "name" if rank_of("time", name) is not None else "values", "certain", "it holds dates")
    order = guess_order(values, ENOUGH) or "ymd"
    if is_open_order(values, order):
        order, evidence = order_by_sequence(values, order)
        say("date order", _ORDERS[order], "values", "assumed", evidence)
    else:
        say("date order", _ORDERS[order], "values", "certain", "the dates fit no other order")
    if not any(re.search(r"\d(?:Z|[+-]\d{2}:?\d{2})$", value) for value in values) and order not in (
        "seconds", "milliseconds"
    ):  # fmt: skip
        say("time zone", time_zone, "default", "assumed", "nothing in the file says it")
    return order


def _say_rest(guess: Guess, columns: dict[Meaning, str], money: MoneyGuess, decimal: tuple[DecimalSign, str]) -> None:
    sign, why = decimal
    said = guess.findings
    if why:
        said.append(Finding(subject="decimal sign", value=sign, basis="values", certainty="certain", evidence=why))
    if "balance" in columns:
        evidence = str(money.proof) if money.proof else "it is called so, and does not move by the amounts"
        said.append(
            Finding(
                subject="balance", value=columns["balance"], basis="balance" if money.proof else "name",
                certainty="certain" if money.proof else "likely", evidence=evidence,
            )
        )  # fmt: skip
    if "account" in columns:
        said.append(
            Finding(
                subject="account",
                value=columns["account"],
                basis="name",
                certainty="likely",
                evidence="it is called so",
            )
        )
    else:
        said.append(
            Finding(
                subject="account", value="none", basis="default", certainty="assumed",
                evidence="no column is called so; all rows are of one account",
            )
        )  # fmt: skip
