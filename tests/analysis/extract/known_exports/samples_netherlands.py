# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: netherlands."""

from tests.analysis.extract.known_exports.sample import Sample

NETHERLANDS: dict[str, Sample] = {
    "ING Netherlands, CSV": Sample(
        ";", "Datum|Naam / Omschrijving|Rekening|Af Bij|Bedrag (EUR)|Saldo na mutatie",
        ["20260314|Fietsenmaker Dijk|NL11INGB0000000001|Af|34,50|65,50", "20260302|Molen BV|NL11INGB0000000001|Bij|1.100,00|100,00"],
        [("-34.5", "2026-03-14", "NL11INGB0000000001", "EUR", "Fietsenmaker Dijk"), ("1100", "2026-03-02", "NL11INGB0000000001", "EUR", "Molen BV")],
    ),
    "Rabobank, CSV": Sample(
        ",", "IBAN/BBAN|Munt|Datum|Bedrag|Saldo na trn|Naam tegenpartij",
        ["NL22RABO0000000002|EUR|2026-03-02|-12,40|+87,60|Kaashuis", "NL22RABO0000000002|EUR|2026-03-14|+1000,00|+1087,60|Molen BV"],
        [("-12.4", "2026-03-02", "NL22RABO0000000002", "EUR", "Kaashuis"), ("1000", "2026-03-14", "NL22RABO0000000002", "EUR", "Molen BV")],
    ),
    "ABN AMRO, Excel and CSV": Sample(
        ",", "Rekeningnummer|Muntsoort|Transactiedatum|Beginsaldo|Eindsaldo|Transactiebedrag",
        ["123456789|EUR|20260302|100,00|88,50|-11,50", "123456789|EUR|20260314|88,50|188,75|100,25"],
        [("-11.5", "2026-03-02", "123456789", "EUR", None), ("100.25", "2026-03-14", "123456789", "EUR", None)],
    ),
    "ING Netherlands, CSV in English": Sample(
        ";", "Date|Name / Description|Account|Debit/credit|Amount (EUR)|Resulting balance",
        ["20260314|Molen BV|NL11INGB0000000001|Debit|34,50|1.065,50", "20260302|Kaas|NL11INGB0000000001|Credit|1.100,00|1.100,00"],
        [("-34.5", "2026-03-14", "NL11INGB0000000001", "EUR", "Molen BV"), ("1100", "2026-03-02", "NL11INGB0000000001", "EUR", "Kaas")],
    ),
    "Rabobank, CSV without a header, before 2018": Sample(
        ",", "column 1|column 2|column 3|column 4|column 5|column 6|column 7|column 8|column 9|column 11|column 12",
        ["NL22RABO0000000002|EUR|20140318|D|3.00|||20140318|ba|Molen GRONINGEN|Betaalautomaat 14:42", "NL22RABO0000000002|EUR|20140320|C|1008.84|NL98RABO0000000098|Kaashuis|20140320|cb|factuur|"],
        [("-3", "2014-03-18", "NL22RABO0000000002", "EUR", None), ("1008.84", "2014-03-20", "NL22RABO0000000002", "EUR", "Kaashuis")],
    ),
    "ASN Bank, SNS and RegioBank, CSV without a header": Sample(
        ",", "column 1|column 2|column 3|column 4|column 8|column 9|column 10|column 11|column 12|column 13|column 14|column 15|column 16|column 17|column 18|column 19",
        ["04-03-2026|NL33ASNB0000000003|NL44INGB0000000004|Molen|EUR|2000.00|EUR|-1234.56|04-03-2026|04-03-2026|8810|INC|90043054|REF|huur|3", "05-03-2026|NL33ASNB0000000003||Kaashuis|EUR|765.44|EUR|2500.00|05-03-2026|05-03-2026|8820|OVB|90043055|||3"],
        [("-1234.56", "2026-03-04", "NL33ASNB0000000003", "EUR", "Molen"), ("2500", "2026-03-05", "NL33ASNB0000000003", "EUR", "Kaashuis")],
    ),
    "ASN Bank, CSV with a header": Sample(
        ",", "Boekingsdatum|Opdrachtgeversrekening|Naam tegenrekening|Valutasoort rekening|Saldo rekening voor mutatie|Valutasoort mutatie|Transactiebedrag|Journaaldatum",
        ["4-3-2026|NL33ASNB0000000003|Molen|EUR|2000.00|EUR|-1234.56|4-3-2026", "5-3-2026|NL33ASNB0000000003|Kaashuis|EUR|765.44|EUR|2500.00|5-3-2026"],
        [("-1234.56", "2026-03-04", "NL33ASNB0000000003", "EUR", "Molen"), ("2500", "2026-03-05", "NL33ASNB0000000003", "EUR", "Kaashuis")],
    ),
    "Triodos Netherlands, CSV without a header": Sample(
        ",", "column 1|column 2|column 3|column 4|column 5|column 7|column 8|column 9",
        ["04-03-2026|NL55TRIO0000000005|1.234,56|Debet|Molen|IC|huur|765,44", "05-03-2026|NL55TRIO0000000005|2.500,00|Credit|Kaashuis|ET|loon|3.265,44"],
        [("-1234.56", "2026-03-04", "NL55TRIO0000000005", "EUR", "Molen"), ("2500", "2026-03-05", "NL55TRIO0000000005", "EUR", "Kaashuis")],
    ),
    "Knab, CSV": Sample(
        ";", "Rekeningnummer|Transactiedatum|Valutacode|CreditDebet|Bedrag|Tegenrekeninghouder",
        ["NL66KNAB0000000006|04-03-2026|EUR|D|827,75|Molen", "NL66KNAB0000000006|05-03-2026|EUR|C|1.250,00|Kaashuis", "NL66KNAB0000000006|06-03-2026|EUR|Afschrijvingen|6,5|Krant"],
        [("-827.75", "2026-03-04", "NL66KNAB0000000006", "EUR", "Molen"), ("1250", "2026-03-05", "NL66KNAB0000000006", "EUR", "Kaashuis"), ("-6.5", "2026-03-06", "NL66KNAB0000000006", "EUR", "Krant")], above="KNAB EXPORT;;;;;;;;;;;;;;;",
    ),
    "bunq, CSV": Sample(
        ";", "Date|Interest Date|Amount|Account|Counterparty|Name|Description",
        ["2026-03-04|2026-03-04|-107,10|NL77BUNQ0000000007|NL01INGB0000000001|Molen|huur", "2026-03-05|2026-03-05|1.149,50|NL77BUNQ0000000007||Kaashuis|factuur"],
        [("-107.1", "2026-03-04", "NL77BUNQ0000000007", None, "Molen"), ("1149.5", "2026-03-05", "NL77BUNQ0000000007", None, "Kaashuis")],
    ),
}  # fmt: skip
