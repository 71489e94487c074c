"""The big list of naughty strings, and a small one of our own that is always there."""

import json
from typing import NamedTuple

from tests.judges.suites import folder

OWN = (
    "'; DROP TABLE decided; --", "<script>window.naughty = 1</script>", '"><img src=x onerror=window.naughty=1>',
    "=1+1", "@SUM(A1)", "-2+3", "\u202eabc", "Ω≈ç√∫˜µ", "👩‍👩‍👧 🇰🇪", "NULL", "nil", "undefined", "true", "NaN", "1e999",
    "0x10", "007", "ﷺ", " both ends ", "\u200b", "\ufeff", "../../etc/passwd", "%s%n%00", "${jndi:ldap://x}",
    "two\nlines", "tab\there", "nul\x00", "del\x7f", "\x1b[31mred", "a" * 300, "`ls`", "$(ls)", "A\u030a",
    "_x0041_", "''", '"',
)  # fmt: skip


class Naughty(NamedTuple):
    """A string, and its name in the page: the number of its place in the list."""

    name: str
    text: str


def own() -> list[Naughty]:
    return [Naughty(f"own {number}", text) for number, text in enumerate(OWN)]


def suite() -> list[Naughty]:
    """Each once, without the empty one: nothing comes back as nothing."""
    found = json.loads((folder("strings") / "blns.json").read_bytes())
    places = {text: number for number, text in reversed(list(enumerate(found))) if text}
    return [Naughty(f"blns {number}", text) for text, number in sorted(places.items(), key=lambda each: each[1])]
