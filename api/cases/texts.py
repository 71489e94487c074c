"""Strings as requests may hold them: bounded, and without what Postgres or a terminal cannot take."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from contracts.card_numbers import cleaned_text

TEXT_LENGTH_MAX = 4_000  # characters of a reason or a note
QUESTION_LENGTH_MAX = 200


def _without_card_data(text: str) -> str:
    _, found = cleaned_text(text)
    if found:
        raise ValueError(f"it holds a {found[0]}, which must not be kept")
    return text


# One line, no control character.
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_without_card_data),
]
ShortLine = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_without_card_data),
]
Question = Annotated[
    str, StringConstraints(min_length=1, max_length=QUESTION_LENGTH_MAX, pattern=r"^[^\x00-\x1f\x7f]+$")
]
# Lines of text with something to read in them.
_LINES = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*"
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TEXT_LENGTH_MAX, pattern=rf"^{_LINES}[^\x00-\x20\x7f]{_LINES}$"),
    AfterValidator(_without_card_data),
]
