"""Exports of banks of Norway."""

from analysis.extract.known_exports.entry import KnownExport, named

NORWAY: tuple[KnownExport, ...] = (
    KnownExport(
        name="DNB, CSV",
        country="NO",
        header=named("Dato|Forklaring|Rentedato|Ut fra konto|Inn på konto"),
        columns={
            "time": "Dato",
            "text": "Forklaring",
            "money_out": "Ut fra konto",
            "money_in": "Inn på konto",
        },
        date_order="dmy",
        currency="NOK",
        source="sample rows in the tests of several open-source importers, Norwegian; some have a decimal "
        "point, some a comma",
    ),
    KnownExport(
        name="DNB, CSV before 2020",
        country="NO",
        header=named("Dato|Forklaring|Rentedato|Uttak|Innskudd"),
        columns={
            "time": "Dato",
            "text": "Forklaring",
            "money_out": "Uttak",
            "money_in": "Innskudd",
        },
        date_order="dmy",
        currency="NOK",
        source="the code of two open-source importers, Norwegian",
    ),
    KnownExport(
        name="SpareBank 1, CSV",
        country="NO",
        header=named("Dato|Beskrivelse|Rentedato|Inn|Ut|Til konto|Fra konto"),
        columns={
            "time": "Dato",
            "text": "Beskrivelse",
            "money_in": "Inn",
            "money_out": "Ut",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="NOK",
        source="the code and tests of several importers for beancount and other open-source importers, "
        "Norwegian; money out has a minus",
    ),
    KnownExport(
        name="Nordea Norway, CSV",
        country="NO",
        header=named("Bokføringsdato|Beløp|Avsender|Mottaker|Navn|Tittel|Saldo|Valuta|Betalingstype"),
        columns={
            "time": "Bokføringsdato",
            "amount": "Beløp",
            "counterparty": "Navn",
            "text": "Tittel",
            "balance": "Saldo",
            "currency": "Valuta",
            "category": "Betalingstype",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Saldo", "Betalingstype"),
        source="sample rows in the tests of several open-source importers, Norwegian",
    ),
    KnownExport(
        name="Handelsbanken Norway and Eika, CSV",
        country="NO",
        header=named(
            "Utført dato|Bokført dato|Rentedato|Beskrivelse|Type|Undertype|Fra konto|Avsender|Til konto|Mottakernavn|"
            "Beløp inn|Beløp ut|Valuta|Status|Melding/KID/Fakt.nr"
        ),
        columns={
            "time": "Utført dato",
            "text": "Beskrivelse",
            "category": "Type",
            "counterparty": "Mottakernavn",
            "money_in": "Beløp inn",
            "money_out": "Beløp ut",
            "currency": "Valuta",
        },
        decimal_sign=".",
        date_order="dmy",
        booked={"Status": ("Bokført",)},
        source="sample rows in the tests of several open-source importers, Norwegian; amounts have three "
        "decimals, money out has a minus",
    ),
)
