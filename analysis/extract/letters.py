"""Which 8-bit encoding a text is in, by whether its letters make words of a language.

A wrong encoding turns letters into signs within words ("Datentr‰ger"), into letters of several languages at once, or
into capitals after small ones. A few words are enough to tell; statistics of longer texts are not.
"""

import re
from collections.abc import Sequence
from functools import cache

from analysis.extract.names import NAMES

# The letters beyond ASCII of one language each, small ones.
_LANGUAGES = {
    "de": "äöüß", "fr": "àâæçéèêëîïôœùûüÿ", "es": "áéíóúñü", "pt": "ãõçáéíóúâêôà", "it": "àèéìòù", "nl": "ëïéèöüê",
    "sv fi": "åäöé", "da no": "æøåéöäü", "is": "áðéíóúýþæö", "pl": "ąćęłńóśźż", "cs sk": "áčďéěíňóřšťúůýžľĺôŕä",
    "hu": "áéíóöőúüű", "ro": "ăâîșțşţ", "tr": "çğıöşüîâ", "hr sl": "čćđšž", "et": "äõöüšž", "lv": "āčēģīķļņšūž",
    "lt": "ąčęėįšųūž", "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋ",
}  # fmt: skip
# Words of statements that have no such letters and are of one of these languages only: they decide where another word
# could be of two. The bytes of "Šiauliai" in a Baltic statement read "Điauliai" in a Croatian one.
_PLAIN_WORDS = {
    "lt": "likutis paskirtis pirkinys atlyginimas", "lv": "atlikums datums pirkums", "et": "kirjeldus selgitus makse",
    "pl": "kwota przelew rachunek odbiorca nadawca", "cs sk": "popis platba zostatok castka",
    "hu": "egyenleg osszeg kozlemeny", "hr sl": "iznos stanje znesek namen", "ro": "descriere tranzactie debitare",
    "tr": "tutar bakiye tarih", "sv fi": "selitys saaja belopp", "es": "importe fecha concepto",
    "it": "importo causale", "de": "betrag buchung", "fr": "montant libelle", "nl": "bedrag omschrijving",
}  # fmt: skip
_PLAIN = {name: frozenset(words.split()) for name, words in _PLAIN_WORDS.items()}
_SETS = {name: frozenset(letters) for name, letters in _LANGUAGES.items()}
_SCRIPTS = frozenset(("ru", "uk", "el"))
_USUAL_SIGNS = frozenset("€£§°–—’‘“”„«»…·´®©½¼¾²³¡¿ªº№\u00a0")
_RUN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_ODD_PLACE = re.compile(r"(?i)ñ(?![aeiouáéíóú]|$)|^ð")  # ñ where no vowel follows, ð where a word begins
_DOT_ABOVE = "\u0307"  # that a Turkish capital has when it is made small
WORDS_MAX = 400  # that are looked at
HINT = 0.25  # of a word that fits: what a plain word of the language counts, to decide between equals


def best_encoding(sample: bytes, candidates: Sequence[str]) -> str:
    """The candidate that makes most sense of the bytes; of several the first."""
    best, most = candidates[0], float("-inf")
    for encoding in candidates:
        try:
            score = sense_of(sample.decode(encoding))
        except UnicodeDecodeError as error:
            score = -2.0 - (error.end - error.start)
        if score > most + 1e-9:
            best, most = encoding, score
    return best


def sense_of(text: str) -> float:
    """How well the characters beyond ASCII fit: 1 for all of them, more with known words, 0 without any."""
    around = [text[max(0, found.start() - 20) : found.end() + 20] for found in _RUN.finditer(text)][:WORDS_MAX]
    if not around:
        return 0.0
    joined = "\n".join(around)
    words = [word for word in dict.fromkeys(_WORD.findall(joined)) if not word.isascii()]
    usual = sum(c in _USUAL_SIGNS for c in joined)
    plain = frozenset(_WORD.findall(text.lower()))
    fitting = max(
        sum(_fits(word, name) for word in words) + HINT * (not plain.isdisjoint(_PLAIN.get(name, ()))) for name in _SETS
    )
    fitting += sum(word.lower() in _column_words() for word in words) / 2
    odd_case = sum(map(_has_odd_case, words))
    return (fitting - odd_case + usual) / max(len(words) + usual, 1) - sum(map(_oddness, around)) / len(around)


@cache
def _column_words() -> frozenset[str]:
    """Words of column names: `Išlaidos` is one; `Iđlaidos`, which could be a Croatian word, is not."""
    return frozenset(word for names in NAMES.values() for word in _WORD.findall(names) if not word.isascii())


def _fits(word: str, language: str) -> float:
    """Whether a word can be of this language; a letter by itself says little."""
    letters = _SETS[language]
    beyond = [c for c in word.lower() if not c.isascii() and c != _DOT_ABOVE]
    if language in _SCRIPTS:
        fits = all(c in letters for c in beyond) and len(beyond) == len(word)
    else:
        fits = (
            all(c in letters for c in beyond)
            and not _ODD_PLACE.search(word)
            and not re.search(r"[^\x00-\x7f]{4}", word)
        )
    return fits * (0.5 if len(word) == 1 else 1.0)


def _has_odd_case(word: str) -> bool:
    """Capitals after small letters, as no language has them in most words."""
    return bool(re.search(r"[^\W\d_A-Z]", word[:-1])) and word[1:] != word[1:].lower() and word != word.upper()


def _oddness(piece: str) -> float:
    """Signs where letters should be and letters beside digits, in one place."""
    odd = 0.0
    for place, c in enumerate(piece):
        if c.isascii():
            continue
        before, after = piece[place - 1 : place] if place else "", piece[place + 1 : place + 2]
        if c.isalpha():
            odd += before.isdigit() or after.isdigit()
        elif (before.isalpha() and after.isalpha()) or (not c.isprintable() and c != "\u00a0"):
            odd += 1.0
        elif c not in _USUAL_SIGNS:
            odd += 0.5
    return odd
