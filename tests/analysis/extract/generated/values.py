"""How amounts, dates and directions are written."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from tests.analysis.extract.generated.style import Style

SYMBOLS = {"EUR": "€", "GBP": "£"}  # those that stand for one currency only
OFFSET = timezone(timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Payment:
    """What happened, before anybody writes it down. `cents`: negative is money out; `balance` is the one afterwards."""

    at: datetime
    value_at: datetime
    cents: int
    balance: int
    currency: str
    counterparty: str
    counter_account: str
    text: str
    reference: str


def iban(random: Random, country: str, digits: int, bank: str = "") -> str:
    """Make an IBAN with right check digits (ISO 13616): without them its digits may pass as a card number."""
    body = f"{bank}{random.randrange(10**digits):0{digits}d}"
    remainder = int("".join(str(int(letter, 36)) for letter in f"{body}{country}00")) % 97
    return f"{country}{98 - remainder:02d}{body}"


def payments(random: Random, style: Style, own_currency: str) -> list[Payment]:
    """Some payments of few weeks, oldest first, with both directions among them."""
    early = random.random() < 0.2  # a file of a month's first days, which may be taken for months
    count = random.choice((3, 4, 5, 6, 8) if early else (3, 4, 5, 6, 8, 12, 20))
    start = datetime(2026, random.randint(1, 10), 1 if early else random.randint(1, 28), 7, tzinfo=UTC)
    days = sorted(random.sample(range(10 if early else 40), count))
    balance = random.randint(50_000, 900_000)
    found: list[Payment] = []
    for number, day in enumerate(days):
        out = number % 2 == 0 if number < 2 else random.random() < 0.6
        cents = random.choice(
            (random.randint(5, 2_000), random.randint(2_000, 90_000), random.randint(90_000, 4_000_000))
        )
        if style.decimals == "shortest" and number == 0:
            cents += 25 - cents % 100  # one amount at least has to show what the decimal sign is
        cents = -abs(cents) if out else abs(cents)
        balance += cents
        at = start + timedelta(days=day, seconds=random.randint(0, 50_000))
        other = style.language.currencies[-1] if len(style.language.currencies) > 1 else "CHF"
        currency = other if style.currency == "two currencies" and number % 2 else own_currency
        text = random.choice(style.language.texts)
        if random.random() < 0.15:
            text += random.choice(("; nr 12", ", 3 pcs", ' "special"', " 100,00", " 2026-01-02"))
        if style.container == "csv" and random.random() < 0.08:
            text += "\n" + random.choice(style.language.texts)
        found.append(
            Payment(
                at=at,
                value_at=at + timedelta(days=random.choice((0, 0, 1, 2))),
                cents=cents,
                balance=balance,
                currency=currency,
                counterparty=random.choice(style.language.people),
                counter_account=iban(random, "NL", 10, bank="BANK"),
                text=text,
                reference=f"{random.choice(('', 'R', '2026'))}{random.randint(10**7, 10**12)}",
            )
        )
    return found


def plain(style: Style, cents: int) -> str:
    """An amount without its sign."""
    whole, rest = divmod(abs(cents), 100)
    digits = f"{whole:,}".replace(",", style.grouping) if style.grouping else str(whole)
    if style.decimals == "shortest" and rest % 10 == 0:
        return digits if rest == 0 else f"{digits}{style.decimal}{rest // 10}"
    return f"{digits}{style.decimal}{rest:02d}"


def signed(style: Style, cents: int) -> str:
    text = plain(style, cents)
    if style.direction == "trailing minus":
        return f"{text}-" if cents < 0 else text
    if style.direction == "brackets":
        return f"({text})" if cents < 0 else text
    if style.direction == "suffix":
        money_in, money_out = style.language.suffix
        return f"{text} {money_out if cents < 0 else money_in}"
    if style.direction == "plus and minus":
        return f"{'-' if cents < 0 else '+'}{text}"
    return f"-{text}" if cents < 0 else text


def with_currency(style: Style, text: str, currency: str) -> str:
    if not text or style.currency not in ("after the amount", "before the amount"):
        return text
    if style.currency == "after the amount":
        return f"{text} {currency}"
    symbol = SYMBOLS.get(currency)
    if symbol is None:
        return f"{currency} {text}"
    return f"{text[0]}{symbol}{text[1:]}" if text[0] in "+-" else f"{symbol}{text}"


def day(style: Style, at: datetime) -> str:
    if style.date == "m/d/y":
        return f"{at.month}/{at.day}/{at.year}"
    if style.date == "d.m.y":
        return f"{at.day}.{at.month}.{at.year}"
    return at.strftime(style.date)


def moment(style: Style, at: datetime) -> str:
    """The date's cell, which may hold the clock as well."""
    written = day(style, at)
    clock = style.clock
    if clock == "in the date":
        return f"{written} {at:%H:%M:%S}"
    if clock == "without seconds":
        return f"{written} {at:%H:%M}"
    if clock == "T":
        return f"{at:%Y-%m-%dT%H:%M:%S}"
    if clock == "T and Z":
        return f"{at:%Y-%m-%dT%H:%M:%S}Z"
    if clock == "T and offset":
        return at.astimezone(OFFSET).isoformat()
    return written


def moment_ms(style: Style, at: datetime) -> int | None:
    if style.clock == "none":
        return None
    cut = at.replace(second=0) if style.clock == "without seconds" else at
    return round(cut.timestamp() * 1000)
