"""Which way money goes, where a word beside the amount says it.

On a bank's statement a debit is money out and a credit money in, in every language; a ledger books an account of its
own the other way round, and then a balance that adds up is what tells.
"""

from collections.abc import Sequence

from analysis.extract.reading import Directions

# Pairs of words: money out, money in; then further words for each. Compared without case, marks and outer spaces.
_PAIRS = (
    "debit credit|debet credit|debet kredit|debit kredit|dbit crdt|d c|d k|dr cr|db cr|dt ct|deb cred|dbt cdt"
    "|debitor creditor|soll haben|s h|lastschrift gutschrift|belastung gutschrift|ausgang eingang"
    "|ausgabe einnahme|ausgaben einnahmen|auszahlung einzahlung|abgang zugang|af bij|uit in|uitgaven inkomsten"
    "|afschrijving bijschrijving|out in|outflow inflow|outgoing incoming|outbound inbound|withdrawal deposit"
    "|withdrawals deposits|sent received|spent received|paid received|expense income|expenses income|ud ind"
    "|ut inn|ut in|utgående inngående|uttag insättning|utbetalning inbetalning|belastning insättning"
    "|belastning godskrivning|udbetaling indbetaling|hævet indsat|débit crédit|retrait versement|retrait dépôt"
    "|sortie entrée|dépense recette|cargo abono|adeudo abono|débito crédito|gasto ingreso|debe haber"
    "|salida entrada|saída entrada|debito credito|addebito accredito|dare avere|uscita entrata|uscite entrate"
    "|obciążenie uznanie|wydatek wpływ|wychodzący przychodzący|wychodząca przychodząca|rozchód przychód|wn ma"
    "|otto pano|veloitus hyvitys|meno tulo|deebet kreedit|väljaminek laekumine|väljaminek sissetulek"
    "|debetas kreditas|išlaidos pajamos|debets kredīts|výdaj příjem|výdej příjem|odchozí příchozí"
    "|odchozí platba příchozí platba|terhelés jóváírás|kimenő bejövő|kiadás bevétel|t j|borç alacak|giden gelen"
    "|gider gelir|isplata uplata|trošak prihod|debit încasare|ieșire intrare|расход приход|дебет кредит"
    "|списание зачисление|money out~money in|paid out~paid in|cash out~cash in|amount out~amount in|- +|− +|-1 1"
    "|– +|debit transaction~credit transaction|odchozí platba~příchozí platba|ut fra konto~inn på konto"
)
_WORDS: dict[str, int] = {}


def word_of(text: str) -> str:
    """A word as it is compared: without case, outer spaces and a final point or mark in brackets."""
    return " ".join(text.replace("_", " ").casefold().strip(" .:*()[]").split()) or text.strip().casefold()


def _known() -> dict[str, int]:
    if not _WORDS:
        for pair in _PAIRS.split("|"):
            out, into = pair.split("~") if "~" in pair else _halves(pair)
            _WORDS.setdefault(word_of(out), -1)
            _WORDS.setdefault(word_of(into), 1)
    return _WORDS


def _halves(pair: str) -> tuple[str, str]:
    words = pair.split()
    half = len(words) // 2
    return " ".join(words[:half]), " ".join(words[half:])


def sign_of(direction: str, given: Directions | None = None) -> int | None:
    """-1 for money out, 1 for money in, None for what says neither. `given` stands in place of the known words."""
    word = word_of(direction)
    if given is None:
        return _known().get(word)
    if any(word == word_of(each) for each in given.money_in):
        return 1
    return -1 if any(word == word_of(each) for each in given.money_out) else None


def known_words(values: Sequence[str]) -> bool:
    """Whether all of them are known words for directions."""
    return bool(values) and all(sign_of(value) is not None for value in values)
