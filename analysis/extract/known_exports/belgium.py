"""Exports of banks of Belgium."""

from analysis.extract.known_exports.entry import KnownExport, named

BELGIUM: tuple[KnownExport, ...] = (
    KnownExport(
        name="Belfius, CSV",
        country="BE",
        header=named(
            "Rekening|Boekingsdatum|Rekeninguittrekselnummer|Transactienummer|Rekening tegenpartij|"
            "Naam tegenpartij bevat|Straat en nummer|Postcode en plaats|Transactie|Valutadatum|Bedrag|Devies|BIC|"
            "Landcode|Mededelingen"
        ),
        columns={
            "account": "Rekening",
            "time": "Boekingsdatum",
            "counterparty": "Naam tegenpartij bevat",
            "amount": "Bedrag",
            "currency": "Devies",
            "country": "Landcode",
            "text": "Transactie",
        },
        decimal_sign=",",
        date_order="dmy",
        source="sample rows in the tests of open-source importers, Belgian",
    ),
    KnownExport(
        name="KBC, CSV",
        country="BE",
        header=named(
            "Rekeningnummer|Rubrieknaam|Naam|Munt|Afschriftnummer|Datum|Omschrijving|Valuta|Bedrag|Saldo|credit|"
            "debet|rekeningnummer tegenpartij|BIC tegenpartij|Naam tegenpartij|Adres tegenpartij|"
            "gestructureerde mededeling|Vrije mededeling"
        ),
        columns={
            "account": "Rekeningnummer",
            "currency": "Munt",
            "time": "Datum",
            "text": "Omschrijving",
            "amount": "Bedrag",
            "balance": "Saldo",
            "counterparty": "Naam tegenpartij",
        },
        decimal_sign=",",
        date_order="dmy",
        source='sample rows in the tests of several open-source importers, Belgian; "Valuta" is a date',
    ),
    KnownExport(
        name="KBC, CSV with the other account in two columns",
        country="BE",
        header=named(
            "Rekeningnummer|Rubrieknaam|Naam|Munt|Afschriftnummer|Datum|Omschrijving|Valuta|Bedrag|Saldo|Credit|"
            "Debet|Rekening tegenpartij|BIC code tegenpartij|Naam tegenpartij|Adres tegenpartij|"
            "gestructureerde mededeling|vrije mededeling"
        ),
        columns={
            "account": "Rekeningnummer",
            "currency": "Munt",
            "time": "Datum",
            "text": "Omschrijving",
            "amount": "Bedrag",
            "balance": "Saldo",
            "counterparty": "Naam tegenpartij",
        },
        decimal_sign=",",
        date_order="dmy",
        source='the code and tests of two open-source importers, Belgian; "Valuta" is a date',
    ),
    KnownExport(
        name="BNP Paribas Fortis, CSV",
        country="BE",
        header=named(
            "Volgnummer|Uitvoeringsdatum|Valutadatum|Bedrag|Valuta rekening|Rekeningnummer|Type verrichting|"
            "Tegenpartij|Naam van de tegenpartij|Mededeling|Details|Status|Reden van weigering"
        ),
        columns={
            "transaction_id": "Volgnummer",
            "time": "Uitvoeringsdatum",
            "amount": "Bedrag",
            "currency": "Valuta rekening",
            "account": "Rekeningnummer",
            "category": "Type verrichting",
            "counterparty": "Naam van de tegenpartij",
            "text": "Details",
        },
        date_order="dmy",
        booked={"Status": ("Geaccepteerd", "Uitgevoerd")},
        source="sample rows in the tests of several open-source importers, Belgian; some have a decimal point, "
        "some a comma",
    ),
    KnownExport(
        name="BNP Paribas Fortis and Fintro, CSV before 2022",
        country="BE",
        header=named(
            "Volgnummer|Uitvoeringsdatum|Valutadatum|Bedrag|Valuta rekening|TEGENPARTIJ VAN DE VERRICHTING|Details|"
            "Rekeningnummer"
        ),
        columns={
            "transaction_id": "Volgnummer",
            "time": "Uitvoeringsdatum",
            "amount": "Bedrag",
            "currency": "Valuta rekening",
            "account": "Rekeningnummer",
            "counterparty": "TEGENPARTIJ VAN DE VERRICHTING",
            "text": "Details",
        },
        date_order="dmy",
        optional=("TEGENPARTIJ VAN DE VERRICHTING",),
        source="a plugin for ofxstatement, and the code of two other open-source importers, Belgian",
    ),
    KnownExport(
        name="ING Belgium, CSV",
        country="BE",
        header=named(
            "Rekeningnummer|Naam van de rekening|Rekening tegenpartij|Omzetnummer|Boekingsdatum|Valutadatum|Bedrag|"
            "Munteenheid|Omschrijving|Detail van de omzet|Bericht"
        ),
        columns={
            "account": "Rekeningnummer",
            "time": "Boekingsdatum",
            "amount": "Bedrag",
            "currency": "Munteenheid",
            "category": "Omschrijving",
            "text": "Detail van de omzet",
            "transaction_id": "Omzetnummer",
        },
        decimal_sign=",",
        date_order="dmy",
        source="sample rows in the tests of several open-source importers, Belgian",
    ),
    KnownExport(
        name="Argenta, Excel",
        country="BE",
        header=named(
            "Rekening|Boekdatum|Valutadatum|Referentie|Beschrijving|Bedrag|Munt|Verrichtingsdatum|"
            "Rekening tegenpartij|Naam tegenpartij|Mededeling"
        ),
        columns={
            "account": "Rekening",
            "time": "Boekdatum",
            "transaction_id": "Referentie",
            "category": "Beschrijving",
            "amount": "Bedrag",
            "currency": "Munt",
            "counterparty": "Naam tegenpartij",
            "text": "Mededeling",
        },
        date_order="dmy",
        source="the code of an importer for beangulp, Belgian",
    ),
)
