# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: sweden."""

from tests.analysis.extract.known_exports.sample import Sample

SWEDEN: dict[str, Sample] = {
    "Swedbank Sweden, CSV": Sample(
        ",", "Kontonummer|Valuta|Bokföringsdag|Referens|Belopp|Bokfört saldo",
        ["1234567|SEK|2026-03-14|Glasbruket|-120.50|879.50", "1234567|SEK|2026-03-02|Varvet AB|1000.00|1000.00"],
        [("-120.5", "2026-03-14", "1234567", "SEK", "Glasbruket"), ("1000", "2026-03-02", "1234567", "SEK", "Varvet AB")],
    ),
    "Avanza transactions, CSV before 2024": Sample(
        ";", "Datum|Konto|Typ av transaktion|Antal|Kurs|Belopp|Valuta",
        ["2026-03-14|1111|Köp|10|100|-1050,25|SEK", "2026-03-02|1111|Insättning|||10000|SEK"],
        [("-1050.25", "2026-03-14", "1111", "SEK", None), ("10000", "2026-03-02", "1111", "SEK", None)],
    ),
    "Avanza transactions, CSV of 2024": Sample(
        ";", "Datum|Konto|Typ av transaktion|Antal|Kurs|Belopp|Transaktionsvaluta",
        ["2026-03-14|1111|Köp|10|100|-1050,25|SEK", "2026-03-02|1111|Insättning|||10000|SEK"],
        [("-1050.25", "2026-03-14", "1111", "SEK", None), ("10000", "2026-03-02", "1111", "SEK", None)],
    ),
    "Avanza transactions, CSV since 2025": Sample(
        ";", "Datum|Konto|Typ av transaktion|Antal|Kurs|Belopp|Transaktionsvaluta",
        ["2026-03-14|1111|Köp|10|100|-1050,25|SEK", "2026-03-02|1111|Insättning|||10000|SEK"],
        [("-1050.25", "2026-03-14", "1111", "SEK", None), ("10000", "2026-03-02", "1111", "SEK", None)],
    ),
    "Handelsbanken Sweden, CSV and Excel": Sample(
        ";", "Reskontradatum|Transaktionsdatum|Text|Belopp|Saldo",
        ["2026-03-14|2026-03-13|GLASBRUKET|-432,50|12444,67", "2026-03-13|2026-03-13|LÖN|25000,00|12877,17"],
        [("-432.5", "2026-03-14", None, "SEK", None), ("25000", "2026-03-13", None, "SEK", None)],
    ),
    "SEB Sweden, CSV": Sample(
        ";", "Bokföringsdatum|Valutadatum|Verifikationsnummer|Text|Belopp|Saldo",
        ["2026-03-11|2026-03-11|1000000001|GLASBRUKET /26-03-10|-30.000|970.000", "2026-03-10|2026-03-10|1000000002|46700000001|200.500|1000.000"],
        [("-30", "2026-03-11", None, "SEK", None), ("200.5", "2026-03-10", None, "SEK", None)],
    ),
    "SEB Sweden, Excel before 2021": Sample(
        ";", "Bokföringsdatum|Valutadatum|Verifikationsnummer|Text/mottagare|Belopp|Saldo",
        ["2020-03-11|2020-03-11|1000000001|GLASBRUKET|-30,00|970,00", "2020-03-10|2020-03-10|1000000002|LÖN|1 200,50|1 000,00"],
        [("-30", "2020-03-11", None, "SEK", None), ("1200.5", "2020-03-10", None, "SEK", None)],
    ),
    "Nordea Sweden, CSV": Sample(
        ";", "Bokföringsdag|Belopp|Avsändare|Mottagare|Namn|Rubrik|Saldo|Valuta",
        ["2026/03/21|-1500,00|1709 20||Glasbruket|Swish|4995,52|SEK", "2026/03/20|3737,50||1709 20|Varvet|Lön|6495,52|SEK"],
        [("-1500", "2026-03-21", None, "SEK", "Glasbruket"), ("3737.5", "2026-03-20", None, "SEK", "Varvet")],
    ),
    "Nordea Sweden, CSV with further details": Sample(
        ";", "Bokföringsdag|Belopp|Avsändare|Mottagare|Namn|Ytterligare detaljer|Saldo|Valuta",
        ["2026/03/29|-1158,75||5343-2795|Glasbruket|GLASBRUKET|9911,33|SEK", "2026/03/19|200,57|||Varvet|VARVET|11070,08|SEK"],
        [("-1158.75", "2026-03-29", None, "SEK", "Glasbruket"), ("200.57", "2026-03-19", None, "SEK", "Varvet")],
    ),
    "Nordea Sweden, CSV before 2019": Sample(
        ";", "Datum|Transaktion|Kategori|Belopp|Saldo",
        ["2018-03-05|Glasbruket|Övrigt|-1 234,50|8 765,50", "2018-03-04|Lön|Lön|2 000,00|10 000,00"],
        [("-1234.5", "2018-03-05", None, "SEK", None), ("2000", "2018-03-04", None, "SEK", None)],
    ),
    "Länsförsäkringar, CSV": Sample(
        ";", "Bokföringsdatum|Transaktionsdatum|Transaktionstyp|Meddelande|Belopp",
        ["2026-03-27|2026-03-27|Kortköp|GLASBRUKET|-387,27", "2026-03-26|2026-03-26|Överföring|VARVET|44 134,00"],
        [("-387.27", "2026-03-27", None, "SEK", None), ("44134", "2026-03-26", None, "SEK", None)], above="\"Kontonummer\";\"Kontonamn\";\"\";\"Saldo\";\"Tillgängligt belopp\"\n\"1234\";\"Buffert\";\"\";\"54 000,00\";\"54 000,00\"\n",
    ),
    "ICA Banken, CSV": Sample(
        ";", "Datum|Text|Typ|Budgetgrupp|Belopp|Saldo",
        ["2026-03-04|Glasbruket|Korttransaktion|Övrigt|-192,75 kr|-19 961,17 kr", "2026-03-03|Lön|Insättning|Lön|12 000,00 kr|-19 768,42 kr"],
        [("-192.75", "2026-03-04", None, "SEK", None), ("12000", "2026-03-03", None, "SEK", None)], above="9274-123 456 7",
    ),
    "Swedbank Sweden business account, Excel": Sample(
        ";", "Radnummer|Bokföringsdatum|Transaktionsdatum|Valutadatum|Transaktionstyp|Referens|Belopp|Bokfört saldo",
        ["1|2026-03-30|2026-03-30|2026-04-02|Bankgiro inbetalning|57744724|62500.00|89623.28", "2|2026-03-19|2026-03-19|2026-03-19|Bankgiro|BET 44556|-3500.00|27123.28"],
        [("62500", "2026-03-30", None, "SEK", None), ("-3500", "2026-03-19", None, "SEK", None)],
    ),
}  # fmt: skip
