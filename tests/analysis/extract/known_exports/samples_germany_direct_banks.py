# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: germany direct banks."""

from tests.analysis.extract.known_exports.sample import Sample

GERMAN_DIRECT_BANKS: dict[str, Sample] = {
    "DKB, CSV since 2023": Sample(
        ";", "Buchungsdatum|Status|Zahlungsempfänger*in|Betrag (€)",
        ["14.03.26|Gebucht|Bäckerei Ahorn|-54,30", "13.03.26|Gebucht|Ich|120,00", "15.03.26|Vorgemerkt|Kino|-7,02"],
        [("-54.3", "2026-03-14", None, "EUR", None), ("120", "2026-03-13", None, "EUR", None)], 1,
    ),
    "comdirect current account, CSV": Sample(
        ";", "Buchungstag|Vorgang|Umsatz in EUR",
        ["14.03.2026|Karte|-18,80", "02.03.2026|Gutschrift|1.300"],
        [("-18.8", "2026-03-14", None, "EUR", None), ("1300", "2026-03-02", None, "EUR", None)],
    ),
    "ING Germany, CSV": Sample(
        ";", "Buchung|Auftraggeber/Empfänger|Betrag|Währung",
        ["14.03.2026|Ahorn|-78,00|EUR", "13.03.2026|Werft|1.234,56|EUR"],
        [("-78", "2026-03-14", None, "EUR", "Ahorn"), ("1234.56", "2026-03-13", None, "EUR", "Werft")],
    ),
    "ING Germany, CSV with balance": Sample(
        ";", "Buchung|Auftraggeber/Empfänger|Betrag|Währung|Saldo",
        ["14.03.2026|Ahorn|-78,00|EUR|1.156,56", "13.03.2026|Werft|1.234,56|EUR|1.234,56"],
        [("-78", "2026-03-14", None, "EUR", "Ahorn"), ("1234.56", "2026-03-13", None, "EUR", "Werft")],
    ),
    "ING Germany, CSV with balance, before 2024": Sample(
        ";", "Buchung|Auftraggeber/Empfänger|Betrag|Währung|Saldo",
        ["14.03.2026|Ahorn|-78,00|EUR|1.156,56", "13.03.2026|Werft|1.234,56|EUR|1.234,56"],
        [("-78", "2026-03-14", None, "EUR", "Ahorn"), ("1234.56", "2026-03-13", None, "EUR", "Werft")],
    ),
    "N26, CSV since 2024": Sample(
        ",", "Booking Date|Partner Name|Account Name|Amount (EUR)",
        ["2026-03-14|Ahorn|Main|-8.99", "2026-03-15|Werft|Main|1000.00"],
        [("-8.99", "2026-03-14", "Main", "EUR", "Ahorn"), ("1000", "2026-03-15", "Main", "EUR", "Werft")],
    ),
    "DKB current account, CSV before 2023": Sample(
        ";", "Buchungstag|Wertstellung|Buchungstext|Auftraggeber / Begünstigter|Kontonummer|BLZ|Betrag (EUR)",
        ["14.03.2023|14.03.2023|Lastschrift|Bäckerei Ahorn|DE75|AARBDE5W|-95,00", "13.03.2023|13.03.2023|Gutschrift|Werft|DE76|AARBDE5W|1.345,67", "13.03.2023|13.03.2023|Tagessaldo||||1.250,67"],
        [("-95", "2023-03-14", None, "EUR", "Bäckerei Ahorn"), ("1345.67", "2023-03-13", None, "EUR", "Werft")], above="\"Kontonummer:\";\"DE00 / Girokonto\";\n\n\"Von:\";\"01.03.2023\";\n\"Bis:\";\"31.03.2023\";\n\"Kontostand vom 31.03.2023:\";\"1.234,56 EUR\";\n",
    ),
    "DKB card, CSV before 2023": Sample(
        ";", "Umsatz abgerechnet und nicht im Saldo enthalten|Wertstellung|Belegdatum|Beschreibung|Betrag (EUR)|Ursprünglicher Betrag",
        ["Nein|02.03.2022|01.03.2022|AHORN|-5,15|-5,95 USD", "Ja|12.03.2022|11.03.2022|HABENZINSEN|2,00|"],
        [("-5.15", "2022-03-01", None, "EUR", None), ("2", "2022-03-11", None, "EUR", None)], above="\"Kreditkarte:\";\"4998********1234\";\n\n\"Von:\";\"01.03.2022\";\n\"Bis:\";\"19.03.2022\";\n\"Saldo:\";\"12345.67 EUR\";\n\"Datum:\";\"19.03.2022\";\n",
    ),
    "DKB card, CSV since 2023": Sample(
        ";", "Belegdatum|Wertstellung|Status|Beschreibung|Umsatztyp|Betrag (€)",
        ["18.03.26|20.03.26|Gebucht|AHORN|Im Geschäft|-10,05", "17.03.26|16.03.26|Gebucht|Einzahlung|Unbekannt|200", "19.03.26|19.03.26|Vorgemerkt|KINO|Im Geschäft|-8,00"],
        [("-10.05", "2026-03-18", None, "EUR", None), ("200", "2026-03-17", None, "EUR", None)], states=1, above="\"Karte\";\"Visa Kreditkarte\";\"4930 1234\"\n\"\"\n\"Saldo vom 23.03.2026:\";\"-0 EUR\"\n\"\"",
    ),
    "DKB card, CSV since 2023 with the currency beside the amount": Sample(
        ";", "Belegdatum|Wertstellung|Status|Beschreibung|Umsatztyp|Betrag",
        ["28.03.26|29.03.26|Gebucht|HOTEL AHORN|Im Geschäft|-42,00 €", "20.03.26|21.03.26|Gebucht|Ausgleich|Lastschrift|157,90 €"],
        [("-42", "2026-03-28", None, "EUR", None), ("157.9", "2026-03-20", None, "EUR", None)],
    ),
    "Consorsbank, CSV": Sample(
        ";", "Buchung|Valuta|Sender / Empfänger|IBAN|Betrag|Währung|Umsatz geteilt",
        ["01.03.2026|01.03.2026|Werft|DE12|5.000,00|EUR|n/a", "02.03.2026|02.03.2026|Ahorn|DE45|−250,50|EUR|n/a"],
        [("5000", "2026-03-01", None, "EUR", "Werft"), ("-250.5", "2026-03-02", None, "EUR", "Ahorn")], above="Konto\nAllgemeine Informationen\nKontostand\nKontoumsätze",
    ),
    "Consorsbank, CSV before 2020": Sample(
        ";", "Buchung|Valuta|Sender / Empfänger|IBAN / Konto-Nr.|Betrag in EUR",
        ["27.03.2018|27.03.2018|Ahorn|922904916|-13,99", "26.03.2018|26.03.2018|Werft|922904917|1.313,99"],
        [("-13.99", "2018-03-27", None, "EUR", "Ahorn"), ("1313.99", "2018-03-26", None, "EUR", "Werft")],
    ),
    "N26, CSV before 2024": Sample(
        ",", "Date|Payee|Account number|Transaction type|Amount (EUR)|Amount (Foreign Currency)|Type Foreign Currency|Exchange Rate",
        ["2022-03-14|Ahorn|DE00|MasterCard Payment|-12.45|-13.00|USD|0.95", "2022-03-15|Werft|DE01|Income|1000.0|||"],
        [("-12.45", "2022-03-14", None, "EUR", "Ahorn"), ("1000", "2022-03-15", None, "EUR", "Werft")],
    ),
}  # fmt: skip
