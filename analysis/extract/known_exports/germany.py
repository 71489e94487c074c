"""Exports of banks of Germany with branches."""

from analysis.extract.known_exports.entry import KnownExport, named

GERMANY: tuple[KnownExport, ...] = (
    KnownExport(
        name="Sparkasse, CSV-CAMT",
        country="DE",
        header=named(
            "Auftragskonto|Buchungstag|Valutadatum|Buchungstext|Verwendungszweck|Glaeubiger ID|Mandatsreferenz|"
            "Kundenreferenz (End-to-End)|Sammlerreferenz|Lastschrift Ursprungsbetrag|Auslagenersatz Ruecklastschrift|"
            "Beguenstigter/Zahlungspflichtiger|Kontonummer/IBAN|BIC (SWIFT-Code)|Betrag|Waehrung|Info|Kategorie"
        ),
        columns={
            "account": "Auftragskonto",
            "time": "Buchungstag",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "counterparty": "Beguenstigter/Zahlungspflichtiger",
            "amount": "Betrag",
            "currency": "Waehrung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie",),
        booked={"Info": ("Umsatz gebucht",)},
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="Volksbank (Atruvia), CSV",
        country="DE",
        header=named(
            "Bezeichnung Auftragskonto|IBAN Auftragskonto|BIC Auftragskonto|Bankname Auftragskonto|Buchungstag|"
            "Valutadatum|Name Zahlungsbeteiligter|IBAN Zahlungsbeteiligter|BIC (SWIFT-Code) Zahlungsbeteiligter|"
            "Buchungstext|Verwendungszweck|Betrag|Waehrung|Saldo nach Buchung|Bemerkung|Kategorie|Steuerrelevant|"
            "Gekennzeichneter Umsatz|Glaeubiger ID|Mandatsreferenz"
        ),
        columns={
            "account": "IBAN Auftragskonto",
            "time": "Buchungstag",
            "counterparty": "Name Zahlungsbeteiligter",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "amount": "Betrag",
            "currency": "Waehrung",
            "balance": "Saldo nach Buchung",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie", "Steuerrelevant", "Gekennzeichneter Umsatz"),
        source="sample rows in the tests of open-source importers, German",
    ),
    KnownExport(
        name="Volksbank, CSV before Atruvia",
        country="DE",
        header=named(
            "Buchungstag|Valuta|Textschlüssel|Primanota|Zahlungsempfänger|ZahlungsempfängerKto|ZahlungsempfängerIBAN|"
            "ZahlungsempfängerBLZ|ZahlungsempfängerBIC|Vorgang/Verwendungszweck|Kundenreferenz|Währung|Umsatz|"
            "Soll/Haben"
        ),
        columns={
            "time": "Buchungstag",
            "category": "Textschlüssel",
            "counterparty": "Zahlungsempfänger",
            "text": "Vorgang/Verwendungszweck",
            "currency": "Währung",
            "amount": "Umsatz",
            "direction": "Soll/Haben",
        },
        decimal_sign=",",
        date_order="dmy",
        money_in=("H",),
        money_out=("S",),
        source="the code and tests of two open-source readers of bookings",
    ),
    KnownExport(
        name="Sparkasse, CSV-MT940",
        country="DE",
        header=named(
            "Auftragskonto|Buchungstag|Valutadatum|Buchungstext|Verwendungszweck|Beguenstigter/Zahlungspflichtiger|"
            "Kontonummer|BLZ|Betrag|Waehrung|Info"
        ),
        columns={
            "account": "Auftragskonto",
            "time": "Buchungstag",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "counterparty": "Beguenstigter/Zahlungspflichtiger",
            "amount": "Betrag",
            "currency": "Waehrung",
        },
        decimal_sign=",",
        date_order="dmy",
        booked={"Info": ("Umsatz gebucht",)},
        source="sample rows in the tests of several open-source importers, German",
    ),
    KnownExport(
        name="Sparkasse, CSV-MT940 with IBAN",
        country="DE",
        header=named(
            "Auftragskonto|Buchungstag|Valutadatum|Buchungstext|Verwendungszweck|Beguenstigter/Zahlungspflichtiger|"
            "Kontonummer/IBAN|BIC (SWIFT-Code)|Betrag|Waehrung|Info"
        ),
        columns={
            "account": "Auftragskonto",
            "time": "Buchungstag",
            "category": "Buchungstext",
            "text": "Verwendungszweck",
            "counterparty": "Beguenstigter/Zahlungspflichtiger",
            "amount": "Betrag",
            "currency": "Waehrung",
        },
        decimal_sign=",",
        date_order="dmy",
        booked={"Info": ("Umsatz gebucht",)},
        source="sample rows in the tests of several open-source importers, German",
    ),
    KnownExport(
        name="Commerzbank, CSV",
        country="DE",
        header=named("Buchungstag|Wertstellung|Umsatzart|Buchungstext|Betrag|Währung|IBAN Kontoinhaber|Kategorie"),
        columns={
            "time": "Buchungstag",
            "category": "Umsatzart",
            "text": "Buchungstext",
            "amount": "Betrag",
            "currency": "Währung",
            "account": "IBAN Kontoinhaber",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie",),
        source="the tests of two open-source importers, German",
    ),
    KnownExport(
        name="Commerzbank, CSV with bank code",
        country="DE",
        header=named(
            "Buchungstag|Wertstellung|Umsatzart|Buchungstext|Betrag|Währung|Auftraggeberkonto|"
            "Bankleitzahl Auftraggeberkonto|IBAN Auftraggeberkonto|Kategorie"
        ),
        columns={
            "time": "Buchungstag",
            "category": "Umsatzart",
            "text": "Buchungstext",
            "amount": "Betrag",
            "currency": "Währung",
            "account": "IBAN Auftraggeberkonto",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategorie",),
        source="the features of a converter for GnuCash, and the tests of another importer, German",
    ),
    KnownExport(
        name="Deutsche Bank and Postbank, CSV",
        country="DE",
        header=named(
            "Buchungstag|Wert|Umsatzart|Begünstigter / Auftraggeber|Verwendungszweck|IBAN / Kontonummer|BIC|"
            "Kundenreferenz|Mandatsreferenz|Gläubiger ID|Fremde Gebühren|Betrag|Abweichender Empfänger|"
            "Anzahl der Aufträge|Anzahl der Schecks|Soll|Haben|Währung"
        ),
        columns={
            "time": "Buchungstag",
            "category": "Umsatzart",
            "counterparty": "Begünstigter / Auftraggeber",
            "text": "Verwendungszweck",
            "money_out": "Soll",
            "money_in": "Haben",
            "currency": "Währung",
        },
        decimal_sign=",",
        date_order="dmy",
        source="import configurations for Firefly III, and the tests of several open-source importers, German; "
        "a debit has a minus",
    ),
    KnownExport(
        name="Deutsche Bank, CSV before 2023",
        country="DE",
        header=named(
            "Buchungstag|Wert|Umsatzart|Begünstigter / Auftraggeber|Verwendungszweck|IBAN|BIC|Kundenreferenz|"
            "Mandatsreferenz|Gläubiger ID|Fremde Gebühren|Betrag|Abweichender Empfänger|Soll|Haben|Währung"
        ),
        columns={
            "time": "Buchungstag",
            "category": "Umsatzart",
            "counterparty": "Begünstigter / Auftraggeber",
            "text": "Verwendungszweck",
            "money_out": "Soll",
            "money_in": "Haben",
            "currency": "Währung",
        },
        decimal_sign=",",
        date_order="dmy",
        source='the code of one open-source importer, German; "Betrag" is that before a conversion, mostly empty',
    ),
)
