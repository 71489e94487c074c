"""Siblings of the tables that banks write, by kind: each lands with its amounts, or is asked about, or refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analysis.extract.extract import Defaults, Extracted, NeedsConfirmation
from analysis.extract.parts import FileRefused
from analysis.extract.reading import Layout, Mapping, Wanted
from tests.analysis.extract.samples import read

# A kind, its file, and the amounts in the order of the file.
LANDS: list[tuple[str, str, str]] = [
    ("direction, Danish", "Dato;Tekst;Beløb;Ud/Ind\n02-03-2026;Butik;10,00;Ud\n03-03-2026;Løn;25,50;Ind\n", "-10 25.5"),
    ("direction, Norwegian", "Dato;Beløp;Retning\n02.03.2026;10,00;Ut\n03.03.2026;25,50;Inn\n", "-10 25.5"),
    ("direction, Polish", "Data;Kwota;Strona\n2026-03-02;10,00;Obciążenie\n2026-03-03;25,50;Uznanie\n", "-10 25.5"),
    ("direction, French", "Date;Montant;Sens\n02/03/2026;10,00;Retrait\n03/03/2026;25,50;Versement\n", "-10 25.5"),
    ("direction, Spanish", "Fecha;Importe;Signo\n02/03/2026;10,00;Cargo\n03/03/2026;25,50;Abono\n", "-10 25.5"),
    ("direction, signs of their own", "Date,Amount,Sign\n2026-03-02,10.00,-\n2026-03-03,25.50,+\n", "-10 25.5"),
    ("direction, DBIT in capitals", "Date,Amt,Dr/Cr\n2026-03-02,10.00,DR\n2026-03-03,25.50,CR\n", "-10 25.5"),
    (
        "direction, in a column of types",
        "Date,Type,Value\n2026-03-02,withdrawal,10\n2026-03-03,deposit,25.5\n", "-10 25.5",
    ),
    ("direction, all of one way", "Date,Amount,D/C\n2026-03-02,10.00,D\n2026-03-03,25.50,D\n", "-10 -25.5"),
    (
        "direction that repeats the sign",
        "Date,Amount,Type\n2026-03-02,-10.00,DEBIT\n2026-03-03,25.50,CREDIT\n", "-10 25.5",
    ),
    (
        "words that only the balance explains",
        "Datum;Bedrag;Richting;Saldo\n2026-03-02;10,00;plop;90,00\n2026-03-03;25,50;ploep;115,50\n"
        "2026-03-04;5,50;plop;110,00\n2026-03-05;1,00;plop;109,00\n", "-10 25.5 -5.5 -1",
    ),
    (
        "a known word for the row that the balance does not reach",
        "Datum;Bedrag;Af Bij;Saldo\n02-03-2026;10,00;Af;90,00\n03-03-2026;25,50;Bij;115,50\n", "-10 25.5",
    ),
    ("a header with a year", "Date,Amount 2026,2026\n2026-03-02,-5,a\n2026-03-03,7,b\n", "-5 7"),
    ("a header with a number", "Date,1,Amount,Text\n2026-03-02,x,-5.00,a\n2026-03-03,y,7.00,b\n", "-5 7"),
    ("a header with a name thrice", "Valuta,Belopp,Valuta,Saldo,Valuta,Datum\nSEK,-5,SEK,95,SEK,2026-03-02\n", "-5"),
    (
        "newest first, without a header",
        "2026-03-04;Shop;115,00;-8,00\n2026-03-03;Pay;123,00;20,00\n2026-03-02;Shop;103,00;-5,00\n", "-8 20 -5",
    ),
    (
        "the balance before each row",
        "2026-03-02,a,100.00,-5.00\n2026-03-03,b,95.00,20.00\n2026-03-04,c,115.00,-8.00\n", "-5 20 -8",
    ),
    (
        "balances of two accounts in one file",
        "Konto;Datum;Stand;Zahl\nA;2026-03-02;95,00;-5,00\nB;2026-03-02;1020,00;20,00\nA;2026-03-03;90,00;-5,00\n"
        "B;2026-03-03;1013,00;-7,00\nA;2026-03-04;93,00;3,00\n", "-5 20 -5 -7 3",
    ),
    (
        "money in and out that only the balance tells apart",
        "Zorp;Plim;Plam;Wibble\n2026-03-02;5,00;;95,00\n2026-03-03;;20,00;115,00\n2026-03-04;8,00;;107,00\n",
        "-5 20 -8",
    ),
    ("rows with empty ends", "Date;Text;Amount;A;B\n2026-03-02;a;-5;;\n2026-03-03;b;7\n2026-03-04;c;8\n", "-5 7 8"),
    ("rows without the names' last columns", "Date;Amount;Note;Tag\n2026-03-02;-5\n2026-03-03;7\n", "-5 7"),
    ("a delimiter after each row", "Date,Amount,Text\n2026-03-02,-5.00,a,\n2026-03-03,7.00,b,\n", "-5 7"),
    ("two more columns than names", "Date;Amount\n2026-03-02;-5,00;a;b\n2026-03-03;7,00;c;d\n", "-5 7"),
    (
        "a long preamble of keys and values",
        "Bank;Test\nKunde;Anna\nKonto;123\nVon;01.03.2026\nBis;31.03.2026\nWährung;EUR\nSaldo;1.234,56\n\n"
        "Buchungstag;Text;Betrag\n02.03.2026;Shop;-5,00\n", "-5",
    ),
    ("a title and an empty line", "Kontoutskrift\n\nDatum;Text;Belopp\n2026-03-02;Butik;-5,00\n", "-5"),
    (
        "sums below",
        "Date,Text,Amount\n2026-03-02,Shop,-5.00\n2026-03-03,Pay,7.00\n,Total,2.00\n,Closing balance,102.00\n", "-5 7",
    ),
    (
        "an opening balance with a date",
        "Datum;Text;Betrag\n01.03.2026;Anfangssaldo;100,00\n02.03.2026;Shop;-5,00\n31.03.2026;Endsaldo;95,00\n", "-5",
    ),
    ("the header once more", "Date,Amount,Text\n2026-03-02,-5,a\nDate,Amount,Text\n2026-03-03,7,b\n", "-5 7"),
    (
        "debet and kredit, Swedish bank",
        "Datum;Text;Debet;Kredit\n2026-03-02;Hyra;5,00;\n2026-03-03;Lön;;7,00\n", "-5 7",
    ),
    ("debet and kredit, Norwegian", "Dato;Debet;Kredit\n02.03.2026;5,00;\n03.03.2026;;7,00\n", "-5 7"),
    ("debet with a minus", "Datum;Credit;Debet\n02-03-2026;;-5,00\n03-03-2026;7,00;\n", "-5 7"),
    (
        "a ledger whose balance is the other way round",
        "Ver nr;Datum;Debet;Kredit;Saldo\n1;2026-03-02;5,00;;105,00\n2;2026-03-03;;7,00;98,00\n"
        "3;2026-03-04;1,00;;99,00\n",
        "5 -7 1",
    ),
    (
        "an amount without signs beside both",
        "Datum;Bedrag;Debet;Credit\n2026-03-02;5,00;5,00;\n2026-03-03;7,00;;7,00\n", "-5 7",
    ),
    ("gross and net", "Date,Gross,Fee,Net\n2026-03-02,10.00,-1.00,9.00\n2026-03-03,20.00,-2.00,18.00\n", "10 20"),
    (
        "net pairs that are whole",
        "Type;Gross Credit;Gross Debit;Net Credit;Net Debit\nA;10,00;;9,00;\nFee;;;;1,00\nB;5,00;;4,50;\n", "9 -1 4.5",
    ),
    (
        "a decimal comma as delimiter, quoted",
        'Date,Text,Amount\n2026-03-02,a,"-5,25"\n2026-03-03,b,"7,50"\n', "-5.25 7.5",
    ),
    ("a trailing S and H", "Datum;Umsatz\n02.03.2026;1.010,00 S\n03.03.2026;25,50 H\n", "-1010 25.5"),
    ("spaces and a currency", "Date;Amount\n2026-03-02;- 1 234,50 kr\n2026-03-03;+ 7,00 kr\n", "-1234.5 7"),
    ("brackets and a currency", "Date,Amount\n2026-03-02,($5.00)\n2026-03-03,$7.00\n", "-5 7"),
    ("a minus after the currency", "Date,Amount\n2026-03-02,5.00 EUR-\n2026-03-03,7.00 EUR\n", "-5 7"),
    ("DR in an unnamed column", "Date,Text,Amount,\n2026-03-02,a,5.00,DR\n2026-03-03,b,7.00,\n", "-5 7"),
    ("marks in a headerless file", "2026-03-02;a;5,00;CR\n2026-03-03;b;7,00;\n2026-03-04;c;8,00;\n", "5 -7 -8"),
    ("credits of a card", "Date,Card Type,Amount\n2026-03-02,credit,5.00\n2026-03-03,debit,7.00\n", "5 7"),
    ("as of", "Date,Amount\n03/14/2026 as of 03/13/2026,-5.00\n03/15/2026,7.00\n", "-5 7"),
    ("points after dates, with spaces", "Dátum;Összeg\n2026. 03. 19.;-5,00\n2026. 03. 20.;7,00\n", "-5 7"),
    ("days with offsets", "date,amount\n2026-03-02-05:00,-5.00\n2026-03-03+02:00,7.00\n", "-5 7"),
]  # fmt: skip


def amounts_of(rows: list[dict[str, Any]]) -> list[Decimal]:
    """In the order of the file."""
    return [Decimal(row["amount_minor"]).scaleb(-4) for row in sorted(rows, key=lambda row: row["row"])]


def taken(folder: Path, content: str | bytes, wanted: Wanted | None = None) -> tuple[Extracted, list[dict[str, Any]]]:
    found, rows, _ = read(folder, "a.csv", content, wanted, Defaults())
    return found, rows


@pytest.mark.parametrize(("content", "amounts"), [each[1:] for each in LANDS], ids=[each[0] for each in LANDS])
def test_it_lands(tmp_path: Path, content: str, amounts: str) -> None:
    found, rows = taken(tmp_path, content)
    assert amounts_of(rows) == [Decimal(amount) for amount in amounts.split()]
    parts = found.accounting.model_dump()
    assert parts.pop("lines") == sum(parts.values()) == content.count("\n")
    assert found.rejected == 0


# A kind, its file, and the sums of the readings that are offered.
ASKS: list[tuple[str, str, list[str]]] = [
    (
        "words that nobody knows",
        "Date,Amount,Direction\n2026-03-02,10.00,fro\n2026-03-03,25.50,to\n2026-03-04,1.00,to\n",
        ["-16.5", "16.5", "36.5"],
    ),
    (
        "a third word beside two known ones",
        "Date,Amount,Type\n2026-03-02,10.00,DEBIT\n2026-03-03,25.50,CREDIT\n2026-03-04,1.00,FEE\n",
        ["14.5", "16.5", "36.5"],
    ),
    (
        "two columns of numbers",
        "2026-03-02;1,50;20,00\n2026-03-03;2,75;31,00\n2026-03-05;9,10;11,00\n", ["13.35", "62"],
    ),
    (
        "a pair without names",
        "a;b;c\n2026-03-02;5,00;\n2026-03-03;;20,00\n2026-03-04;8,00;\n", ["-7", "7"],
    ),
    ("three digits after the only sign", "Date;Amount\n2026-03-02;1.234\n2026-03-03;-2.500\n", ["-1266", "-1.266"]),
    (
        "signs and words that disagree",
        "Date,Amount,D/C\n2026-03-02,-10.00,C\n2026-03-03,25.50,D\n2026-03-04,3.00,C\n", ["18.5", "-32.5"],
    ),
    (
        "a balance that moves the other way",
        "Date,Charge,Balance\n2026-03-02,10.00,90.00\n2026-03-03,25.00,65.00\n2026-03-04,5.00,60.00\n", ["-40", "40"],
    ),
    (
        "a ledger, or a bank",
        "Voucher;Date;Debet;Kredit\n1;2026-03-02;5,00;\n2;2026-03-03;;7,00\n", ["2", "-2"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sums"), [each[1:] for each in ASKS], ids=[each[0] for each in ASKS])
def test_it_is_asked_about_with_what_each_reading_is_worth(tmp_path: Path, content: str, sums: list[str]) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        taken(tmp_path, content)
    (question,) = asked.value.reading.questions
    assert [each.sums[""] for each in question.alternatives] == sums
    assert all(each.option.startswith("--") for each in question.alternatives)
    assert all(sum_ in str(asked.value) for sum_ in sums)
    # Each answer decides: the file lands with what it said.
    for alternative in question.alternatives:
        _, rows = taken(tmp_path, content, Wanted(mapping=alternative.mapping))
        assert sum(amounts_of(rows)) == Decimal(alternative.sums[""])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Date,Text,Amount\n2026-03-02,a,-5,25\n2026-03-03,b,7,50\n", "the comma is the delimiter, too"),
        ("2026-03-02,a,-5,25\n2026-03-03,b,7,50\n", "the comma is the delimiter, too"),
        (
            "Date,Amount,Balance\n2026-03-02,5.00,95.00\n2026-03-03,20.00,115.00\n2026-03-04,8.00,107.00\n",
            "no column says which way",
        ),
        ("Date,Text\n2026-03-02,a\n2026-03-03,b\n", "no column is known to hold amounts"),
    ],
)
def test_it_is_refused_with_a_sentence(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        taken(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "currency"),
    [
        ("Date,Amount,Currency\n2026-03-02,-5,DEM\n", "DEM"), ("Date,Amount,Currency\n2026-03-02,-5,XXX\n", "XXX"),
        ("Date,Amount,Currency\n2026-03-02,-5,eur\n", "EUR"), ("Date,Amount,Currency\n2026-03-02,-5,€\n", "EUR"),
        ("Date,Amount\n2026-03-02,-5.00 CHF\n", "CHF"), ("Date,Amount (GBP)\n2026-03-02,-5.00\n", "GBP"),
        ("Date,Betrag in EUR\n2026-03-02,-5.00\n", "EUR"), ("Valuta: NOK\nDate;Amount\n2026-03-02;-5,00\n", "NOK"),
        ("Date,Amount,Currency,Balance,Currency\n2026-03-02,-5,USD,95,EUR\n", "USD"),
        ("Date,Currency,Balance,Currency,Amount\n2026-03-02,EUR,95,USD,-5\n", "USD"),
    ],
)  # fmt: skip
def test_the_currency_of_the_amount_is_found(tmp_path: Path, content: str, currency: str) -> None:
    found, rows = taken(tmp_path, content)
    assert [row.get("currency") for row in rows] == [currency], found.reading.findings


def test_an_unknown_currency_is_told_and_never_replaced(tmp_path: Path) -> None:
    content = "Date,Amount,Currency\n2026-03-02,-5,QQQ\n2026-03-03,7,QQQ\n"
    found, rows, rejects = read(tmp_path, "a.csv", content, None, Defaults(currency="USD"))
    assert (rows, found.accounting.listed) == ([], 2)
    assert {each["reason"] for each in rejects} == {"this is no currency of ISO 4217"}


def test_what_was_assumed_is_said(tmp_path: Path) -> None:
    found, _, _ = read(tmp_path, "a.csv", "Amount,Text\n5.00,a\n", None, Defaults(currency="USD"))
    assumed = {each.subject: each.value for each in found.reading.findings if each.certainty == "assumed"}
    assert assumed["currency"] == "USD"
    assert assumed["time"] == "none"
    assert assumed["account"] == "none"
    assert assumed["direction"] == "amounts count as they are written"


def test_a_short_row_by_accident_is_listed_and_breaks_no_balance(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-{day:02};a;{day},00;{sum(range(day + 1))},00\n" for day in range(1, 20))
    content = f"Date;Text;Amount;Balance\n{rows}".replace("2026-03-07;a;7,00;28,00", "2026-03-07;a;7,00", 1)
    found, landed, rejects = read(tmp_path, "a.csv", content, None, Defaults())
    assert [each["reason"] for each in rejects] == ["the row has 3 cells, the header 4"]
    assert len(landed) == 18
    assert str(found.balance) == "balance confirms 16 of 16 rows"


def test_the_line_where_a_balance_breaks_is_said(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-{day:02},{day}.00,{sum(range(day + 1))}.00\n" for day in range(1, 29))
    found, _, _ = read(
        tmp_path, "a.csv", f"Date,Amount,Balance\n{rows}".replace(",9.00,", ",900.00,"), None, Defaults()
    )
    assert found.balance is not None
    assert (str(found.balance), found.balance.breaks) == ("balance confirms 26 of 27 rows", [10])


def test_cells_over_several_lines_are_counted(tmp_path: Path) -> None:
    content = 'Date,Text,Amount\n2026-03-02,"a\nb\n\nc",-5\n\n2026-03-03,x,oops\n2026-03-04,"d\ne",7'
    found, rows = taken(tmp_path, content)
    assert len(rows) == 2
    assert found.accounting.model_dump() == {
        "lines": 9, "landed": 2, "listed": 1, "header": 1, "preamble": 0, "continuation": 4, "total": 0, "blank": 1
    }  # fmt: skip


def test_the_header_can_be_said(tmp_path: Path) -> None:
    content = "Date,Amount\n2026-03-02,1\n\nDate,Amount\n2026-03-03,7\n"
    found, rows = taken(tmp_path, content, Wanted(layout=Layout(header_line=4)))
    assert (amounts_of(rows), found.reading.layout.skip) == ([7], 3)
    with pytest.raises(ValueError, match="header_line"):
        Layout(header_line=4, skip=1)


def test_words_of_ones_own_stand_in_place_of_the_known_ones(tmp_path: Path) -> None:
    mapping = Mapping.model_validate(
        {
            "columns": {"amount": "Amount", "direction": "Way"},
            "directions": {"money_in": ["D"], "money_out": ["K"]},
        }
    )
    _, rows = taken(tmp_path, "Amount,Way\n5,D\n7,k\n", Wanted(mapping=mapping))
    assert amounts_of(rows) == [5, -7]
    with pytest.raises(ValueError, match="both"):
        Mapping.model_validate({"columns": {}, "directions": {"money_in": ["D"], "money_out": ["d "]}})
