"""Exports of banks of Poland."""

from analysis.extract.known_exports.entry import KnownExport, named

POLAND: tuple[KnownExport, ...] = (
    KnownExport(
        name="mBank, CSV list of operations",
        country="PL",
        header=named("#Data operacji|#Opis operacji|#Rachunek|#Kategoria|#Kwota|#Saldo po operacji"),
        columns={
            "time": "#Data operacji",
            "text": "#Opis operacji",
            "account": "#Rachunek",
            "category": "#Kategoria",
            "amount": "#Kwota",
            "balance": "#Saldo po operacji",
        },
        decimal_sign=",",
        date_order="ymd",
        currency="PLN",
        optional=("#Saldo po operacji",),
        source="sample rows in the tests of several open-source importers, Polish",
    ),
    KnownExport(
        name="mBank, CSV statement",
        country="PL",
        header=named(
            "#Data księgowania|#Data operacji|#Opis operacji|#Tytuł|#Nadawca/Odbiorca|#Numer konta|#Kwota|"
            "#Saldo po operacji"
        ),
        columns={
            "time": "#Data księgowania",
            "category": "#Opis operacji",
            "text": "#Tytuł",
            "counterparty": "#Nadawca/Odbiorca",
            "amount": "#Kwota",
            "balance": "#Saldo po operacji",
        },
        decimal_sign=",",
        date_order="ymd",
        currency="PLN",
        source="sample rows in the tests of several open-source importers, Polish",
    ),
    KnownExport(
        name="PKO BP, CSV",
        country="PL",
        header=named("Data operacji|Data waluty|Typ transakcji|Kwota|Waluta|Saldo po transakcji|Opis transakcji"),
        columns={
            "time": "Data operacji",
            "category": "Typ transakcji",
            "amount": "Kwota",
            "currency": "Waluta",
            "balance": "Saldo po transakcji",
            "text": "Opis transakcji",
        },
        decimal_sign=".",
        date_order="ymd",
        optional=("Saldo po transakcji",),
        source='sample rows in the tests of several open-source importers, Polish; a row without "Data '
        'operacji" is pending',
    ),
    KnownExport(
        name="ING Poland, CSV",
        country="PL",
        header=named(
            "Data transakcji|Data księgowania|Dane kontrahenta|Tytuł|Nr rachunku|Nazwa banku|Szczegóły|Nr transakcji|"
            "Kwota transakcji (waluta rachunku)|Waluta|Kwota blokady/zwolnienie blokady|Waluta|"
            "Kwota płatności w walucie|Waluta|Saldo po transakcji|Waluta|Konto"
        ),
        columns={
            "time": "Data księgowania",
            "counterparty": "Dane kontrahenta",
            "text": "Tytuł",
            "transaction_id": "Nr transakcji",
            "amount": "Kwota transakcji (waluta rachunku)",
            "currency": "Waluta",
            "balance": "Saldo po transakcji",
            "account": "Konto",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Konto",),
        source='the code of several open-source importers, Polish; a row without "Data księgowania" is pending',
    ),
    KnownExport(
        name="ING Poland, CSV without balance",
        country="PL",
        header=named(
            "Data transakcji|Data księgowania|Dane kontrahenta|Tytuł|Nr rachunku|Nazwa banku|Szczegóły|Nr transakcji|"
            "Kwota transakcji (waluta rachunku)|Waluta|Kwota blokady/zwolnienie blokady|Waluta|"
            "Kwota płatności w walucie|Waluta|Konto"
        ),
        columns={
            "time": "Data księgowania",
            "counterparty": "Dane kontrahenta",
            "text": "Tytuł",
            "transaction_id": "Nr transakcji",
            "amount": "Kwota transakcji (waluta rachunku)",
            "currency": "Waluta",
            "account": "Konto",
        },
        decimal_sign=",",
        date_order="ymd",
        source='the tests of one open-source importer, Polish; a row without "Data księgowania" is pending',
    ),
    KnownExport(
        name="ING Poland, CSV with few columns",
        country="PL",
        header=named(
            "Data transakcji|Data księgowania|Dane kontrahenta|Tytuł|Nr rachunku|Nazwa banku|Szczegóły|Nr transakcji|"
            "Kwota transakcji (waluta rachunku)|Waluta|Konto"
        ),
        columns={
            "time": "Data księgowania",
            "counterparty": "Dane kontrahenta",
            "text": "Tytuł",
            "amount": "Kwota transakcji (waluta rachunku)",
            "currency": "Waluta",
            "account": "Konto",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Nazwa banku", "Szczegóły", "Nr transakcji", "Konto"),
        source="the tests of two open-source importers, Polish",
    ),
    KnownExport(
        name="Bank Millennium, CSV",
        country="PL",
        header=named(
            "Numer rachunku/karty|Data transakcji|Data rozliczenia|Rodzaj transakcji|Na konto/Z konta|"
            "Odbiorca/Zleceniodawca|Opis|Obciążenia|Uznania|Saldo|Waluta"
        ),
        columns={
            "account": "Numer rachunku/karty",
            "time": "Data transakcji",
            "category": "Rodzaj transakcji",
            "counterparty": "Odbiorca/Zleceniodawca",
            "text": "Opis",
            "money_out": "Obciążenia",
            "money_in": "Uznania",
            "balance": "Saldo",
            "currency": "Waluta",
        },
        decimal_sign=".",
        date_order="ymd",
        source="the code and tests of several open-source importers, Polish",
    ),
    KnownExport(
        name="Bank Pekao, CSV",
        country="PL",
        header=named(
            "Data księgowania|Data waluty|Nadawca / Odbiorca|Adres nadawcy / odbiorcy|Rachunek źródłowy|"
            "Rachunek docelowy|Tytułem|Kwota operacji|Waluta|Numer referencyjny|Typ operacji|Kategoria"
        ),
        columns={
            "time": "Data księgowania",
            "counterparty": "Nadawca / Odbiorca",
            "text": "Tytułem",
            "amount": "Kwota operacji",
            "currency": "Waluta",
            "transaction_id": "Numer referencyjny",
            "category": "Typ operacji",
        },
        decimal_sign=",",
        date_order="dmy",
        optional=("Kategoria",),
        source="the code of several open-source importers, Polish",
    ),
)
