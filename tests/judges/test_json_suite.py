"""JSONTestSuite at every place that reads JSON without a server; the gateway's and the worker's own tests have theirs.

y_ is JSON: read (what is the wrong JSON for a place may be refused, but not as no JSON). n_ is not: refused with a
reason. i_ is open: whether it is read stands in docs/CONFORMANCE.md. Anything that is raised by accident fails.
"""

import pytest

from tests.judges.json_places import PLACES, UPLOADED, Place, is_called_unreadable
from tests.judges.suites import Verdicts, cases, rows_of_page

EACH = pytest.mark.parametrize("place", PLACES, ids=[place.name for place in PLACES])
READERS = ("field passed over", "field decoded", "file", "HTTP body", "upload")
SURPLUS = b'{"a":1}}'
OWN = {  # small cases that run without the suite
    "y": (b"{}", b"[1e2, null]", b'"\\ud83d\\ude00"', b'"\xf0\x9f\x98\x80"', b'{"a":1,"a":2}', b" 0 ", b"1" * 200),
    "n": (b"{", b"[1,]", b"NaN", b"[Infinity]", b"'a'", b'"\x01"', b"01", b"[" * 5_000, SURPLUS, b"", b"nul"),
}


def is_right(place: Place, kind: str, refusal: str | None) -> bool:
    if kind == "n":
        return refusal is not None and refusal.strip() != ""
    return refusal is None or (place.may_want_other_json and not is_called_unreadable(refusal))


def readings(reader: str) -> dict[str, bool]:
    """Which of the open cases the page says that a reader reads."""
    column = READERS.index(reader) + 1
    rows = [cells for cells in rows_of_page(1 + len(READERS)) if cells[0].startswith("`i_")]
    return {cells[0].strip("`"): cells[column] == "read" for cells in rows}


@EACH
def test_json_is_told_from_what_is_not(place: Place) -> None:
    for kind, texts in OWN.items():
        for text in texts:
            if text == SURPLUS and place.reader == UPLOADED:
                continue  # a document is cut into its objects, and the object before it is whole
            found = place.judged(text)
            assert is_right(place, kind, found), (text, found)


@EACH
def test_the_suite(place: Place) -> None:
    verdicts = Verdicts("JSONTestSuite", place.name)
    opened = {}
    for case, text in cases("json", "*.json").items():
        if not place.takes(text):
            continue
        refusal = place.judged(text)
        if case.startswith("i_"):
            opened[case] = refusal is None or (place.may_want_other_json and not is_called_unreadable(refusal))
        else:
            verdicts.judge(case, is_right(place, case[0], refusal), refusal)
    if place.reader:
        documented = readings(place.reader)
        assert opened == {case: documented[case] for case in opened}
    verdicts.check()
