# ruff: noqa: E501
"""Known exports as banks write them beside the rule: delimiters at the end, lines around the table, pending rows."""

from decimal import Decimal
from pathlib import Path

import pytest

from analysis.extract.extract import Defaults
from tests.analysis.extract.samples import read

PKO = """"Data operacji","Data waluty","Typ transakcji","Kwota","Waluta","Saldo po transakcji","Opis transakcji","","",""
"","2026-03-13","Blokada","-90.34","PLN","W rozliczeniu","PIEKARNIA","","",""
"2026-03-02","2026-03-02","Płatność kartą","-38.17","PLN","+2849.33","Tytuł: 1","Lokalizacja: WROCŁAW","Numer karty: 4",""
"2026-03-01","2026-03-01","Przelew","+2000.00","PLN","+2887.50","Rachunek","Nazwa: STOCZNIA","",""
"""
MBANK = """mBank S.A. Bankowość Detaliczna;

#Waluta;#Wpływy;#Wydatki;
PLN;50,00;-132,72;

#Data operacji;#Opis operacji;#Rachunek;#Kategoria;#Kwota;
2026-03-18;"PIEKARNIA  ZAKUP          ";"Moje konto";"Żywność";-118,72 PLN;;
2026-03-19;"STOCZNIA
     WYPŁATA   ";"Moje konto";"Wpływy";1 050,00 PLN;;
"""
MBANK_STATEMENT = """mBank S.A.;
#Saldo początkowe;0,00 PLN;
#Data księgowania;#Data operacji;#Opis operacji;#Tytuł;#Nadawca/Odbiorca;#Numer konta;#Kwota;#Saldo po operacji;
2026-03-08;2026-03-08;PRZELEW;"Wypłata";"STOCZNIA";'';3 000,00;3 000,00;
2026-03-10;2026-03-10;BLIK;"Bułki";"PIEKARNIA";'';-87,34;2 912,66;
;;;;;;#Saldo końcowe;2 912,66 PLN;
"""
UBS = """Kontonummer:;0000 00000000.00A;
IBAN:;CH93 0000 0000 0000 0000 0;
Von:;2026-03-01;

Abschlussdatum;Abschlusszeit;Buchungsdatum;Valutadatum;Währung;Belastung;Gutschrift;Einzelbetrag;Saldo;Transaktions-Nr.;Beschreibung1;Beschreibung2;Beschreibung3;Fussnoten;
2026-03-29;14:23:05;2026-03-30;2026-03-30;CHF;-23.40;;;1211.60;T1;"Alpkiosk;8000 Zürich";Zahlung;;;
;;2026-03-28;2026-03-28;CHF;-150.00;;;1235.00;T2;Sammelauftrag;;;;
;;2026-03-28;2026-03-28;CHF;;;-100.00;;T2;Hütte;;;;
;;2026-03-28;2026-03-28;CHF;;;-50.00;;T2;Seilbahn;;;;
"""
KOTAK = """Sl. No.,Transaction Date,Value Date,Description,Chq / Ref No.,Amount,Dr / Cr,Balance,Dr / Cr
1,05-04-2026,05-04-2026,KITES,UPI-412,"18,000.00",DR,"2,000.00",DR
2,06-04-2026,06-04-2026,PIER,IMPS-413,"1,20,000.00",CR,"1,18,000.00",CR
"""
NORDEA = """Bokföringsdag;Belopp;Avsändare;Mottagare;Namn;Rubrik;Saldo;Valuta;
Reserverat;-89,00;;;Bio;Kortköp;;SEK;
2026/03/30;-1250,00;;;Glasbruket;Kortköp;8450,25;SEK;
"""
SWEDBANK = """"Kliendi konto";"Reatüüp";"Kuupäev";"Saaja/Maksja";"Selgitus";"Summa";"Valuuta";"Deebet/Kreedit";"Arhiveerimistunnus";"Tehingu tüüp";"Viitenumber";"Dokumendi number";
"EE01";"10";"01.03.2026";"";"Algsaldo";"100,00";"EUR";"K";"";"AS";"";"";
"EE01";"20";"02.03.2026";"Kohvik";"Arve";"5,59";"EUR";"D";"A1";"K";"";"";
"EE01";"82";"02.03.2026";"";"Käive";"5,59";"EUR";"D";"";"K2";"";"";
"EE01";"86";"02.03.2026";"";"lõppsaldo";"94,41";"EUR";"K";"";"LS";"";"";
"""
CITI = """Status,Date,Description,Debit,Credit,Member Name
Cleared,03/05/2026,KITES,398.80,,KAY
Cleared,03/06/2026,CREDIT,,15.00,KAY
"""


@pytest.mark.parametrize(
    ("text", "export", "amounts", "listed"),
    [
        (PKO, "PKO BP, CSV", ["-38.17", "2000"], 1),
        (MBANK, "mBank, CSV list of operations", ["-118.72", "1050"], 0),
        (MBANK_STATEMENT, "mBank, CSV statement", ["3000", "-87.34"], 1),
        (UBS, "UBS, CSV in German", ["-23.4", "-150"], 2),
        (KOTAK, "Kotak Mahindra Bank, CSV with one amount", ["-18000", "120000"], 0),
        (NORDEA, "Nordea Sweden, CSV", ["-1250"], 1),
        (SWEDBANK, "Swedbank Estonia, CSV", ["-5.59"], 0),
        (CITI, "Citi card, CSV", ["-398.8", "15"], 0),
    ],
    ids=lambda each: each if isinstance(each, str) and len(each) < 50 else "",
)
def test_rows_land_and_the_others_are_listed(
    text: str, export: str, amounts: list[str], listed: int, tmp_path: Path
) -> None:
    result, rows, rejects = read(tmp_path, "export.csv", text, defaults=Defaults(time_zone="UTC"))
    assert result.reading.known_export == export
    found = [Decimal(row["amount_minor"]).scaleb(-4) for row in sorted(rows, key=lambda row: int(row["row"]))]
    assert found == [Decimal(amount) for amount in amounts]
    assert len(rejects) == listed
    parts = result.accounting
    assert parts.landed == len(amounts)
    assert parts.lines == (
        parts.landed + parts.listed + parts.header + parts.preamble + parts.continuation + parts.total + parts.blank
    )
