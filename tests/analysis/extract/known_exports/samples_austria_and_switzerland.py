# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: austria and switzerland."""

from tests.analysis.extract.known_exports.sample import Sample

AUSTRIA_AND_SWITZERLAND: dict[str, Sample] = {
    "Erste Bank and Sparkasse (George), CSV": Sample(
        ",", "Eigener Kontoname|Eigene IBAN|Buchungsdatum|Partnername|Partner Kontonummer|Bankleitzahl|Betrag|Währung",
        ["Girokonto|AT01|31.03.2026|Trafik|9971971982|20815|-1.044,72|EUR", "Girokonto|AT01|30.03.2026|Hütte|9971971983|20815|2.500,00|EUR"],
        [("-1044.72", "2026-03-31", "AT01", "EUR", "Trafik"), ("2500", "2026-03-30", "AT01", "EUR", "Hütte")],
    ),
    "Raiffeisen Austria (Mein ELBA), CSV without a header": Sample(
        ";", "column 1|column 2|column 3|column 4|column 5|column 6",
        ["30.03.2026|Trafik Wien|31.03.2026|-1.175,16|EUR|30.03.2026 23:59:59:999", "29.03.2026|Gehalt Hütte|29.03.2026|2.500,00|EUR|29.03.2026 10:00:00:000"],
        [("-1175.16", "2026-03-30", None, "EUR", None), ("2500", "2026-03-29", None, "EUR", None)],
    ),
    "BAWAG and easybank, CSV without a header": Sample(
        ";", "column 1|column 2|column 3|column 4|column 5|column 6",
        ["AT021400000000000002|Bezahlung Karte MC/000003092 Trafik|17.03.2026|14.03.2026|-10,98|EUR", "AT021400000000000002|Gutschrift Hütte|16.03.2026|16.03.2026|+2.500,00|EUR"],
        [("-10.98", "2026-03-17", "AT021400000000000002", "EUR", None), ("2500", "2026-03-16", "AT021400000000000002", "EUR", None)],
    ),
    "Bank Austria, CSV": Sample(
        ";", "Buchungsdatum|Valutadatum|Buchungstext|Währung|Betrag|Empfängerkonto",
        ["17.03.2026|16.03.2026|Trafik|EUR|-1.010,98|1234", "16.03.2026|16.03.2026|Hütte|EUR|2.500,00|5678"],
        [("-1010.98", "2026-03-17", None, "EUR", None), ("2500", "2026-03-16", None, "EUR", None)],
    ),
    "PostFinance, CSV since 2024": Sample(
        ";", "Datum|Avisierungstext|Gutschrift in CHF|Lastschrift in CHF|Kategorie|Valuta|Saldo in CHF",
        ["30.03.2026|Einkauf Alpkiosk||-23.4|Lebensmittel|30.03.2026|4976.60", "29.03.2026|Gutschrift Seilbahn|5000||Lohn|29.03.2026|5000.00"],
        [("-23.4", "2026-03-30", None, "CHF", None), ("5000", "2026-03-29", None, "CHF", None)], above="Datum von:;=\"01.03.2026\"\nDatum bis:;=\"31.03.2026\"\nKonto:;=\"CH0000000000000000000\"\nWährung:;=\"CHF\"\n",
    ),
    "PostFinance, CSV of 2023": Sample(
        ";", "Datum|Bewegungstyp|Avisierungstext|Gutschrift in CHF|Lastschrift in CHF|Kategorie",
        ["30.03.2026|Belastung|Einkauf Alpkiosk||-23.40|Lebensmittel", "29.03.2026|Gutschrift|Gutschrift Seilbahn|5200.00||Lohn"],
        [("-23.4", "2026-03-30", None, "CHF", None), ("5200", "2026-03-29", None, "CHF", None)], above="Datum von:;=\"01.03.2026\"\nKonto:;=\"CH0000000000000000000\"\nWährung:;=\"CHF\"\n",
    ),
    "PostFinance, CSV before 2023": Sample(
        ";", "Buchungsdatum|Avisierungstext|Gutschrift in CHF|Lastschrift in CHF|Valuta|Saldo in CHF",
        ["16.03.2021|LASTSCHRIFT||-45.90|16.03.2021|954.10", "15.03.2021|GUTSCHRIFT QR|350.00||15.03.2021|1000.00"],
        [("-45.9", "2021-03-16", None, "CHF", None), ("350", "2021-03-15", None, "CHF", None)],
    ),
    "PostFinance euro account, CSV before 2023": Sample(
        ";", "Buchungsdatum|Avisierungstext|Gutschrift in EUR|Lastschrift in EUR|Valuta|Saldo in EUR",
        ["16.03.2021|LASTSCHRIFT||-45.90|16.03.2021|954.10", "15.03.2021|GUTSCHRIFT QR|350.00||15.03.2021|1000.00"],
        [("-45.9", "2021-03-16", None, "EUR", None), ("350", "2021-03-15", None, "EUR", None)],
    ),
    "UBS, CSV in German": Sample(
        ";", "Abschlussdatum|Abschlusszeit|Buchungsdatum|Valutadatum|Währung|Belastung|Gutschrift|Saldo|Transaktions-Nr.|Beschreibung1",
        ["2026-03-29|14:23:05|2026-03-30|2026-03-30|CHF|-23.40||4976.60|T1|Alpkiosk", "||2026-03-28|2026-03-28|CHF||5000.00|5000.00|T2|Seilbahn"],
        [("-23.4", "2026-03-30", None, "CHF", "Alpkiosk"), ("5000", "2026-03-28", None, "CHF", "Seilbahn")], above="Kontonummer:;0000 00000000.00A;\nIBAN:;CH00;\nVon:;2026-03-01;\nBis:;2026-03-31;\nBewertet in:;CHF;\n",
    ),
    "UBS, CSV in English": Sample(
        ";", "Trade date|Trade time|Booking date|Value date|Currency|Debit|Credit|Balance|Transaction no.|Description1",
        ["2026-03-29||2026-03-30|2026-03-30|CHF|-23.40||4976.60|T1|Alpkiosk", "2026-03-28|12:27:27|2026-03-28|2026-03-28|CHF||5000.00|5000.00|T2|Seilbahn"],
        [("-23.4", "2026-03-30", None, "CHF", "Alpkiosk"), ("5000", "2026-03-28", None, "CHF", "Seilbahn")], above="Account number:;0000 00000000.00X;\nIBAN:;CH00;\nFrom:;2026-03-01;\nUntil:;2026-03-31;\nOpening balance:;100.00;\nClosing balance:;130.00;\nValued in:;CHF;\nNumbers of transactions in this period:;2;\n",
    ),
    "Zürcher Kantonalbank, CSV": Sample(
        ";", "Datum|Buchungstext|Whg|Betrag Detail|ZKB-Referenz|Belastung CHF|Gutschrift CHF|Valuta|Saldo CHF",
        ["03.03.2026|Einkauf: Alpkiosk|EUR|85.00|Z1|80.00||04.03.2026|177'923.47", "02.03.2026|Gutschrift: Seilbahn|||Z2||1'705.00|02.03.2026|178'003.47"],
        [("-80", "2026-03-03", None, "CHF", None), ("1705", "2026-03-02", None, "CHF", None)],
    ),
    "Raiffeisen Switzerland, CSV": Sample(
        ";", "IBAN|Booked At|Text|Credit/Debit Amount|Balance|Valuta Date",
        ["CH93|2026-03-30 00:00:00.0|Alpkiosk|-23.4|1211.16|2026-03-30 00:00:00.0", "CH93|2026-03-29 00:00:00.0|Gutschrift Seilbahn|1200|1234.56|2026-03-29 00:00:00.0"],
        [("-23.4", "2026-03-30", "CH93", "CHF", None), ("1200", "2026-03-29", "CH93", "CHF", None)],
    ),
    "Credit Suisse, CSV": Sample(
        ",", "Buchungsdatum|Text|Belastung|Gutschrift|Valutadatum|Saldo",
        ["12.03.2012|Vergütungsauftr. Alpkiosk|10000.00||12.03.2012|4965.05", "12.03.2012|Vergütungsauftr. Hütte|20000.00||12.03.2012|", "09.03.2012|Vergütung Seilbahn||33849.60|09.03.2012|34965.05"],
        [("-10000", "2012-03-12", None, None, None), ("-20000", "2012-03-12", None, None, None), ("33849.6", "2012-03-09", None, None, None)],
    ),
}  # fmt: skip
