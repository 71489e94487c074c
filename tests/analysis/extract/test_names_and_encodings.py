"""Names of columns that can be matched, and encodings that a few words tell."""

import re

import pytest

from analysis.extract.directions import sign_of
from analysis.extract.encoding import CANDIDATES
from analysis.extract.letters import best_encoding
from analysis.extract.names import MEANINGS, NAMES, PART, rank_of
from analysis.extract.totals import is_total


@pytest.mark.parametrize("meaning", MEANINGS)
def test_each_known_name_can_be_matched_however_it_is_written(meaning: str) -> None:
    for rank, name in enumerate(NAMES[meaning].split("|")):  # type: ignore[index]
        words = name.split()
        forms = (
            name, name.upper(), name.title(), "_".join(words), "-".join(words), "".join(map(str.title, words)),
            " ".join(words).capitalize(), f" {name} ", f"{name} (EUR)", f"{name}.",
        )  # fmt: skip
        for form in forms:
            found = rank_of(meaning, form)  # type: ignore[arg-type]
            assert found is not None, (meaning, form)
            assert found <= rank, (meaning, form)


def test_no_name_is_listed_twice_for_a_meaning() -> None:
    for meaning, text in NAMES.items():
        squeezed = [re.sub(r"\W", "", name) for name in text.split("|")]
        assert len(set(squeezed)) == len(squeezed), (meaning, [n for n in squeezed if squeezed.count(n) > 1])


@pytest.mark.parametrize(
    ("meaning", "name"),
    [
        ("account", "Payee Account Number"), ("account", "Counterparty account"), ("account", "Account holder name"),
        ("account", "Beneficiary IBAN"), ("account", "Account type"), ("amount", "Fee amount"),
        ("amount", "Balance amount"), ("amount", "VAT amount"), ("money_in", "Credit limit"),
        ("money_in", "Credit card number"), ("time", "Due date"), ("time", "Date of birth"),
        ("transaction_id", "Customer id number"), ("currency", "Original currency"),
        ("balance", "Opening balance date"),
    ],
)  # fmt: skip
def test_a_part_of_a_name_is_not_taken_for_the_whole(meaning: str, name: str) -> None:
    assert rank_of(meaning, name) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("meaning", "name"),
    [("account", "Booked account number"), ("amount", "Total amount paid"), ("time", "Local transaction date")],
)
def test_a_part_of_a_name_may_tell(meaning: str, name: str) -> None:
    rank = rank_of(meaning, name)  # type: ignore[arg-type]
    assert rank is not None
    assert rank >= PART


TEXTS = [
    ("Datenträger-Umsatz", "cp1252 cp850 cp437"), ("GEBÜHR FÜR KONTOFÜHRUNG", "cp1252 cp850"),
    ("Müller GmbH", "cp1252 cp850"), ("Åkessons Bygg AB, Öbergs Måleri", "cp1252 cp437 cp850"),
    ("Virement reçu; été à Noël", "cp1252 cp850 mac_roman"), ("Nómina año", "cp1252 cp850"),
    ("Wpłata własna;Obciążenie;Żabka Łódź", "cp1250 iso8859_2 cp852"), ("Příjemce;Částka;účet č. 5", "cp1250 cp852"),
    ("Összeg;Közlemény;fizetés; Törlesztő", "cp1250 iso8859_2"), ("Açıklama;Ödeme; İşlem; güneş", "cp1254"),
    ("Описание;Сумма;Оплата товаров", "cp1251 cp866 koi8_r"), ("Περιγραφή πληρωμή", "cp1253"),
    ("Sąskaita;Gavėjas;šiandien žemė", "cp1257"), ("Pajamos|Išlaidos|Likutis\nPirkinys Šiauliai", "cp1257"),
    ("Debet;Uznanie;Příjem Šumperk", "cp1250"), ("Prihod;Izdatki;Šibenik Đakovo", "cp1250"),
    ("Saņēmējs;Maksājuma mērķis", "cp1257"),
    ("Data Paskirtis Suma Likutis\nPirkinys Šiauliai", "cp1257"), ("Datum Opis Iznos\nKupnja Đakovo", "cp1250"),
    ("Päivämäärä|Selitys|Saldo\nKorttiosto Jyväskylä", "cp1252"),
    ("Kwota Opis\nZakupy Łódź", "cp1250"), ("Datums Summa Atlikums\nPirkums Ķekava", "cp1257"),
    ("Beløb;Rødgrød på", "cp1252 cp850"), ("Descrição; Crédito; ação", "cp1252 cp850"),
    ("Amount 5 € and £", "cp1252 iso8859_15"), ("1\u00a0234,50;x", "cp1252"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "encoding"), [(text, encoding) for text, encodings in TEXTS for encoding in encodings.split()]
)
def test_a_few_words_tell_the_encoding(text: str, encoding: str) -> None:
    """Another encoding may be found where it says the same."""
    content = text.encode(encoding)
    assert content.decode(best_encoding(content, CANDIDATES)) == text


def test_words_of_directions() -> None:
    out = "Af D DBIT Soll S Debit debet DR - Ud Ut Obciążenie Retrait Cargo Belastning outflow Wn Débit Adeudo Расход"
    into = "Bij K CRDT Haben H Credit kredit CR + Ind Inn Uznanie Versement Abono Gutschrift inflow Ma Crédit C Приход"
    assert {sign_of(word) for word in out.split()} == {-1}
    assert {sign_of(word) for word in into.split()} == {1}
    assert {sign_of(word) for word in ("", "x", "fee", "transfer", "PAYMENT")} == {None}


@pytest.mark.parametrize(
    ("cell", "has_date", "expected"),
    [
        ("Opening balance", True, True), ("Closing", True, True), ("Ingående saldo 2026-01-01", True, True),
        ("Endsaldo", True, True), ("Saldo początkowe", True, True), ("Total", False, True), ("Saldo", False, True),
        ("Balance at start", False, True), ("Total", True, False), ("TotalEnergies", False, False),
        ("Saldo", True, False), ("Balance Yoga", True, False), ("New Balance London", True, False),
        ("Open House Ltd", False, False), ("Closing Time Pub", True, False),
    ],
)  # fmt: skip
def test_lines_of_sums_and_balances(cell: str, has_date: bool, expected: bool) -> None:
    assert is_total(["x", cell, "1.00"], has_date=has_date) == expected
