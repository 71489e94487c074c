"""Exports of payment services, which several countries share."""

from analysis.extract.known_exports.entry import KnownExport, named

PAYMENT_SERVICES: tuple[KnownExport, ...] = (
    KnownExport(
        name="PayPal activity, CSV",
        country="",
        header=named(
            "Date|Time|TimeZone|Name|Type|Status|Currency|Gross|Fee|Net|From Email Address|To Email Address|"
            "Transaction ID|Shipping Address|Address Status|Item Title|Item ID|Shipping and Handling Amount|"
            "Insurance Amount|Sales Tax|Option 1 Name|Option 1 Value|Option 2 Name|Option 2 Value|Reference Txn ID|"
            "Invoice Number|Custom Number|Quantity|Receipt ID|Balance|Subject|Note|Balance Impact"
        ),
        columns={
            "time": "Date",
            "clock": "Time",
            "counterparty": "Name",
            "category": "Type",
            "currency": "Currency",
            "amount": "Net",
            "transaction_id": "Transaction ID",
            "balance": "Balance",
            "text": "Item Title",
        },
        optional=named(
            "From Email Address|To Email Address|Transaction ID|Shipping Address|Address Status|Item Title|Item ID|"
            "Shipping and Handling Amount|Insurance Amount|Sales Tax|Option 1 Name|Option 1 Value|Option 2 Name|"
            "Option 2 Value|Reference Txn ID|Invoice Number|Custom Number|Quantity|Receipt ID|Balance|Subject|Note"
        ),
        booked={"Status": ("Completed",), "Balance Impact": ("Credit", "Debit")},
        source='sample rows in the tests of open-source importers; rows of the impact "Memo" moved no money',
    ),
    KnownExport(
        name="Revolut account statement, CSV",
        country="",
        header=named("Type|Product|Started Date|Completed Date|Description|Amount|Fee|Currency|State|Balance"),
        columns={
            "time": "Started Date",
            "category": "Type",
            "account": "Product",
            "text": "Description",
            "amount": "Amount",
            "currency": "Currency",
            "balance": "Balance",
        },
        decimal_sign=".",
        date_order="ymd",
        fee="Fee",
        optional=("Balance",),
        booked={"State": ("COMPLETED",)},
        source="sample rows in the tests of open-source importers; the balance moves by amount less fee",
    ),
    KnownExport(
        name="Wise balance statement, CSV",
        country="",
        header=named(
            "TransferWise ID|Date|Amount|Currency|Description|Payment Reference|Running Balance|Exchange From|"
            "Exchange To|Buy - Loss|Exchange Rate|Payer Name|Payee Name|Payee Account Number|Merchant|"
            "Card Last Four Digits|Card Holder Full Name|Attachment|Note|Total fees"
        ),
        columns={
            "transaction_id": "TransferWise ID",
            "time": "Date",
            "amount": "Amount",
            "currency": "Currency",
            "text": "Description",
            "balance": "Running Balance",
            "counterparty": "Payee Name",
            "merchant": "Merchant",
        },
        decimal_sign=".",
        date_order="dmy",
        optional=named(
            "Payment Reference|Running Balance|Exchange From|Exchange To|Buy - Loss|Exchange Rate|Payer Name|"
            "Payee Name|Payee Account Number|Merchant|Card Last Four Digits|Card Holder Full Name|Attachment|Note|"
            "Total fees"
        ),
        source="sample rows in the tests of open-source importers; the amount is signed",
    ),
    KnownExport(
        name="Stripe itemised balance change, CSV",
        country="",
        header=named(
            "balance_transaction_id|created_utc|available_on_utc|currency|gross|fee|net|reporting_category|source_id|"
            "description"
        ),
        columns={
            "transaction_id": "balance_transaction_id",
            "time": "created_utc",
            "currency": "currency",
            "amount": "net",
            "category": "reporting_category",
            "text": "description",
        },
        decimal_sign=".",
        date_order="ymd",
        time_zone="UTC",
        optional=("source_id",),
        source="sample rows in the tests of open-source importers; gross less fee is net",
    ),
    KnownExport(
        name="Adyen settlement details, CSV",
        country="",
        header=named(
            "Company Account|Merchant Account|Psp Reference|Merchant Reference|Payment Method|Creation Date|TimeZone|"
            "Type|Modification Reference|Gross Currency|Gross Debit (GC)|Gross Credit (GC)|Exchange Rate|"
            "Net Currency|Net Debit (NC)|Net Credit (NC)|Commission (NC)|Markup (NC)|Scheme Fees (NC)|"
            "Interchange (NC)|Batch Number"
        ),
        columns={
            "account": "Merchant Account",
            "time": "Creation Date",
            "category": "Type",
            "channel": "Payment Method",
            "currency": "Net Currency",
            "money_out": "Net Debit (NC)",
            "money_in": "Net Credit (NC)",
            "text": "Merchant Reference",
        },
        decimal_sign=".",
        date_order="ymd",
        source="the tests of two open-source settlement importers",
    ),
    KnownExport(
        name="PayPal activity, CSV in German",
        country="",
        header=named(
            "Datum|Uhrzeit|Zeitzone|Name|Typ|Status|Währung|Brutto|Gebühr|Netto|Absender E-Mail-Adresse|"
            "Empfänger E-Mail-Adresse|Transaktionscode|Lieferadresse|Adress-Status|Artikelbezeichnung|Artikelnummer|"
            "Versand- und Bearbeitungsgebühr|Versicherungsbetrag|Umsatzsteuer|Option 1 Name|Option 1 Wert|"
            "Option 2 Name|Option 2 Wert|Zugehöriger Transaktionscode|Rechnungsnummer|Zollnummer|Anzahl|"
            "Empfangsnummer|Guthaben|Adresszeile 1|Adresszusatz|Ort|Bundesland|PLZ|Land|Telefon|Betreff|Hinweis|"
            "Ländervorwahl|Auswirkung auf Guthaben"
        ),
        columns={
            "time": "Datum",
            "clock": "Uhrzeit",
            "counterparty": "Name",
            "category": "Typ",
            "currency": "Währung",
            "amount": "Netto",
            "transaction_id": "Transaktionscode",
            "balance": "Guthaben",
            "text": "Artikelbezeichnung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=named(
            "Absender E-Mail-Adresse|Empfänger E-Mail-Adresse|Transaktionscode|Lieferadresse|Adress-Status|"
            "Artikelbezeichnung|Artikelnummer|Versand- und Bearbeitungsgebühr|Versicherungsbetrag|Umsatzsteuer|"
            "Option 1 Name|Option 1 Wert|Option 2 Name|Option 2 Wert|Zugehöriger Transaktionscode|Rechnungsnummer|"
            "Zollnummer|Anzahl|Empfangsnummer|Guthaben|Adresszeile 1|Adresszusatz|Ort|Bundesland|PLZ|Land|Telefon|"
            "Betreff|Hinweis|Ländervorwahl"
        ),
        booked={"Status": ("Abgeschlossen",), "Auswirkung auf Guthaben": ("Soll", "Haben")},
        source="sample rows in the tests of several open-source importers, German; a fee has a minus, rows of "
        'the impact "Memo" moved no money',
    ),
    KnownExport(
        name="PayPal statement, CSV in German",
        country="",
        header=named(
            "Datum|Uhrzeit|Zeitzone|Beschreibung|Währung|Brutto|Entgelt|Netto|Guthaben|Transaktionscode|"
            "Absender E-Mail-Adresse|Name|Name der Bank|Bankkonto|Versand- und Bearbeitungsgebühr|Umsatzsteuer|"
            "Rechnungsnummer|Zugehöriger Transaktionscode"
        ),
        columns={
            "time": "Datum",
            "clock": "Uhrzeit",
            "category": "Beschreibung",
            "currency": "Währung",
            "amount": "Netto",
            "balance": "Guthaben",
            "transaction_id": "Transaktionscode",
            "counterparty": "Name",
        },
        decimal_sign=",",
        date_order="dmy",
        source="sample rows in the tests of several open-source importers, German",
    ),
    KnownExport(
        name="Revolut account statement, CSV in French",
        country="",
        header=named("Type|Produit|Date de début|Date de fin|Description|Montant|Frais|Devise|État|Solde"),
        columns={
            "time": "Date de début",
            "category": "Type",
            "account": "Produit",
            "text": "Description",
            "amount": "Montant",
            "currency": "Devise",
            "balance": "Solde",
        },
        decimal_sign=".",
        date_order="ymd",
        fee="Frais",
        optional=("Solde",),
        booked={"État": ("TERMINÉ",)},
        source="sample rows in the tests of several open-source importers, French; the balance moves by amount "
        "less fee",
    ),
    KnownExport(
        name="Stripe balance history, CSV",
        country="",
        header=named(
            "id|Type|Source|Amount|Fee|Net|Currency|Created (UTC)|Available On (UTC)|Description|"
            "Customer Facing Amount|Customer Facing Currency|Transfer|Transfer Date (UTC)|Transfer Group"
        ),
        columns={
            "transaction_id": "id",
            "category": "Type",
            "amount": "Net",
            "currency": "Currency",
            "time": "Created (UTC)",
            "text": "Description",
        },
        decimal_sign=".",
        time_zone="UTC",
        optional=named(
            "Description|Customer Facing Amount|Customer Facing Currency|Transfer|Transfer Date (UTC)|Transfer Group"
        ),
        source="sample rows in the tests of several open-source importers; amount less fee is net",
    ),
)
