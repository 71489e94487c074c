"""Exports of banks of Sweden."""

from analysis.extract.known_exports.entry import KnownExport, named

SWEDEN: tuple[KnownExport, ...] = (
    KnownExport(
        name="Swedbank Sweden, CSV",
        country="SE",
        header=named(
            "Radnummer|Clearingnummer|Kontonummer|Produkt|Valuta|Bokföringsdag|Transaktionsdag|Valutadag|Referens|"
            "Beskrivning|Belopp|Bokfört saldo"
        ),
        columns={
            "account": "Kontonummer",
            "currency": "Valuta",
            "time": "Bokföringsdag",
            "counterparty": "Referens",
            "text": "Beskrivning",
            "amount": "Belopp",
            "balance": "Bokfört saldo",
        },
        decimal_sign=".",
        date_order="ymd",
        optional=("Bokfört saldo",),
        source="sample rows in the tests of open-source importers, Swedish",
    ),
    KnownExport(
        name="Avanza transactions, CSV before 2024",
        country="SE",
        header=named(
            "Datum|Konto|Typ av transaktion|Värdepapper/beskrivning|Antal|Kurs|Belopp|Courtage|Valuta|ISIN|Resultat"
        ),
        columns={
            "time": "Datum",
            "account": "Konto",
            "category": "Typ av transaktion",
            "text": "Värdepapper/beskrivning",
            "amount": "Belopp",
            "currency": "Valuta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Resultat",),
        source="the tests of several open-source readers of Avanza transactions",
    ),
    KnownExport(
        name="Avanza transactions, CSV of 2024",
        country="SE",
        header=named(
            "Datum|Konto|Typ av transaktion|Värdepapper/beskrivning|Antal|Kurs|Belopp|Transaktionsvaluta|"
            "Courtage (SEK)|Valutakurs|Instrumentvaluta|ISIN|Resultat"
        ),
        columns={
            "time": "Datum",
            "account": "Konto",
            "category": "Typ av transaktion",
            "text": "Värdepapper/beskrivning",
            "amount": "Belopp",
            "currency": "Transaktionsvaluta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Resultat",),
        source="the tests of several open-source readers of Avanza transactions",
    ),
    KnownExport(
        name="Avanza transactions, CSV since 2025",
        country="SE",
        header=named(
            "Datum|Konto|Typ av transaktion|Värdepapper/beskrivning|Antal|Kurs|Belopp|Transaktionsvaluta|Courtage|"
            "Valutakurs|Instrumentvaluta|ISIN|Resultat"
        ),
        columns={
            "time": "Datum",
            "account": "Konto",
            "category": "Typ av transaktion",
            "text": "Värdepapper/beskrivning",
            "amount": "Belopp",
            "currency": "Transaktionsvaluta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Resultat",),
        source="the tests of several open-source readers of Avanza transactions",
    ),
    KnownExport(
        name="Handelsbanken Sweden, CSV and Excel",
        country="SE",
        header=named("Reskontradatum|Transaktionsdatum|Text|Belopp|Saldo"),
        columns={
            "time": "Reskontradatum",
            "text": "Text",
            "amount": "Belopp",
            "balance": "Saldo",
        },
        date_order="ymd",
        currency="SEK",
        source="the code and tests of several open-source importers, Swedish",
    ),
    KnownExport(
        name="SEB Sweden, CSV",
        country="SE",
        header=named("Bokföringsdatum|Valutadatum|Verifikationsnummer|Text|Belopp|Saldo"),
        columns={
            "time": "Bokföringsdatum",
            "transaction_id": "Verifikationsnummer",
            "text": "Text",
            "amount": "Belopp",
            "balance": "Saldo",
        },
        decimal_sign=".",
        date_order="ymd",
        currency="SEK",
        source="sample rows in the tests of several open-source importers, Swedish; amounts have three decimals",
    ),
    KnownExport(
        name="SEB Sweden, Excel before 2021",
        country="SE",
        header=named("Bokföringsdatum|Valutadatum|Verifikationsnummer|Text/mottagare|Belopp|Saldo"),
        columns={
            "time": "Bokföringsdatum",
            "transaction_id": "Verifikationsnummer",
            "text": "Text/mottagare",
            "amount": "Belopp",
            "balance": "Saldo",
        },
        date_order="ymd",
        currency="SEK",
        source="the notes of one open-source importer, Swedish",
    ),
    KnownExport(
        name="Nordea Sweden, CSV",
        country="SE",
        header=named("Bokföringsdag|Belopp|Avsändare|Mottagare|Namn|Rubrik|Meddelande|Egna anteckningar|Saldo|Valuta"),
        columns={
            "time": "Bokföringsdag",
            "amount": "Belopp",
            "counterparty": "Namn",
            "text": "Rubrik",
            "balance": "Saldo",
            "currency": "Valuta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Namn", "Meddelande", "Egna anteckningar"),
        source='sample rows in the tests of several open-source importers, Swedish; "Reserverat" in place of a '
        "date is pending",
    ),
    KnownExport(
        name="Nordea Sweden, CSV with further details",
        country="SE",
        header=named(
            "Bokföringsdag|Belopp|Avsändare|Mottagare|Namn|Ytterligare detaljer|Meddelande|Egna anteckningar|Saldo|"
            "Valuta"
        ),
        columns={
            "time": "Bokföringsdag",
            "amount": "Belopp",
            "counterparty": "Namn",
            "text": "Ytterligare detaljer",
            "balance": "Saldo",
            "currency": "Valuta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Namn", "Meddelande", "Egna anteckningar"),
        source='the notes of two open-source readers, Swedish; "Reserverat" in place of a date is pending',
    ),
    KnownExport(
        name="Nordea Sweden, CSV before 2019",
        country="SE",
        header=named("Datum|Transaktion|Kategori|Belopp|Saldo"),
        columns={
            "time": "Datum",
            "text": "Transaktion",
            "category": "Kategori",
            "amount": "Belopp",
            "balance": "Saldo",
        },
        decimal_sign=",",
        date_order="ymd",
        currency="SEK",
        source="the code of one open-source importer, Swedish",
    ),
    KnownExport(
        name="Länsförsäkringar, CSV",
        country="SE",
        header=named("Bokföringsdatum|Transaktionsdatum|Transaktionstyp|Meddelande|Belopp"),
        columns={
            "time": "Bokföringsdatum",
            "category": "Transaktionstyp",
            "text": "Meddelande",
            "amount": "Belopp",
        },
        decimal_sign=",",
        date_order="ymd",
        currency="SEK",
        source="sample rows in the tests of several open-source importers, one for beancount, Swedish",
    ),
    KnownExport(
        name="ICA Banken, CSV",
        country="SE",
        header=named("Datum|Text|Typ|Budgetgrupp|Belopp|Saldo"),
        columns={
            "time": "Datum",
            "text": "Text",
            "category": "Typ",
            "amount": "Belopp",
            "balance": "Saldo",
        },
        decimal_sign=",",
        date_order="ymd",
        currency="SEK",
        source="sample rows in the tests of several open-source importers, one for beancount, Swedish",
    ),
    KnownExport(
        name="Swedbank Sweden business account, Excel",
        country="SE",
        header=named(
            "Radnummer|Bokföringsdatum|Transaktionsdatum|Valutadatum|Transaktionstyp|Referens|Belopp|Bokfört saldo"
        ),
        columns={
            "time": "Bokföringsdatum",
            "category": "Transaktionstyp",
            "text": "Referens",
            "amount": "Belopp",
            "balance": "Bokfört saldo",
        },
        date_order="ymd",
        currency="SEK",
        source="the tests of one open-source importer, Swedish",
    ),
)
