# ruff: noqa: E501
"""Invented rows of each known export, and what must come of them: (amount, day, account, currency, counterparty)."""

from typing import NamedTuple

Expected = tuple[str, str, str | None, str | None, str | None]


class Sample(NamedTuple):
    """`rows`: the cells of `columns`, split by "|"; the export's other columns are empty. `states`: rows not booked."""

    delimiter: str
    columns: str
    rows: list[str]
    expected: list[Expected]
    states: int = 0


SAMPLES: dict[str, Sample] = {
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
    "Belfius, CSV": Sample(
        ";", "Rekening|Boekingsdatum|Naam tegenpartij bevat|Bedrag|Devies|Landcode",
        ["BE10 0000 0000 0001|14/03/2026|Frituur Zon|-7,20|EUR|BE", "BE10 0000 0000 0001|02/03/2026|Haven NV|900,00|EUR|BE"],
        [("-7.2", "2026-03-14", "BE10 0000 0000 0001", "EUR", "Frituur Zon"), ("900", "2026-03-02", "BE10 0000 0000 0001", "EUR", "Haven NV")],
    ),
    "BoursoBank (Boursorama), CSV": Sample(
        ";", "dateOp|label|supplierFound|amount|accountNum|accountbalance",
        ["2026-03-14|CARTE 13/03|fromagerie|-1 100,50|00012|37.29", "2026-03-02|VIR|atelier|266,00|00012|37.29"],
        [("-1100.5", "2026-03-14", "00012", "EUR", "fromagerie"), ("266", "2026-03-02", "00012", "EUR", "atelier")],
    ),
    "Sparkasse, CSV-CAMT": Sample(
        ";", "Auftragskonto|Buchungstag|Beguenstigter/Zahlungspflichtiger|Betrag|Waehrung|Info",
        ["DE01|14.03.26|Bäckerei Ahorn|-11,50|EUR|Umsatz gebucht", "DE01|02.03.26|Werft Nordlicht|1.250,00|EUR|Umsatz gebucht", "DE01|15.03.26|Kino|-9,00|EUR|Umsatz vorgemerkt"],
        [("-11.5", "2026-03-14", "DE01", "EUR", "Bäckerei Ahorn"), ("1250", "2026-03-02", "DE01", "EUR", "Werft Nordlicht")], 1,
    ),
    "Volksbank (Atruvia), CSV": Sample(
        ";", "IBAN Auftragskonto|Buchungstag|Name Zahlungsbeteiligter|Betrag|Waehrung|Saldo nach Buchung",
        ["DE02|14.03.2026|Bäckerei Ahorn|-45,20|EUR|1.204,80", "DE02|02.03.2026|Werft Nordlicht|1.250,00|EUR|1.250,00"],
        [("-45.2", "2026-03-14", "DE02", "EUR", "Bäckerei Ahorn"), ("1250", "2026-03-02", "DE02", "EUR", "Werft Nordlicht")],
    ),
    "Volksbank, CSV before Atruvia": Sample(
        ";", "Buchungstag|Zahlungsempfänger|Währung|Umsatz|Soll/Haben",
        ["14.03.2026|Bäckerei Ahorn|EUR|24,15|S", "02.03.2026|Werft Nordlicht|EUR|1.250,00|H"],
        [("-24.15", "2026-03-14", None, "EUR", "Bäckerei Ahorn"), ("1250", "2026-03-02", None, "EUR", "Werft Nordlicht")],
    ),
    "DKB, CSV since 2023": Sample(
        ";", "Buchungsdatum|Status|Zahlungsempfänger*in|Betrag (€)",
        ["14.03.26|Gebucht|Bäckerei Ahorn|-54,30", "13.03.26|Gebucht|Ich|120,00", "15.03.26|Vorgemerkt|Kino|-7,02"],
        [("-54.3", "2026-03-14", None, "EUR", None), ("120", "2026-03-13", None, "EUR", None)], 1,
    ),
    "Swedbank Sweden, CSV": Sample(
        ",", "Kontonummer|Valuta|Bokföringsdag|Referens|Belopp|Bokfört saldo",
        ["1234567|SEK|2026-03-14|Glasbruket|-120.50|879.50", "1234567|SEK|2026-03-02|Varvet AB|1000.00|1000.00"],
        [("-120.5", "2026-03-14", "1234567", "SEK", "Glasbruket"), ("1000", "2026-03-02", "1234567", "SEK", "Varvet AB")],
    ),
    "Lloyds, Halifax, Bank of Scotland and TSB, CSV": Sample(
        ",", "Transaction Date|Account Number|Debit Amount|Credit Amount|Balance",
        ["14/03/2026|12345678|12.50||137.50", "02/03/2026|12345678||150.00|150.00"],
        [("-12.5", "2026-03-14", "12345678", "GBP", None), ("150", "2026-03-02", "12345678", "GBP", None)],
    ),
    "Barclays, CSV": Sample(
        ",", "Date|Account|Amount|Memo", ["03/04/2026|20-00-00 1|-10.99|KITES", "02/04/2026|20-00-00 1|245.00|PIER"],
        [("-10.99", "2026-04-03", "20-00-00 1", "GBP", None), ("245", "2026-04-02", "20-00-00 1", "GBP", None)],
    ),
    "Starling GBP, CSV": Sample(
        ",", "Date|Counter Party|Amount (GBP)|Balance (GBP)", ["03/04/2026|Kites|-5.50|94.50", "04/04/2026|Pier|20.00|114.50"],
        [("-5.5", "2026-04-03", None, "GBP", "Kites"), ("20", "2026-04-04", None, "GBP", "Pier")],
    ),
    "Discover card, CSV": Sample(
        ",", "Trans. Date|Description|Amount", ["03/05/2026|KITE SHOP|42.10", "03/10/2026|PAYMENT|-200.00"],
        [("-42.1", "2026-03-05", None, "USD", None), ("200", "2026-03-10", None, "USD", None)],
    ),
    "Capital One card, CSV": Sample(
        ",", "Transaction Date|Card No.|Debit|Credit", ["2026-03-05|7001|15.92|", "2026-03-10|7001||72.00"],
        [("-15.92", "2026-03-05", "7001", "USD", None), ("72", "2026-03-10", "7001", "USD", None)],
    ),
    "M-Pesa statement, CSV": Sample(
        ",", "Receipt No.|Completion Time|Transaction Status|Paid In|Withdrawn|Balance",
        ["QA1|2026-03-14 10:15:00|Completed||-300.00|934.00", "QA2|2026-03-14 12:00:00|Completed|500.00||1434.00", "QA3|2026-03-14 13:00:00|Failed||-50.00|1434.00"],
        [("-300", "2026-03-14", None, "KES", None), ("500", "2026-03-14", None, "KES", None)], 1,
    ),
    "HDFC Bank, CSV": Sample(
        ",", "Date|Narration|Withdrawal Amt.|Deposit Amt.|Closing Balance",
        ["02/04/26|UPI-KITES|450.00||9550.00", "03/04/26|SALARY||8500.00|18050.00"],
        [("-450", "2026-04-02", None, "INR", None), ("8500", "2026-04-03", None, "INR", None)],
    ),
    "PayPal activity, CSV": Sample(
        ",", "Date|Time|Name|Type|Status|Currency|Gross|Fee|Net|Transaction ID|Balance|Balance Impact",
        ["03/14/2026|10:00:00|Kites|Payment|Completed|EUR|100.00|-3.40|96.60|P1|96.60|Credit", "03/15/2026|10:00:00|Pier|Payment|Completed|EUR|-20.00|0.00|-20.00|P2|76.60|Debit",
         "03/16/2026|10:00:00|Inn|Account Hold|Completed|EUR|-10.00|0.00|-10.00|P3|76.60|Memo", "03/17/2026|10:00:00|Inn|Payment|Pending|EUR|-5.00|0.00|-5.00|P4|76.60|Debit"],
        [("96.6", "2026-03-14", None, "EUR", "Kites"), ("-20", "2026-03-15", None, "EUR", "Pier")], 2,
    ),
    "Revolut account statement, CSV": Sample(
        ",", "Type|Product|Started Date|Completed Date|Description|Amount|Fee|Currency|State|Balance",
        ["TOPUP|Current|2026-03-01 09:00:00|2026-03-01 09:00:05|Top-up|200.00|0.00|EUR|COMPLETED|200.00", "EXCHANGE|Current|2026-03-02 09:00:00|2026-03-02 09:00:05|To USD|-50.00|0.25|EUR|COMPLETED|149.75",
         "CARD_PAYMENT|Current|2026-03-03 09:00:00||Inn|-9.00|0.00|EUR|REVERTED|", "CARD_PAYMENT|Current|2026-03-04 09:00:00||Inn|-8.00|0.00|EUR|PENDING|"],
        [("200", "2026-03-01", "Current", "EUR", None), ("-50.25", "2026-03-02", "Current", "EUR", None)], 2,
    ),
    "Stripe itemised balance change, CSV": Sample(
        ",", "balance_transaction_id|created_utc|currency|gross|fee|net|reporting_category",
        ["txn_1|2026-03-14 09:12:00|eur|45.91|0.94|44.97|charge", "txn_2|2026-03-15 09:12:00|eur|-19.00|0.00|-19.00|refund"],
        [("44.97", "2026-03-14", None, "EUR", None), ("-19", "2026-03-15", None, "EUR", None)],
    ),
    "Adyen settlement details, CSV": Sample(
        ",", "Merchant Account|Creation Date|Type|Gross Currency|Gross Credit (GC)|Net Currency|Net Debit (NC)|Net Credit (NC)",
        ["Shop|2026-03-14 09:00:00|Settled|GBP|40.00|GBP||39.20", "Shop|2026-03-15 23:00:00|MerchantPayout|GBP||GBP|39.20|"],
        [("39.2", "2026-03-14", "Shop", "GBP", None), ("-39.2", "2026-03-15", "Shop", "GBP", None)],
    ),
    'comdirect current account, CSV': Sample(
        ';', 'Buchungstag|Vorgang|Umsatz in EUR',
        ['14.03.2026|Karte|-18,80', '02.03.2026|Gutschrift|1.300'],
        [('-18.8', '2026-03-14', None, 'EUR', None), ('1300', '2026-03-02', None, 'EUR', None)],
    ),
    'ING Germany, CSV': Sample(
        ';', 'Buchung|Auftraggeber/Empfänger|Betrag|Währung',
        ['14.03.2026|Ahorn|-78,00|EUR', '13.03.2026|Werft|1.234,56|EUR'],
        [('-78', '2026-03-14', None, 'EUR', 'Ahorn'), ('1234.56', '2026-03-13', None, 'EUR', 'Werft')],
    ),
    'ING Germany, CSV with balance': Sample(
        ';', 'Buchung|Auftraggeber/Empfänger|Betrag|Währung|Saldo',
        ['14.03.2026|Ahorn|-78,00|EUR|1.156,56', '13.03.2026|Werft|1.234,56|EUR|1.234,56'],
        [('-78', '2026-03-14', None, 'EUR', 'Ahorn'), ('1234.56', '2026-03-13', None, 'EUR', 'Werft')],
    ),
    'ING Germany, CSV with balance, before 2024': Sample(
        ';', 'Buchung|Auftraggeber/Empfänger|Betrag|Währung|Saldo',
        ['14.03.2026|Ahorn|-78,00|EUR|1.156,56', '13.03.2026|Werft|1.234,56|EUR|1.234,56'],
        [('-78', '2026-03-14', None, 'EUR', 'Ahorn'), ('1234.56', '2026-03-13', None, 'EUR', 'Werft')],
    ),
    'N26, CSV since 2024': Sample(
        ',', 'Booking Date|Partner Name|Account Name|Amount (EUR)',
        ['2026-03-14|Ahorn|Main|-8.99', '2026-03-15|Werft|Main|1000.00'],
        [('-8.99', '2026-03-14', 'Main', 'EUR', 'Ahorn'), ('1000', '2026-03-15', 'Main', 'EUR', 'Werft')],
    ),
    'Avanza transactions, CSV before 2024': Sample(
        ';', 'Datum|Konto|Typ av transaktion|Antal|Kurs|Belopp|Valuta',
        ['2026-03-14|1111|Köp|10|100|-1050,25|SEK', '2026-03-02|1111|Insättning|||10000|SEK'],
        [('-1050.25', '2026-03-14', '1111', 'SEK', None), ('10000', '2026-03-02', '1111', 'SEK', None)],
    ),
    'Avanza transactions, CSV of 2024': Sample(
        ';', 'Datum|Konto|Typ av transaktion|Antal|Kurs|Belopp|Transaktionsvaluta',
        ['2026-03-14|1111|Köp|10|100|-1050,25|SEK', '2026-03-02|1111|Insättning|||10000|SEK'],
        [('-1050.25', '2026-03-14', '1111', 'SEK', None), ('10000', '2026-03-02', '1111', 'SEK', None)],
    ),
    'Avanza transactions, CSV since 2025': Sample(
        ';', 'Datum|Konto|Typ av transaktion|Antal|Kurs|Belopp|Transaktionsvaluta',
        ['2026-03-14|1111|Köp|10|100|-1050,25|SEK', '2026-03-02|1111|Insättning|||10000|SEK'],
        [('-1050.25', '2026-03-14', '1111', 'SEK', None), ('10000', '2026-03-02', '1111', 'SEK', None)],
    ),
    'OP, CSV with account and BIC in one': Sample(
        ';', 'Kirjauspäivä|Määrä EUROA|Saaja/Maksaja',
        ['14.03.2026|-29,90|Leipomo', '13.03.2026|+500,00|Telakka Oy'],
        [('-29.9', '2026-03-14', None, 'EUR', 'Leipomo'), ('500', '2026-03-13', None, 'EUR', 'Telakka Oy')],
    ),
    'OP, CSV with account and BIC apart': Sample(
        ';', 'Kirjauspäivä|Määrä EUROA|Saaja/Maksaja',
        ['14.03.2026|-29,90|Leipomo', '13.03.2026|+500,00|Telakka Oy'],
        [('-29.9', '2026-03-14', None, 'EUR', 'Leipomo'), ('500', '2026-03-13', None, 'EUR', 'Telakka Oy')],
    ),
    'Monzo, CSV': Sample(
        ',', 'Transaction ID|Date|Time|Name|Amount|Currency|Money Out|Money In',
        ['tx_1|03/04/2026|09:12:00|Kites|-18.00|GBP|-18.00|', 'tx_2|04/04/2026|09:12:00|Pier|450.00|GBP||450.00'],
        [('-18', '2026-04-03', None, 'GBP', 'Kites'), ('450', '2026-04-04', None, 'GBP', 'Pier')],
    ),
    'Starling EUR, CSV': Sample(
        ',', 'Date|Counter Party|Amount (EUR)|Balance (EUR)',
        ['03/04/2026|Kites|-5.50|94.50', '04/04/2026|Pier|20.00|114.50'],
        [('-5.5', '2026-04-03', None, 'EUR', 'Kites'), ('20', '2026-04-04', None, 'EUR', 'Pier')],
    ),
    'Chase checking and savings, CSV': Sample(
        ',', 'Details|Posting Date|Amount|Balance',
        ['DEBIT|03/04/2026|-140.00|2560.00', 'CREDIT|03/03/2026|700.00|2700.00'],
        [('-140', '2026-03-04', None, 'USD', None), ('700', '2026-03-03', None, 'USD', None)],
    ),
    'Chase credit card, CSV': Sample(
        ',', 'Transaction Date|Description|Type|Amount',
        ['03/24/2026|KITES|Sale|-15.49', '03/25/2026|THANKS|Payment|200.00'],
        [('-15.49', '2026-03-24', None, 'USD', None), ('200', '2026-03-25', None, 'USD', None)],
    ),
    'Wise balance statement, CSV': Sample(
        ',', 'TransferWise ID|Date|Amount|Currency|Running Balance|Payee Name|Total fees',
        ['T1|04-03-2026|-20.00|EUR|480.00|Kites|0.50', 'T2|03-03-2026|500.00|EUR|500.00||0.00'],
        [('-20', '2026-03-04', None, 'EUR', 'Kites'), ('500', '2026-03-03', None, 'EUR', None)],
    ),
}  # fmt: skip
