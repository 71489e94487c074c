"""Which way the money of each row goes: by the sign of its amount, or by a word beside it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from analysis.extract.balance import Proof
from analysis.extract.directions import sign_of, word_of
from analysis.extract.money import CHOICES_MAX, Amounts, Candidates, Choice, Money, MoneyGuess
from analysis.extract.names import MEANINGS, rank_of
from analysis.extract.reading import Directions

_OPEN = Money(Amounts())  # no answer, not even a question
WORDS_MAX = 6  # different ones of a direction column
UNKNOWN_MAX = 3  # of them that say nothing to us
WORD_MAX = 30  # characters
_NOT_A_DIRECTION = re.compile(
    r"(?i)card|karte|kort|kaart|carte|tarjeta|method|status|state|gender|geschlecht|sex|fraud|label|class|land|country"
)
_YES_OR_NO = frozenset("y n yes no ja nein nej oui non si sí no true false 0 1 m f male female".split())
# Columns that ledgers have and banks' statements do not.
_LEDGER = re.compile(
    r"(?i)\b(?:ver(?:ifikat\w*|\.? ?nr)|verifikation\w*|voucher|kontonamn|kontobezeichnung|sachkonto|belegnr|beleg ?nr"
    r"|gl ?account|ledger|journal|bilag\w*|account name|cost ?cent(?:er|re)|kostnadsställe|kostenstelle)\b"
)
_BOOKED = re.compile(r"(?i)\b(?:deb[ie]t|deebet|debetas|kredit|credit|soll|haben|dare|avere|debe|haber)")


@dataclass(frozen=True, slots=True)
class DirectionColumn:
    """A column whose words may say which way money goes.

    `words`: the different ones, folded; `row_words`: of each row, "" for none. `signs`: of each row, 0 where the word
    is not known.
    """

    name: str
    words: tuple[str, ...]
    row_words: tuple[str, ...]
    is_named: bool
    signs: NDArray[np.int64]

    @property
    def unknown(self) -> list[str]:
        """Words that say nothing to us."""
        return [word for word in self.words if sign_of(word) is None]


def with_signs(candidates: Candidates, guess: MoneyGuess, amounts: Amounts) -> Money | None:
    """The reading with the way that money goes; None where that is open."""
    if not amounts.amount:
        return _of_pair(candidates, guess, amounts)
    values, _ = candidates.values(amounts)
    columns = direction_columns(candidates, amounts, guess.balance)
    if guess.proof is not None:
        return _proven(guess, guess.proof, amounts, values, columns)
    if bool(np.any(values < 0)):
        return _signed(guess, amounts, values, columns)
    return _unsigned(guess, amounts, columns)


def direction_columns(candidates: Candidates, amounts: Amounts, balance: str) -> list[DirectionColumn]:
    """Columns that may say it, the best first."""
    found: list[tuple[int, int, DirectionColumn]] = []
    sample = candidates.sample
    for place, name in enumerate(sample.names):
        if name in candidates.taken - candidates.worded or name in (amounts.amount, balance):
            continue
        row_words = tuple(word_of(cell) if cell else "" for cell in sample.columns[name])
        words = tuple(word for word in dict.fromkeys(row_words) if word)
        if not 1 <= len(words) <= WORDS_MAX or any(len(word) > WORD_MAX for word in words):
            continue
        is_named = rank_of("direction", name) is not None
        if not is_named and (sample.share(name, "word") < 1 or _NOT_A_DIRECTION.search(name)):
            continue
        signs = np.array([sign_of(word) or 0 if word else 0 for word in row_words], np.int64)
        column = DirectionColumn(name, words, row_words, is_named, signs)
        found.append((len(column.unknown) * 2 - is_named, place, column))
    return [column for *_, column in sorted(found, key=lambda each: each[:2])]


def _of_pair(candidates: Candidates, guess: MoneyGuess, amounts: Amounts) -> Money | None:
    """Money in and money out by their columns; a ledger has them the other way round."""
    turned = Amounts(money_in=amounts.money_out, money_out=amounts.money_in)
    names = f"{amounts.money_in} {amounts.money_out}"
    is_ledger = bool(_BOOKED.search(names)) and any(_LEDGER.search(name) for name in candidates.sample.names)
    against = guess.proof is not None and guess.proof.way == "reversed" and guess.proof.is_sure
    into, out = (
        int(np.abs(candidates.numbers(name)[0]).sum()) if name else 0 for name in (amounts.money_in, amounts.money_out)
    )
    if is_ledger and (against or (guess.proof is None and into == out)):
        evidence = str(guess.proof) if against else "debits and credits of its vouchers are equal: this is a ledger"
        guess.say("direction", f"{turned.money_in} in, {turned.money_out} out", "balance", "likely", evidence)
        return Money(turned)
    if against or (is_ledger and guess.proof is None):
        guess.subject = "direction"
        why = "the balance moves the other way" if against else "the file looks like a ledger"
        guess.question = f"{amounts.money_in!r} would be money in, but {why}: which one is it?"
        guess.choices = [
            Choice(
                f"{each.money_in!r} is money in, {each.money_out!r} money out",
                " ".join(f"--map {quote(f'{meaning}={column}')}" for meaning, column in each.columns().items()),
                Money(each),
            )
            for each in (amounts, turned)
            if each.money_in and each.money_out
        ]
        return None if len(guess.choices) > 1 else Money(amounts)
    by = ("balance", "certain", str(guess.proof)) if guess.proof else ("name", "likely", "the columns are called so")
    said = ", ".join(
        f"{column} {way}" for column, way in ((amounts.money_in, "in"), (amounts.money_out, "out")) if column
    )
    guess.say("direction", said, *by)  # type: ignore[arg-type]
    return Money(amounts)


def _proven(
    guess: MoneyGuess, proven: Proof, amounts: Amounts, values: NDArray[np.int64], columns: Sequence[DirectionColumn]
) -> Money | None:
    """The balance says it for each row."""
    is_unsigned = not bool(np.any(values < 0))
    if proven.way == "as is" and not is_unsigned:
        guess.say("direction", "the sign of the amount", "balance", "certain", str(proven))
        return Money(amounts)
    for column in columns:
        # The row that no other one stands before has only its word to tell.
        if not column.unknown and (column.is_named or _goes_both_ways(column)) and _agrees(proven, column):
            guess.say("direction", f"{column.name}: {_described(_known(column))}", "balance", "certain", str(proven))
            return Money(amounts, column.name)
    if (explained := _by_words(guess, proven, amounts, columns)) is not _OPEN:
        return explained
    if proven.way == "as is":
        guess.say("direction", "the sign of the amount", "balance", "certain", str(proven))
        return Money(amounts)
    if proven.way == "reversed":
        _ask_about_sign(guess, amounts)
        return None
    guess.problem = (
        f"the balance {guess.balance!r} moves up and down by {amounts.amount!r}, whose amounts carry no sign, and no"
        " column says which way the money goes; name the direction's column"
    )
    return None


def _by_words(guess: MoneyGuess, proven: Proof, amounts: Amounts, columns: Sequence[DirectionColumn]) -> Money | None:
    """What the balance says of words that are not all known; _OPEN where no column has any."""
    for column in columns:
        found = _explained(proven, column) if _is_worth_explaining(column) else None
        if found is None:
            continue
        directions, agrees = found
        if agrees is False and not proven.is_sure:  # the balance before each row
            directions, agrees = Directions(money_in=directions.money_out, money_out=directions.money_in), True
        if agrees is False or (agrees is None and not proven.is_sure):
            _ask_about(guess, amounts, column, directions)
            return None
        guess.say("direction", f"{column.name}: {_described(directions)}", "balance", "certain", str(proven))
        return Money(amounts, column.name, None if agrees else directions)
    for column in columns:
        if _may_be_direction(column):
            _ask_about_words(guess, amounts, column)
            return None
    return _OPEN


def _is_worth_explaining(column: DirectionColumn) -> bool:
    """Whether it is no accident if a column's words go with the ways of the balance."""
    if column.is_named or not column.unknown:
        return True
    return len(column.words) == 2 and int(np.count_nonzero([bool(word) for word in column.row_words])) >= 4


def _agrees(proven: Proof, column: DirectionColumn) -> bool:
    """Whether the balance says of no row the opposite of its word."""
    both = (proven.signs != 0) & (column.signs != 0)
    same = proven.signs[both] == column.signs[both]
    return bool(np.all(same)) or (not proven.is_sure and not np.any(same))


def _known(column: DirectionColumn) -> Directions:
    return Directions(
        money_in=tuple(word for word in column.words if sign_of(word) == 1),
        money_out=tuple(word for word in column.words if sign_of(word) == -1),
    )


def _explained(proven: Proof, column: DirectionColumn) -> tuple[Directions, bool | None] | None:
    """What the words mean by the balance, and whether that is what we know of them (None: some are not known)."""
    into: set[str] = set()
    out: set[str] = set()
    for word, sign in zip(column.row_words, proven.signs.tolist(), strict=True):
        if sign:
            (into if sign > 0 else out).add(word)
    if into & out or not (into and out):
        return None
    agrees = [sign_of(word) == (1 if word in into else -1) for word in into | out if sign_of(word) is not None]
    directions = Directions(money_in=tuple(sorted(into)), money_out=tuple(sorted(out)))
    if not agrees or len(agrees) < len(into | out):
        return directions, None if all(agrees) else False
    return directions, all(agrees)


def _signed(
    guess: MoneyGuess, amounts: Amounts, values: NDArray[np.int64], columns: Sequence[DirectionColumn]
) -> Money | None:
    """Some amounts have a minus: a word beside them says the same, or turns it round."""
    for column in columns:
        if column.unknown:
            continue
        both = (column.signs != 0) & (values != 0)
        if not both.any():
            continue
        agree = int((np.sign(values)[both] == column.signs[both]).sum())
        if agree == int(both.sum()):
            guess.say(
                "direction",
                "the sign of the amount",
                "values",
                "certain",
                f"{column.name!r} says the same in every row",
            )
            return Money(amounts)
        if column.is_named or _goes_both_ways(column):
            guess.subject = "direction"
            guess.question = (
                f"{amounts.amount!r} has a minus in some rows, and {column.name!r} does not say the same: which one"
                " says where the money goes?"
            )
            guess.choices = [
                Choice(
                    f"the sign of {amounts.amount!r}; {column.name!r} says nothing", "--direction none", Money(amounts)
                ),
                Choice(
                    f"{column.name!r}; a minus turns it round",
                    f"--map {quote(f'direction={column.name}')}",
                    Money(amounts, column.name),
                ),
            ]
            return None
    guess.say("direction", "the sign of the amount", "values", "likely", "some amounts have a minus")
    return Money(amounts)


def _unsigned(guess: MoneyGuess, amounts: Amounts, columns: Sequence[DirectionColumn]) -> Money | None:
    """No amount has a minus: a word beside it says it, or nothing does."""
    for column in columns:
        only = _marks_one(column)
        if only is not None:
            guess.say("direction", f"{column.name}: {_described(only)}", "values", "likely", "some rows are marked")
            return Money(amounts, column.name, only)
        if not column.unknown and (column.is_named or _is_telling(column)):
            said = _known(column)
            by = ("name", "certain") if column.is_named else ("values", "likely")
            guess.say("direction", f"{column.name}: {_described(said)}", *by, "the words are known")  # type: ignore[arg-type]
            return Money(amounts, column.name)
    for column in columns:
        if _may_be_direction(column):
            _ask_about_words(guess, amounts, column)
            return None
    guess.say("direction", "amounts count as they are written", "default", "assumed", "nothing in the file says it")
    return Money(amounts)


def _is_telling(column: DirectionColumn) -> bool:
    """Words that are known, in a column that is not called a direction: both ways, or a kind of transaction."""
    if _goes_both_ways(column) or rank_of("category", column.name) is not None:
        return True
    return all(rank_of(meaning, column.name) is None for meaning in MEANINGS)


def _goes_both_ways(column: DirectionColumn) -> bool:
    return bool(np.any(column.signs > 0)) and bool(np.any(column.signs < 0))


def _marks_one(column: DirectionColumn) -> Directions | None:
    """What a column means that has one known abbreviation in some rows and nothing in the others: CR, DR."""
    if len(column.words) != 1 or not any(not word for word in column.row_words):
        return None
    sign = sign_of(column.words[0])
    if sign is None or (len(column.words[0]) > 2 and not column.is_named):
        return None
    word = column.words[0]
    return Directions(money_in=(word,), money_out=("",)) if sign > 0 else Directions(money_in=("",), money_out=(word,))


def _may_be_direction(column: DirectionColumn) -> bool:
    """Whether its words may be directions that we do not know."""
    if len(column.unknown) > UNKNOWN_MAX:
        return False
    if column.is_named or _goes_both_ways(column):
        return True
    is_called = any(rank_of(meaning, column.name) is not None for meaning in MEANINGS)
    if not len(column.words) == len(column.unknown) == 2:
        return False
    repeats = sum(map(bool, column.row_words)) > 2 or all(len(word) <= 2 for word in column.words)
    return repeats and not is_called and not set(column.words) <= _YES_OR_NO


def _ask_about_words(guess: MoneyGuess, amounts: Amounts, column: DirectionColumn) -> None:
    """Ask what the unknown words mean."""
    guess.subject = "direction"
    known_in = tuple(word for word in column.words if sign_of(word) == 1)
    known_out = tuple(word for word in column.words if sign_of(word) == -1)
    unknown = column.unknown
    guess.question = f"What do {' and '.join(map(repr, unknown))} in {column.name!r} mean: money in or money out?"
    ways = [(known_in, (*known_out, *unknown)), ((*known_in, *unknown), known_out)]
    if not known_in and not known_out:
        first, rest = (unknown[0],), tuple(unknown[1:])
        ways = [(first, rest), (rest, first)]
    guess.choices = [_choice_of_words(amounts, column, Directions(money_in=into, money_out=out)) for into, out in ways][
        : CHOICES_MAX - 1
    ]
    guess.choices.append(Choice("neither: amounts count as they are written", "--direction none", Money(amounts)))


def _ask_about(guess: MoneyGuess, amounts: Amounts, column: DirectionColumn, by_balance: Directions) -> None:
    """Ask whether the balance is right, or what we know of the words."""
    guess.subject = "direction"
    guess.question = (
        f"What do {' and '.join(map(repr, column.words))} in {column.name!r} mean? The balance says one thing, "
    )
    guess.question += "and their usual meaning, or the order of the dates, another."
    turned = Directions(money_in=by_balance.money_out, money_out=by_balance.money_in)
    guess.choices = [_choice_of_words(amounts, column, each) for each in (by_balance, turned)]


def _ask_about_sign(guess: MoneyGuess, amounts: Amounts) -> None:
    """Ask what a balance is that falls where amounts are positive: money, or a debt."""
    guess.subject = "direction"
    guess.question = (
        f"The balance moves against {amounts.amount!r}: is a positive amount money out, or is the balance a debt?"
    )
    money = Money(amounts)
    guess.choices = [
        Choice("a positive amount is money out", "--positive out", replace(money, positive_is_out=True)),
        Choice("a positive amount is money in; the balance is a debt", "--positive in", money),
    ]


def _choice_of_words(amounts: Amounts, column: DirectionColumn, directions: Directions) -> Choice:
    into, out = (",".join(map(_escaped, words)) for words in (directions.money_in, directions.money_out))
    name = column.name.replace("\\", "\\\\")
    option = f"{name}={into}/{out}"
    label = _described(directions)
    return Choice(label, f"--direction {quote(option)}", Money(amounts, column.name, directions))


def _escaped(text: str) -> str:
    """As `--direction` takes it."""
    return re.sub(r"([\\,/=])", r"\\\1", text)


def _described(directions: Directions) -> str:
    """In words: Bij is money in, Af is money out."""
    into, out = (
        " and ".join(repr(word) if word else "an empty cell" for word in words)
        for words in (directions.money_in, directions.money_out)
    )
    said = [f"{into} is money in" if into else "", f"{out} is money out" if out else ""]
    return ", ".join(each for each in said if each)
