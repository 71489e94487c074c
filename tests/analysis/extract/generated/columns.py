"""Which columns a bank writes, in its order, and what stands in each for one payment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.analysis.extract.generated.languages import Pairs
from tests.analysis.extract.generated.style import Style
from tests.analysis.extract.generated.values import Payment, day, moment, plain, signed, with_currency

Cell = str | float | datetime


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` says which it is to the generator; `name` stands in the header."""

    kind: str
    name: str
    cell: Callable[[Payment, int], Cell]  # of a payment and its place, from 0


def columns(random: Random, style: Style, own_account: str, own_currency: str) -> list[Column]:
    first, rest = _dates(random, style), _texts(random, style, own_account)
    money = _money(random, style, own_currency)
    rest += _numbers(random, style, own_currency)
    if style.shuffled:
        random.shuffle(rest)
        place = random.randint(0, len(rest))
        order = rest[:place] + first + money + rest[place:]
    else:
        order = first + rest + money
        if random.random() < 0.3:
            order = first + money + rest
    order = _doubled(style, order)
    if style.shape in ("optional last column", "header wider", "rows wider"):
        name = "" if style.shape == "rows wider" else style.language.reference[-1] + " 2"
        order.append(Column("optional", name, lambda p, n: "" if n % 2 else p.reference))
    return order


def _dates(random: Random, style: Style) -> list[Column]:
    language = style.language
    found = [Column("date", random.choice(language.date), lambda p, _: _moment_cell(style, p))]
    if style.clock == "own column":
        found.append(Column("clock", random.choice(language.clock), lambda p, _: f"{p.at:%H:%M:%S}"))
    if "value date" in style.extras:
        found.append(Column("value date", random.choice(language.value_date), lambda p, _: day(style, p.value_at)))
    return found


def _moment_cell(style: Style, payment: Payment) -> Cell:
    if style.container == "xlsx" and style.clock in ("none", "own column") and style.quoting != "text":
        return payment.at.replace(hour=0, minute=0, second=0, tzinfo=None)
    return moment(style, payment.at)


def _texts(random: Random, style: Style, own_account: str) -> list[Column]:
    language = style.language
    text = random.choice(language.text)
    found = [Column("text", text, lambda p, _: p.text)]
    options: dict[str, Column] = {
        "counterparty": Column("counterparty", random.choice(language.counterparty), lambda p, _: p.counterparty),
        "counter account": Column(
            "counter account", random.choice(language.counter_account), lambda p, _: p.counter_account
        ),
        "account": Column("account", random.choice(language.account), lambda p, _: own_account),
        "reference": Column("reference", random.choice(language.reference), lambda p, _: p.reference),
        "category": Column("category", "", lambda p, n: ("POS", "SEPA", "ATM")[n % 3]),
        "second text": Column("second text", text, lambda p, n: "" if n % 3 else p.text.replace("\n", " ")),
        "numeric name": Column("numeric name", random.choice(("1", "2026")), lambda p, n: ("A", "B")[n % 2]),
    }
    return found + [column for kind, column in options.items() if kind in style.extras]


def _numbers(random: Random, style: Style, own_currency: str) -> list[Column]:
    language = style.language
    fee = lambda p, n: plain(style, 0 if n % 3 else 150)  # noqa: E731 - a cell like the others
    found = []
    if "counter" in style.extras:
        found.append(Column("counter", "#" if language.name == "English" else "Nr", lambda _, n: str(n + 1)))
    if "fee" in style.extras:
        found.append(Column("fee", random.choice(language.fee), fee))
    if "rate" in style.extras:
        found.append(
            Column(
                "rate",
                random.choice(language.rate),
                lambda p, _: f"{1 + p.cents % 7 / 10:.4f}".replace(".", style.decimal),
            )
        )
    unsigned = style.direction == "absolute"
    if "original" in style.extras:
        found += [
            Column(
                "original",
                language.original_amount,
                lambda p, _: f"{'-' if p.cents < 0 and not unsigned else ''}{plain(style, p.cents * 2)}",
            ),
            Column("original currency", language.original_currency, lambda _, __: "CZK"),
        ]
    return found


def _money(random: Random, style: Style, own_currency: str) -> list[Column]:
    language = style.language
    in_header = f" ({own_currency})" if style.currency == "header" else ""
    if style.direction.startswith("pair"):
        amounts = _pair(random, style, in_header)
    else:
        amounts = [Column("amount", random.choice(language.amount) + in_header, lambda p, _: _amount_cell(style, p))]
    if style.direction in ("words", "signed words"):
        money_in, money_out = random.choice(_told_apart(style, language.directions))
        word = Column(
            "direction", random.choice(language.direction), lambda p, _: money_out if p.cents < 0 else money_in
        )
        amounts = [word, *amounts] if random.random() < 0.5 else [*amounts, word]
    if style.currency in ("column", "two currencies"):
        amounts.append(Column("currency", random.choice(language.currency), lambda p, _: p.currency))
    balance = _balance(random, style)
    return balance + amounts if random.random() < 0.15 else amounts + balance


def _told_apart(style: Style, pairs: Pairs) -> Pairs:
    """Without those that mean the opposite in a ledger, where no balance tells which of the two the file is."""
    if style.language.name != "Swedish" or (style.balance != "none" and style.currency != "two currencies"):
        return pairs
    return tuple(pair for pair in pairs if pair[1] not in ("Debet", "D"))


def _amount_cell(style: Style, payment: Payment) -> Cell:
    if (
        style.container == "xlsx"
        and style.direction == "signed"
        and style.currency not in ("after the amount", "before the amount")
    ):
        return payment.cents / 100
    if style.direction in ("words", "absolute"):
        return with_currency(style, plain(style, payment.cents), payment.currency)
    return with_currency(style, signed(style, payment.cents), payment.currency)


def _pair(random: Random, style: Style, in_header: str) -> list[Column]:
    money_in, money_out = random.choice(_told_apart(style, style.language.credit_debit))
    empty = plain(style, 0) if style.direction == "pair with zeros" else ""

    def cell(payment: Payment, out: bool) -> str:
        if (payment.cents < 0) != out:
            return empty
        minus = "-" if out and style.direction == "pair with signs" else ""
        return with_currency(style, minus + plain(style, payment.cents), payment.currency)

    pair = [
        Column("money out", money_out + in_header, lambda p, _: cell(p, True)),
        Column("money in", money_in + in_header, lambda p, _: cell(p, False)),
    ]
    return pair if random.random() < 0.6 else pair[::-1]


def _balance(random: Random, style: Style) -> list[Column]:
    if style.balance == "none" or style.currency == "two currencies":
        return []
    names = {"named": random.choice(style.language.balance), "odd name": style.language.odd_balance, "unnamed": ""}

    def cell(payment: Payment, _: int) -> Cell:
        if style.container == "xlsx" and style.direction == "signed":
            return payment.balance / 100
        return f"{'-' if payment.balance < 0 else ''}{plain(style, payment.balance)}"

    return [Column("balance", names[style.balance], cell)]


def _doubled(style: Style, order: list[Column]) -> list[Column]:
    """A second currency column of the same name right after the balance, as German and Austrian banks write."""
    kinds = [column.kind for column in order]
    if "doubled currency" in style.extras and "currency" in kinds and "balance" in kinds:
        column = order[kinds.index("currency")]
        order.insert(kinds.index("balance") + 1, Column("doubled currency", column.name, column.cell))
    return order
