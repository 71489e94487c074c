"""How one bank writes its files: every choice that the generator makes, drawn in one place."""

from dataclasses import dataclass
from random import Random

from tests.analysis.extract.generated.languages import LANGUAGES, Language

DIRECTIONS_WITHOUT_HEADER = ("signed", "plus and minus", "trailing minus", "brackets", "words")
DIRECTIONS = (
    *DIRECTIONS_WITHOUT_HEADER,
    "suffix",
    "pair",
    "pair with signs",
    "pair with zeros",
    "signed words",
    "absolute",
)
# Spellings that belong to the whole of continental Europe, then those of single countries.
NUMBERS = {
    "English": ((".", ""), (".", ",")),
    "Swedish": ((",", ""), (",", " "), (",", "\u00a0"), (".", ""), (".", " ")),
    "French": ((",", ""), (",", " "), (",", "\u00a0"), (",", "\u202f"), (".", "'"), (",", ".")),
    "German": ((",", ""), (",", "."), (".", "'"), (".", "")),
    "Polish": ((",", ""), (",", " "), (",", "\u00a0"), (".", "")),
    "Italian": ((",", ""), (",", "."), (".", "'"), (".", "")),
}
CONTINENTAL = ((",", ""), (",", "."), (".", ""), (",", " "))
DATES = {
    "English": ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %b %Y", "%d-%b-%y", "m/d/y", "%Y%m%d", "%Y/%m/%d"),
    "German": ("%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"),
    "Polish": ("%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y"),
    "Swedish": ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y"),
    "Lithuanian": ("%Y-%m-%d", "%Y.%m.%d", "%Y%m%d"),
    "Estonian": ("%d.%m.%Y", "%Y-%m-%d"),
    "Finnish": ("%d.%m.%Y", "d.m.y", "%Y-%m-%d", "%Y/%m/%d"),
    "Dutch": ("%d-%m-%Y", "%Y%m%d", "%d/%m/%Y", "%Y-%m-%d"),
}
LATIN_DATES = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d")
WITH_CLOCK = ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "d.m.y", "m/d/y", "%Y.%m.%d")
MONTH_FIRST = ("%m/%d/%Y", "m/d/y")


@dataclass(frozen=True, slots=True)
class Style:
    """One bank's way to write."""

    language: Language
    container: str
    delimiter: str
    quoting: str
    line_end: str
    encoding: str
    decimal: str
    grouping: str
    decimals: str
    date: str
    clock: str
    header: bool
    direction: str
    balance: str
    newest_first: bool
    currency: str
    shape: str
    extras: tuple[str, ...]
    preamble: int
    totals: str
    blanks: str
    footers: int
    shuffled: bool


def drawn(random: Random) -> Style:
    language = random.choice(LANGUAGES)
    header = random.random() < 0.88
    decimal, grouping = random.choice(NUMBERS.get(language.name, CONTINENTAL))
    direction = random.choice(DIRECTIONS if header else DIRECTIONS_WITHOUT_HEADER)
    if (direction == "brackets" and language.name != "English") or (direction == "suffix" and not language.suffix):
        direction = "signed"
    currency = _currency(random, header, direction)
    container = "xlsx" if random.random() < 0.08 else "csv"
    date = random.choice(DATES.get(language.name, LATIN_DATES))
    return Style(
        language=language,
        container=container,
        delimiter=random.choice((",", ",", "\t") if language.name == "English" else (";", ";", ";", ",", "\t", "|")),
        quoting=random.choice(("minimal", "all", "text")),
        line_end=random.choice(("\n", "\r\n", "\r\n") if random.random() < 0.97 else ("\r",)),
        encoding=random.choice(language.encodings),
        decimal=decimal,
        grouping=grouping,
        decimals=random.choice(("two", "two", "two", "shortest")) if not grouping else "two",
        date=date,
        clock=_clock(random, date, header),
        header=header,
        direction=direction,
        balance=random.choice(("none", "named", "named", "odd name", "unnamed")),
        newest_first=random.random() < 0.5,
        currency=currency,
        shape=_shape(random, header, container),
        extras=_extras(random, header),
        preamble=random.choice((0, 0, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15)),
        totals=_totals(random) if header and currency != "two currencies" else "none",
        blanks=random.choice(("none", "none", "none", "end", "before header", "between rows", "after header")),
        footers=random.choice((0, 0, 0, 0, 1, 2, 3)),
        shuffled=random.random() < 0.2,
    )


def _clock(random: Random, date: str, header: bool) -> str:
    choices = ["none"] * 6
    if date in WITH_CLOCK:
        choices += ["in the date", "in the date", "without seconds"]
    if header:
        choices += ["own column"]
    if date == "%Y-%m-%d":
        choices += ["T", "T and offset", "T and Z"]
    return random.choice(choices)


def _currency(random: Random, header: bool, direction: str) -> str:
    choices = ["none", "column", "column", "column", "preamble"]
    if header:
        choices += ["header", "two currencies"]
    if direction in ("signed", "plus and minus", "words", "pair"):
        choices += ["after the amount", "before the amount"]
    return random.choice(choices)


def _totals(random: Random) -> str:
    """Lines among the payments that are none; the header comes again where a print began a new page."""
    return random.choice(["none"] * 12 + ["opening and closing"] * 4 + ["total"] * 4 + ["header again"])


def _shape(random: Random, header: bool, container: str) -> str:
    """How the widths of header and rows relate; only cells in excess at the end, so that columns stay in line."""
    if not header or container == "xlsx":
        return "equal"
    return random.choice(
        ["equal"] * 6
        + ["trailing delimiter everywhere", "trailing delimiter in rows", "trailing delimiter in header"]
        + ["optional last column", "header wider", "rows wider"]
    )


def _extras(random: Random, header: bool) -> tuple[str, ...]:
    named = (
        "value date",
        "counterparty",
        "counter account",
        "account",
        "reference",
        "fee",
        "rate",
        "original",
        "counter",
        "category",
        "second text",
        "numeric name",
        "doubled currency",
    )
    unnamed = ("counterparty", "reference", "category")
    kinds = named if header else unnamed
    return tuple(kind for kind in kinds if random.random() < (0.22 if header else 0.4))
