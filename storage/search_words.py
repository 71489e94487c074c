"""Text search over alerts: which words an alert is found by, and how a question is put to Postgres. Pure.

Words are made here and not by Postgres' own text parser, which takes an id such as `acct-00012` for a number, and
whose idea of a letter depends on the database's locale.
"""

import re
from collections.abc import Iterable

WORDS_MAX = 64  # of an alert; ids, place and five sentences have about thirty
QUESTION_WORDS_MAX = 8
WORD_LENGTH_MAX = 64  # characters; a longer one is found by its beginning
_WORD = re.compile(r"[^\W_]+")


def words_of(texts: Iterable[str | None]) -> list[str]:
    """The distinct words of some texts: runs of letters and digits, case-folded, in their order."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall((text or "").casefold()):
            found[word[:WORD_LENGTH_MAX]] = None
    return list(found)[:WORDS_MAX]


def lexemes(client_id: int, texts: Iterable[str | None]) -> list[str]:
    """What the index holds: each word with its client, so that one client's search reads nothing of another's."""
    return [f"{client_id}:{word}" for word in words_of(texts)]


def question(client_id: int, text: str) -> str | None:
    """A `tsquery` for alerts that hold a word beginning with each of the text's words; None if it has no word."""
    words = words_of([text])[:QUESTION_WORDS_MAX]
    return " & ".join(f"'{client_id}:{word}':*" for word in words) or None
