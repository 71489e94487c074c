"""Warnings of libraries during a command: users get a sentence of ours, once, or nothing, for a reason that is here."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What a warning says → our sentence; None: silence, for the reason beside it.
_MEANINGS: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (
        re.compile("only positive or negative samples|Only one class is present|No positive (samples|class)"),
        "a part of the data holds only fraud, or none: figures that compare the two are missing there",
    ),
    (re.compile("encountered in (scalar )?(divide|true_divide|double_scalars)|Mean of empty slice|Degrees of freedom"),
     "a figure has nothing to be computed from, and is missing"),
    (re.compile("did not converge|failed to converge|Maximum iterations|max_iter"),
     "a comparison method stopped at its bound of steps; its figures may be a little too low"),
    (re.compile("overflow encountered"), "a number grew beyond what can be computed; look for amounts that are wrong"),
)  # fmt: skip
# They speak to those who wrote the code, of later versions of a library; the versions here are locked.
_FOR_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning, ResourceWarning)


@contextmanager
def told_by(tell: Callable[[str], None]) -> Iterator[None]:
    """Nothing of a library's own words reaches the screen; `tell` hears each sentence once, at the end."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            for sentence in dict.fromkeys(map(sentence_of, caught)):
                if sentence is not None:
                    tell(sentence)


def sentence_of(caught: warnings.WarningMessage) -> str | None:
    """Our words for a warning; None for silence."""
    if issubclass(caught.category, _FOR_DEVELOPERS):
        return None
    text = " ".join(str(caught.message).split())
    for pattern, sentence in _MEANINGS:
        if pattern.search(text):
            return sentence
    library = re.search(r"(?:site|dist)-packages[/\\](\w+)", caught.filename)
    return f"{library[1] if library else 'Python'} warns: {text.removesuffix('.')[:200]}"
