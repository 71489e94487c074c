"""Exports of direct banks of Germany."""

from analysis.extract.known_exports.entry import KnownExport, named

GERMAN_DIRECT_BANKS: tuple[KnownExport, ...] = (
    KnownExport(
        name="DKB, CSV since 2023",
        country="DE",
        header=named(
            "Buchungsdatum|Wertstellung|Status|Zahlungspflichtige*r|Zahlungsempfänger*in|Verwendungszweck|Umsatztyp|"
            "IBAN|Betrag (€)|Gläubiger-ID|Mandatsreferenz|Kundenreferenz"
        ),
        columns={
            "time": "Buchungsdatum",
            "category": "Umsatztyp",
            "text": "Verwendungszweck",
            "amount": "Betrag (€)",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        booked={"Status": ("Gebucht",)},
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="comdirect current account, CSV",
        country="DE",
        header=named("Buchungstag|Wertstellung (Valuta)|Vorgang|Buchungstext|Umsatz in EUR"),
        columns={
            "time": "Buchungstag",
            "category": "Vorgang",
            "text": "Buchungstext",
            "amount": "Umsatz in EUR",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="ING Germany, CSV",
        country="DE",
        header=named(
            "Buchung|Wertstellungsdatum|Auftraggeber/Empfänger|Buchungstext|Kategorie|Verwendungszweck|Betrag|Währung"
        ),
        columns={
            "time": "Buchung",
            "counterparty": "Auftraggeber/Empfänger",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "amount": "Betrag",
            "currency": "Währung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie",),
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="ING Germany, CSV with balance",
        country="DE",
        header=named(
            "Buchung|Wertstellungsdatum|Auftraggeber/Empfänger|Buchungstext|Kategorie|Verwendungszweck|Saldo|Währung|"
            "Betrag|Währung"
        ),
        columns={
            "time": "Buchung",
            "counterparty": "Auftraggeber/Empfänger",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "balance": "Saldo",
            "amount": "Betrag",
            "currency": "Währung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie",),
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="ING Germany, CSV with balance, before 2024",
        country="DE",
        header=named(
            "Buchung|Valuta|Auftraggeber/Empfänger|Buchungstext|Kategorie|Verwendungszweck|Saldo|Währung|Betrag|Währung"
        ),
        columns={
            "time": "Buchung",
            "counterparty": "Auftraggeber/Empfänger",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "balance": "Saldo",
            "amount": "Betrag",
            "currency": "Währung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie",),
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="N26, CSV since 2024",
        country="DE",
        header=named(
            "Booking Date|Value Date|Partner Name|Partner Iban|Type|Payment Reference|Account Name|Amount (EUR)|"
            "Original Amount|Original Currency|Exchange Rate"
        ),
        columns={
            "time": "Booking Date",
            "counterparty": "Partner Name",
            "category": "Type",
            "text": "Payment Reference",
            "account": "Account Name",
            "amount": "Amount (EUR)",
        },
        decimal_sign=".",
        date_order="ymd",
        currency="EUR",
        source="sample rows in the tests of open-source importers, one for beancount",
    ),
    KnownExport(
        name="DKB current account, CSV before 2023",
        country="DE",
        header=named(
            "Buchungstag|Wertstellung|Buchungstext|Auftraggeber / Begünstigter|Verwendungszweck|Kontonummer|BLZ|"
            "Betrag (EUR)|Gläubiger-ID|Mandatsreferenz|Kundenreferenz"
        ),
        columns={
            "time": "Buchungstag",
            "category": "Buchungstext",
            "counterparty": "Auftraggeber / Begünstigter",
            "text": "Verwendungszweck",
            "amount": "Betrag (EUR)",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        optional=("Gläubiger-ID", "Mandatsreferenz", "Kundenreferenz"),
        source='sample rows in the tests of several open-source importers, German; a row "Tagessaldo" is a balance',
    ),
    KnownExport(
        name="DKB card, CSV before 2023",
        country="DE",
        header=named(
            "Umsatz abgerechnet und nicht im Saldo enthalten|Wertstellung|Belegdatum|Beschreibung|Betrag (EUR)|"
            "Ursprünglicher Betrag"
        ),
        columns={
            "time": "Belegdatum",
            "text": "Beschreibung",
            "amount": "Betrag (EUR)",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        source="sample rows in the tests of several open-source importers, German; purchases are negative",
    ),
    KnownExport(
        name="DKB card, CSV since 2023",
        country="DE",
        header=named("Belegdatum|Wertstellung|Status|Beschreibung|Umsatztyp|Betrag (€)|Fremdwährungsbetrag"),
        columns={
            "time": "Belegdatum",
            "text": "Beschreibung",
            "category": "Umsatztyp",
            "amount": "Betrag (€)",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        booked={"Status": ("Gebucht",)},
        source="sample rows in the tests of several open-source importers, German; purchases are negative",
    ),
    KnownExport(
        name="DKB card, CSV since 2023 with the currency beside the amount",
        country="DE",
        header=named("Belegdatum|Wertstellung|Status|Beschreibung|Umsatztyp|Betrag|Fremdwährungsbetrag"),
        columns={
            "time": "Belegdatum",
            "text": "Beschreibung",
            "category": "Umsatztyp",
            "amount": "Betrag",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        booked={"Status": ("Gebucht",)},
        source="sample rows in the tests of two open-source importers, German; purchases are negative",
    ),
    KnownExport(
        name="Consorsbank, CSV",
        country="DE",
        header=named(
            "Buchung|Valuta|Sender / Empfänger|IBAN|BIC|Buchungstext|Verwendungszweck|Kategorie|Stichwörter|"
            "Umsatz geteilt|Betrag|Währung"
        ),
        columns={
            "time": "Buchung",
            "counterparty": "Sender / Empfänger",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "amount": "Betrag",
            "currency": "Währung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie", "Stichwörter", "Umsatz geteilt"),
        source="the tests of two open-source importers, German",
    ),
    KnownExport(
        name="Consorsbank, CSV before 2020",
        country="DE",
        header=named(
            "Buchung|Valuta|Sender / Empfänger|IBAN / Konto-Nr.|BIC / BLZ|Buchungstext|Verwendungszweck|Kategorie|"
            "Stichwörter|Umsatz geteilt|Betrag in EUR"
        ),
        columns={
            "time": "Buchung",
            "counterparty": "Sender / Empfänger",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "amount": "Betrag in EUR",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        optional=("Kategorie", "Stichwörter", "Umsatz geteilt"),
        source="the code of two open-source importers, German",
    ),
    KnownExport(
        name="N26, CSV before 2024",
        country="DE",
        header=named(
            "Date|Payee|Account number|Transaction type|Payment reference|Category|Amount (EUR)|"
            "Amount (Foreign Currency)|Type Foreign Currency|Exchange Rate"
        ),
        columns={
            "time": "Date",
            "counterparty": "Payee",
            "category": "Transaction type",
            "text": "Payment reference",
            "amount": "Amount (EUR)",
        },
        decimal_sign=".",
        date_order="ymd",
        currency="EUR",
        optional=("Category",),
        source='the code and tests of several open-source importers; "Account number" is the other party\'s',
    ),
)
