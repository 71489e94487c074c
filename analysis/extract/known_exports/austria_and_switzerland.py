"""Exports of banks of Austria and Switzerland."""

from analysis.extract.known_exports.entry import KnownExport, named, unnamed

AUSTRIA_AND_SWITZERLAND: tuple[KnownExport, ...] = (
    KnownExport(
        name="Erste Bank and Sparkasse (George), CSV",
        country="AT",
        header=named(
            "Eigener Kontoname|Eigene IBAN|Buchungsdatum|Partnername|Partner IBAN|BIC/SWIFT|Partner Kontonummer|"
            "Bankleitzahl|Betrag|Währung|Buchungs-Details|Buchungsreferenz|Notiz|Highlight|Valutadatum"
        ),
        columns={
            "account": "Eigene IBAN",
            "time": "Buchungsdatum",
            "counterparty": "Partnername",
            "amount": "Betrag",
            "currency": "Währung",
            "text": "Buchungs-Details",
            "transaction_id": "Buchungsreferenz",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Buchungsreferenz", "Notiz", "Highlight", "Valutadatum"),
        source="the code and tests of several open-source importers, Austrian",
    ),
    KnownExport(
        name="Raiffeisen Austria (Mein ELBA), CSV without a header",
        country="AT",
        header=unnamed(6),
        cells=(
            r"\d{2}\.\d{2}\.\d{4}",
            r".*",
            r"\d{2}\.\d{2}\.\d{4}",
            r"[-+]?[\d.]+,\d{2}",
            r"[A-Z]{3}",
            r"\d{2}\.\d{2}\.\d{4} \d{2}:\d{2}:\d{2}.*",
        ),
        columns={
            "time": "column 1",
            "text": "column 2",
            "amount": "column 4",
            "currency": "column 5",
        },
        decimal_sign=",",
        date_order="dmy",
        source="a plugin for ofxstatement, and the notes of two other open-source importers, Austrian",
    ),
    KnownExport(
        name="BAWAG and easybank, CSV without a header",
        country="AT",
        header=unnamed(6),
        cells=(
            r"AT\d{18}",
            r".*",
            r"\d{2}\.\d{2}\.\d{4}",
            r"\d{2}\.\d{2}\.\d{4}",
            r"[-+]?[\d.]+,\d{2}",
            r"[A-Z]{3}",
        ),
        columns={
            "account": "column 1",
            "text": "column 2",
            "time": "column 3",
            "amount": "column 5",
            "currency": "column 6",
        },
        decimal_sign=",",
        date_order="dmy",
        source="the tests of several open-source importers, Austrian",
    ),
    KnownExport(
        name="Bank Austria, CSV",
        country="AT",
        header=named(
            "Buchungsdatum|Valutadatum|Buchungstext|Interne Notiz|Währung|Betrag|Belegdaten|Belegnummer|"
            "Auftraggebername|Auftraggeberkonto|Auftraggeber BIC|Empfängername|Empfängerkonto|Empfänger BIC|"
            "Zahlungsgrund"
        ),
        columns={
            "time": "Buchungsdatum",
            "text": "Buchungstext",
            "currency": "Währung",
            "amount": "Betrag",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=named(
            "Belegnummer|Auftraggebername|Auftraggeberkonto|Auftraggeber BIC|Empfängername|Empfängerkonto|"
            "Empfänger BIC|Zahlungsgrund"
        ),
        source="the code of two open-source importers, Austrian",
    ),
    KnownExport(
        name="PostFinance, CSV since 2024",
        country="CH",
        header=named("Datum|Avisierungstext|Gutschrift in CHF|Lastschrift in CHF|Label|Kategorie|Valuta|Saldo in CHF"),
        columns={
            "time": "Datum",
            "text": "Avisierungstext",
            "money_in": "Gutschrift in CHF",
            "money_out": "Lastschrift in CHF",
            "category": "Kategorie",
            "balance": "Saldo in CHF",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="CHF",
        source="sample rows in the tests of several open-source importers, Swiss; a debit has a minus, only a "
        "day's last row a balance",
    ),
    KnownExport(
        name="PostFinance, CSV of 2023",
        country="CH",
        header=named("Datum|Bewegungstyp|Avisierungstext|Gutschrift in CHF|Lastschrift in CHF|Label|Kategorie"),
        columns={
            "time": "Datum",
            "text": "Avisierungstext",
            "money_in": "Gutschrift in CHF",
            "money_out": "Lastschrift in CHF",
            "category": "Kategorie",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="CHF",
        source="sample rows in the tests of several open-source importers, Swiss; a debit has a minus",
    ),
    KnownExport(
        name="PostFinance, CSV before 2023",
        country="CH",
        header=named("Buchungsdatum|Avisierungstext|Gutschrift in CHF|Lastschrift in CHF|Valuta|Saldo in CHF"),
        columns={
            "time": "Buchungsdatum",
            "text": "Avisierungstext",
            "money_in": "Gutschrift in CHF",
            "money_out": "Lastschrift in CHF",
            "balance": "Saldo in CHF",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="CHF",
        source="the code and tests of several open-source importers, Swiss",
    ),
    KnownExport(
        name="PostFinance euro account, CSV before 2023",
        country="CH",
        header=named("Buchungsdatum|Avisierungstext|Gutschrift in EUR|Lastschrift in EUR|Valuta|Saldo in EUR"),
        columns={
            "time": "Buchungsdatum",
            "text": "Avisierungstext",
            "money_in": "Gutschrift in EUR",
            "money_out": "Lastschrift in EUR",
            "balance": "Saldo in EUR",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="EUR",
        source="the code of one open-source importer, Swiss",
    ),
    KnownExport(
        name="UBS, CSV in German",
        country="CH",
        header=named(
            "Abschlussdatum|Abschlusszeit|Buchungsdatum|Valutadatum|Währung|Belastung|Gutschrift|Einzelbetrag|Saldo|"
            "Transaktions-Nr.|Beschreibung1|Beschreibung2|Beschreibung3|Fussnoten"
        ),
        columns={
            "time": "Buchungsdatum",
            "currency": "Währung",
            "money_out": "Belastung",
            "money_in": "Gutschrift",
            "balance": "Saldo",
            "transaction_id": "Transaktions-Nr.",
            "counterparty": "Beschreibung1",
            "text": "Beschreibung2",
        },
        decimal_sign=".",
        date_order="ymd",
        source="sample rows in the tests of several open-source importers, Swiss; a debit has a minus, a part "
        'of a collective booking stands in "Einzelbetrag" alone',
    ),
    KnownExport(
        name="UBS, CSV in English",
        country="CH",
        header=named(
            "Trade date|Trade time|Booking date|Value date|Currency|Debit|Credit|Individual amount|Balance|"
            "Transaction no.|Description1|Description2|Description3|Footnotes"
        ),
        columns={
            "time": "Booking date",
            "currency": "Currency",
            "money_out": "Debit",
            "money_in": "Credit",
            "balance": "Balance",
            "transaction_id": "Transaction no.",
            "counterparty": "Description1",
            "text": "Description2",
        },
        decimal_sign=".",
        date_order="ymd",
        source="sample rows in the tests of several open-source importers, Swiss; a debit has a minus, a part "
        'of a collective booking stands in "Individual amount" alone',
    ),
    KnownExport(
        name="Zürcher Kantonalbank, CSV",
        country="CH",
        header=named(
            "Datum|Buchungstext|Whg|Betrag Detail|ZKB-Referenz|Referenznummer|Belastung CHF|Gutschrift CHF|Valuta|"
            "Saldo CHF|Zahlungszweck|Details"
        ),
        columns={
            "time": "Datum",
            "text": "Buchungstext",
            "transaction_id": "ZKB-Referenz",
            "money_out": "Belastung CHF",
            "money_in": "Gutschrift CHF",
            "balance": "Saldo CHF",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="CHF",
        optional=("Whg", "Betrag Detail", "Zahlungszweck", "Details"),
        source='sample rows in the tests of several open-source importers, Swiss; "Whg" and "Betrag Detail" '
        "are of a part or before a conversion",
    ),
    KnownExport(
        name="Raiffeisen Switzerland, CSV",
        country="CH",
        header=named("IBAN|Booked At|Text|Credit/Debit Amount|Balance|Valuta Date"),
        columns={
            "account": "IBAN",
            "time": "Booked At",
            "text": "Text",
            "amount": "Credit/Debit Amount",
            "balance": "Balance",
        },
        decimal_sign=".",
        date_order="ymd",
        currency="CHF",
        source="sample rows in the tests of several open-source importers, Swiss",
    ),
    KnownExport(
        name="Credit Suisse, CSV",
        country="CH",
        header=named("Buchungsdatum|Text|Belastung|Gutschrift|Valutadatum|Saldo"),
        columns={
            "time": "Buchungsdatum",
            "text": "Text",
            "money_out": "Belastung",
            "money_in": "Gutschrift",
            "balance": "Saldo",
        },
        decimal_sign=".",
        date_order="dmy",
        optional=("Valutadatum",),
        source="sample rows in the code of two open-source importers, Swiss; only a day's last row has a balance",
    ),
)
