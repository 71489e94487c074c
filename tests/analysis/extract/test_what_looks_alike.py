"""Columns, dates and lines that look like others: what a file says of them decides, or it is said as assumed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.extract.extract import Defaults
from analysis.extract.header import table_start
from analysis.extract.names import rank_of
from analysis.extract.times import guess_order
from analysis.extract.widths import row_widths
from tests.analysis.extract.samples import read


@pytest.mark.parametrize(
    ("original", "currency", "amount"),
    [
        ("Original Amount", "Original Currency", "Amount (EUR)"),
        ("Oprindeligt beløb", "Oprindelig valuta", "Beløb (EUR)"),
        ("Kwota oryginalna", "Waluta oryginalna", "Kwota EUR"),
        ("Fremdbetrag", "Fremdwährung", "Betrag in EUR"),
    ],
)
def test_an_amount_before_its_conversion_is_not_the_amount(
    original: str, currency: str, amount: str, tmp_path: Path
) -> None:
    content = f"Date;{original};{currency};{amount}\n2026-03-20;-20,50;CZK;-1,00\n2026-03-21;41,00;CZK;2,00\n"
    _, rows, _ = read(tmp_path, "a.csv", content, None, Defaults())
    assert [(row["amount_minor"], row["currency"]) for row in rows] == [(-10_000, "EUR"), (20_000, "EUR")]


@pytest.mark.parametrize(
    "name", ["IBAN Gegenkonto", "Compte du tiers", "Til konto", "Conta do beneficiário", "Vastatili"]
)
def test_the_other_partys_account_is_not_the_account(name: str) -> None:
    assert rank_of("account", name) is None


@pytest.mark.parametrize(
    ("into", "out"), [("Bedrag bij (EUR)", "Bedrag af (EUR)"), ("Beløp inn", "Beløp ut"), ("Tulot", "Menot")]
)
def test_money_in_and_money_out_are_found_with_zeros(into: str, out: str, tmp_path: Path) -> None:
    content = f"Date;{out};{into}\n2026-03-20;5,00;0,00\n2026-03-21;0,00;7,00\n2026-03-22;1,00;0,00\n"
    _, rows, _ = read(tmp_path, "a.csv", content, None, Defaults())
    assert [row["amount_minor"] for row in rows] == [-50_000, 70_000, -10_000]


def test_a_side_that_is_not_known_completes_the_one_that_is(tmp_path: Path) -> None:
    content = "Date;Debit;Xyz\n2026-03-20;5,00;0,00\n2026-03-21;0,00;7,00\n2026-03-22;1,00;0,00\n"
    _, rows, _ = read(tmp_path, "a.csv", content, None, Defaults())
    assert [row["amount_minor"] for row in rows] == [-50_000, 70_000, -10_000]


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["01.03.26", "02.03.26", "05.03.26", "08.04.26"], "dmy"),
        (["18.08.26", "21.08.26", "25.08.26"], "dmy"),
        (["26-03-01", "26-03-02", "26-03-05", "26-04-08"], "ymd"),
        (["3/4/26", "3/9/26", "3/10/26", "4/1/26", "4/12/26"], "dmy"),
    ],
)
def test_years_of_two_digits_are_those_that_change_least(days: list[str], order: str) -> None:
    assert guess_order(days, 0.5) == order
    assert guess_order([*days, "Printed on 2026-12-31"], 0.5) == order


def test_a_header_that_comes_again_is_the_first_one(tmp_path: Path) -> None:
    header = "Datum;Text;Valuta;Belopp\n"
    rows = "2026-03-01;a;SEK;-1,00\n2026-03-02;b;SEK;2,00\n"
    _, landed, rejects = read(tmp_path, "a.csv", header + rows + header + rows + header + rows, None, Defaults())
    assert (sorted(row["amount_minor"] for row in landed), rejects) == ([-10_000] * 3 + [20_000] * 3, [])
    assert {row["currency"] for row in landed} == {"SEK"}


@pytest.mark.parametrize("label", [["Konto", "PL4231063853738078"], ["Currency", "EUR"], ["IBAN", "DE89370400440532"]])
def test_a_name_beside_its_value_is_no_header(label: list[str]) -> None:
    rows = [label, [], ["Palk", "01.05.2026", "2953,81-"], ["Üür", "24.05.2026", "481,53"], ["*** 1/1 ***"]]
    assert not table_start(rows).header


@pytest.mark.parametrize(("short", "fits"), [(["2026-03-02", "b", "2"], True), (["2026-03-02", "b"], False)])
def test_a_last_cell_left_out_is_no_row_cut_short(short: list[str], fits: bool) -> None:
    whole = ["2026-03-01", "a", "1", "R1"]
    found = row_widths(["Date", "Text", "Amount", "Reference"], [whole, short, whole])
    assert (found.fitted(short) is not None) == fits


def test_lines_of_one_cell_do_not_decide_how_wide_rows_are() -> None:
    whole, short = ["2026-03-01", "a", "1", "R1"], ["2026-03-02", "b", "2"]
    footers = [["Printed 2026-12-31"], ["Example Bank"], ["1 High Street"]]
    found = row_widths(["Date", "Text", "Amount", "Reference"], [whole, short, whole, *footers])
    assert found.fitted(short) == [*short, ""]
    assert found.fitted(footers[0]) is None


def test_days_that_may_be_months_are_said_as_assumed(tmp_path: Path) -> None:
    content = "Date,Amount\n" + "".join(f"{day:02}/07/2026,-{day}.50\n" for day in range(1, 9)) + "Printed 2026-12-31\n"
    found, rows, _ = read(tmp_path, "a.csv", content, None, Defaults())
    assert {f.subject: f.certainty for f in found.reading.findings}["date order"] == "assumed"
    assert datetime.fromtimestamp(rows[1]["time_ms"] / 1000, UTC).day == 2


def test_a_column_that_moves_by_no_amount_is_no_running_balance(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-{day:02};{day},50;{day * day * 7},25\n" for day in range(1, 9))
    found, landed, _ = read(tmp_path, "a.csv", f"Date;Amount;Balance\n{rows}", None, Defaults())
    (said,) = [f.evidence for f in found.reading.findings if f.subject == "balance"]
    assert (len(landed), found.balance) == (8, None)
    assert "no running balance" in said


def test_a_column_called_an_amount_with_one_number_is_the_amount(tmp_path: Path) -> None:
    _, rows, rejects = read(tmp_path, "a.csv", "amount,text\n1,a\n" + "?,b\n" * 7, None, Defaults())
    assert (len(rows), [each["line"] for each in rejects]) == (1, [3, 4, 5, 6, 7, 8, 9])
