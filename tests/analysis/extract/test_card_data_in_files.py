"""Card numbers in rows of files: replaced by tokens, and the file's findings say so."""

from pathlib import Path

import pytest

from analysis.extract.extract import Defaults, Extracted
from contracts.card_numbers import tokens
from tests.analysis.extract.samples import read

DEFAULTS = Defaults(card_tokens=tokens(b"a key of this test alone"))


def _said(found: Extracted) -> list[str]:
    return [finding.value for finding in found.reading.findings if finding.subject == "card numbers"]


def test_one_card_is_one_token_wherever_it_stands(tmp_path: Path) -> None:
    content = (
        "Date,Account,Amount,Text\n"
        "2026-03-02,4111111111111111,5.00,coffee\n"
        "2026-03-03,4111111111111111,7.00,paid with 4111-1111-1111-1111\n"
        "2026-03-04,5555555555554444,9.00,cvv 123\n"
    )
    found, rows, _ = read(tmp_path, "a.csv", content, None, DEFAULTS)
    token = rows[0]["account"]
    assert token.startswith("card_411111_")
    assert token.endswith("_1111")
    assert rows[1]["account"] == token
    assert rows[1]["text"] == f"paid with {token}"
    assert "123" not in rows[2]["text"]
    assert _said(found) == ["5 values"]


def test_values_are_counted_over_batches_of_one_text(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-02,{number}.00,card 4111111111111111\n" for number in range(1, 20_001))
    found, _, _ = read(tmp_path, "a.csv", f"Date,Amount,Text\n{rows}", None, DEFAULTS)
    assert _said(found) == ["20,000 values"]


@pytest.mark.parametrize(
    "account",
    [
        "FI2112345600000785",  # an IBAN with right check digits
        "4111111111111112",  # a wrong check digit
        "38-0000-0000000-00",
        "104000000000000100000000",
    ],
)
def test_accounts_that_are_no_cards_stay(account: str, tmp_path: Path) -> None:
    content = f"Date,Account,Amount\n2026-03-02,{account},5.00\n2026-03-03,{account},7.00\n"
    found, rows, _ = read(tmp_path, "a.csv", content, None, DEFAULTS)
    assert [row["account"] for row in rows] == [account, account]
    assert _said(found) == []
