"""Tables as banks and programs really write them, one file a case: what lands, what it is worth, what it means."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analysis.extract.extract import Defaults, Extracted
from tests.analysis.extract.samples import read

CASES = Path(__file__).parent / "cases"
# File → amounts in the order of the file, and columns that must be understood.
LANDS: dict[str, tuple[str, dict[str, str]]] = {
    "01-repeated-header.csv": ("-5 20 -25 -1.5 10 -7.25", {"amount": "Betrag", "balance": "Saldo"}),
    "sib-01-repeated-header.xlsx": ("-4.95 20.05 -24.95 -1.45 10.05 -7.2", {"amount": "Betrag", "balance": "Saldo"}),
    "38-repeated-header.csv": ("-5.5 1280.8 -12 -1.25 -2.25 -3.25", {"account": "account", "currency": "currency"}),
    "sib-header-number-cell.csv": ("-5 20 -25 -1.5 10 -7.25", {"amount": "Amount", "balance": "Balance"}),
    "sib-header-with-year.csv": ("-5 20", {"amount": "Amount 2026"}),
    "02-headerless-balance-first.csv": ("23.5 -20 -2.2 50", {"balance": "column 5", "amount": "column 7"}),
    "09-balance-by-decimals.csv": ("-350 1290 -120", {"amount": "Összeg", "balance": "Egyenleg"}),
    "sib-unknown-balance-name.csv": ("-5 20", {"balance": "Jääk"}),
    "03-af-bij.csv": ("-10 25.5 -4.25 1", {"direction": "Af Bij"}),
    "04-creditdebet.csv": ("-10 25.5 -4.25 1", {"direction": "CreditDebet"}),
    "07-dk-column.csv": ("-10 25.5 -4.25 1", {"direction": "D/K", "account": "Account No"}),
    "41-hs-headerless.csv": ("-10 25.5 -4.25 1", {"direction": "column 7"}),
    "sib-cdtdbtind.csv": ("-10 25.5 -4.25", {"direction": "CdtDbtInd"}),
    "sib-type-debit-credit.csv": ("-10 25.5 -4.25", {"direction": "Type"}),
    "sib-inflow-outflow.csv": ("-10 25.5 -4.25", {"direction": "Inflow/Outflow"}),
    "sib-af-bij-two-columns.csv": ("-10 25.5 -4.25", {"money_in": "Bij", "money_out": "Af"}),
    "05-debet-credit-nl.csv": ("-16 35 -4", {"currency": "munt"}),
    "sib-debet-credit-only.csv": ("-16 35 -4", {"money_in": "Credit", "money_out": "Debet"}),
    "sib-debit-kredit.csv": ("-16 35", {"money_in": "Kredit", "money_out": "Debit"}),
    "06-rows-wider-than-header.csv": ("150 0 -100 5000 0 0", {"amount": "Betrag"}),
    "sib-06-decimal-comma-as-delimiter.csv": ("150 0 -100 5000 0 0", {"amount": "Betrag"}),
    "sib-optional-last-column.csv": ("-5 20 -7 -8", {}),
    "07-short-balance-lines.csv": ("-10 -4.25 -7", {"direction": "Dir"}),
    "11-header-wider-than-rows.csv": ("49 28 -35", {"clock": "Hora", "currency": "Divisa", "balance": "Saldo"}),
    "sib-trailing-delimiter-in-rows.csv": ("-5 20 -7", {"text": "Text"}),
    "sib-trailing-delimiter-in-header.csv": ("-5 20 -7", {"balance": "Balance"}),
    "10-preamble-outnumbers-rows.csv": ("-50 120", {"money_in": "Credit", "text": "Label"}),
    "13-preamble.xlsx": ("-238 -228", {"text": "Text", "balance": "Saldo"}),
    "sib-13-preamble-short.csv": ("-238 -228", {"text": "Text", "balance": "Saldo"}),
    "sib-14-zoned-dates.csv": ("-10 25 5", {"time": "date"}),
    "sib-20-old-currency.csv": ("-10 25", {"currency": "Currency"}),
    "09-final-dot-dates.csv": ("-10 25", {"time": "Datum"}),
    "sib-09-final-dot-dmy.csv": ("-10 25", {"time": "Datum"}),
    "36-payee-account-as-account.csv": ("-10 -12 25", {"counterparty": "Payee Account Number"}),
    "32-nameorig.csv": ("10.5 11.5 12.5 13.5 14.5 15.5 16.5 17.5 18.5", {"account": "nameOrig"}),
    "39-cr-in-unnamed-column.csv": ("-9.99 1100 -5", {}),
    "12-gross-and-net.xlsx": ("95 47.5 -5.9 -136.6", {"money_in": "Net Credit", "money_out": "Net Debit"}),
    "06-latin1-german.csv": ("150 0 -9", {"text": "Text"}),
}  # fmt: skip


def landed(folder: Path, name: str) -> tuple[Extracted, list[dict[str, Any]], list[Decimal]]:
    """What became of a case, its rows and amounts in the order of the file."""
    found, rows, _ = read(folder, name, (CASES / name).read_bytes(), defaults=Defaults())
    rows = sorted(rows, key=lambda row: row["row"])
    return found, rows, [Decimal(row["amount_minor"]).scaleb(-4) for row in rows]


@pytest.mark.parametrize("name", LANDS)
def test_each_row_lands_with_its_amount(tmp_path: Path, name: str) -> None:
    amounts, columns = LANDS[name]
    found, _, landing = landed(tmp_path, name)
    assert landing == [Decimal(amount) for amount in amounts.split()]
    assert columns.items() <= found.reading.mapping.columns.items()
    assert found.rejected == 0
    parts = found.accounting.model_dump()
    assert parts.pop("lines") == sum(parts.values())
    if name.endswith(".csv"):
        assert found.accounting.lines == len((CASES / name).read_bytes().splitlines())


def test_every_spelling_of_an_amount_is_read_and_has_its_currency(tmp_path: Path) -> None:
    _, rows, amounts = landed(tmp_path, "39-signed-currency-amounts.csv")
    assert [str(amount.normalize()) for amount in amounts] == (
        "9.99 1.1E+3 -5 5 -5 -5 -5 5 -5 -5 -5 5 -5 5 -5 -5 -5 -5 5 5 1234.5 5 5 5".split()
    )
    assert [row.get("currency") for row in rows[-4:]] == ["GBP", "USD", "USD", None]


def test_what_stands_above_and_beside_the_rows_is_named(tmp_path: Path) -> None:
    found, _, _ = landed(tmp_path, "10-preamble-outnumbers-rows.csv")
    assert found.accounting.model_dump(exclude_defaults=True) == {
        "lines": 8, "landed": 2, "listed": 0, "header": 1, "preamble": 4, "total": 1
    }  # fmt: skip
    found, _, _ = landed(tmp_path, "07-short-balance-lines.csv")
    assert (found.accounting.total, found.accounting.landed) == (2, 3)
    found, _, _ = landed(tmp_path, "13-preamble.xlsx")
    assert found.reading.mapping.currency == "SEK"  # from above the table


def test_texts_days_and_currencies_are_kept(tmp_path: Path) -> None:
    _, rows, _ = landed(tmp_path, "06-latin1-german.csv")
    assert rows[0]["text"] == "Datenträger-Umsatz"
    assert rows[1]["text"] == "Verständigung Änderungsmitteilung gemäß Paragraph 29"
    for name, first in (
        ("sib-14-zoned-dates.csv", "2026-03-02"), ("09-final-dot-dates.csv", "2026-03-19"),
        ("sib-09-final-dot-dmy.csv", "2026-03-19"), ("11-header-wider-than-rows.csv", "2026-03-02"),
    ):  # fmt: skip
        _, rows, _ = landed(tmp_path, name)
        assert rows[0]["time_ms"] // 86_400_000 == (Decimal(_day(first))), name
    _, rows, _ = landed(tmp_path, "sib-20-old-currency.csv")
    assert {row["currency"] for row in rows} == {"HRK"}


def test_somebody_elses_account_is_not_the_account(tmp_path: Path) -> None:
    found, rows, _ = landed(tmp_path, "36-payee-account-as-account.csv")
    assert "account" not in found.reading.mapping.columns
    assert [row.get("counterparty") for row in rows] == ["LT00 1111", "LT00 2222", None]
    found, _, _ = landed(tmp_path, "32-nameorig.csv")
    assert found.reading.mapping.columns["counterparty"] == "nameDest"


def test_the_balance_is_said_to_confirm(tmp_path: Path) -> None:
    found, _, _ = landed(tmp_path, "01-repeated-header.csv")
    assert str(found.balance) == "balance confirms 5 of 5 rows"
    said = {finding.subject: finding for finding in found.reading.findings}
    assert (said["amount"].basis, said["amount"].certainty) == ("balance", "certain")
    assert said["date order"].certainty == "assumed"
    assert said["time zone"].basis == "default"


def _day(text: str) -> int:
    from datetime import date

    return date.fromisoformat(text).toordinal() - 719_163
