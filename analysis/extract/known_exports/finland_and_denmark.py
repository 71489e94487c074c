"""Exports of banks of Finland and Denmark."""

from analysis.extract.known_exports.entry import KnownExport, named

FINLAND_AND_DENMARK: tuple[KnownExport, ...] = (
    KnownExport(
        name="OP, CSV with account and BIC in one",
        country="FI",
        header=named(
            "Kirjauspäivä|Arvopäivä|Määrä EUROA|Laji|Selitys|Saaja/Maksaja|Saajan tilinumero ja pankin BIC|Viite|"
            "Viesti|Arkistointitunnus"
        ),
        columns={
            "time": "Kirjauspäivä",
            "amount": "Määrä EUROA",
            "category": "Selitys",
            "counterparty": "Saaja/Maksaja",
            "text": "Viesti",
            "transaction_id": "Arkistointitunnus",
        },
        decimal_sign=",",
        currency="EUR",
        source="a plugin for ofxstatement and other open-source importers, Finnish",
    ),
    KnownExport(
        name="OP, CSV with account and BIC apart",
        country="FI",
        header=named(
            "Kirjauspäivä|Arvopäivä|Määrä EUROA|Laji|Selitys|Saaja/Maksaja|Saajan tilinumero|Saajan pankin BIC|Viite|"
            "Viesti|Arkistointitunnus"
        ),
        columns={
            "time": "Kirjauspäivä",
            "amount": "Määrä EUROA",
            "category": "Selitys",
            "counterparty": "Saaja/Maksaja",
            "text": "Viesti",
            "transaction_id": "Arkistointitunnus",
        },
        decimal_sign=",",
        currency="EUR",
        source="a plugin for ofxstatement and other open-source importers, Finnish",
    ),
    KnownExport(
        name="Nordea Finland, CSV",
        country="FI",
        header=named("Kirjauspäivä|Määrä|Maksaja|Maksunsaaja|Nimi|Otsikko|Viesti|Viitenumero|Saldo|Valuutta"),
        columns={
            "time": "Kirjauspäivä",
            "amount": "Määrä",
            "counterparty": "Nimi",
            "text": "Otsikko",
            "balance": "Saldo",
            "currency": "Valuutta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Viesti", "Saldo", "Valuutta"),
        source="sample rows in the tests of several open-source importers, Finnish",
    ),
    KnownExport(
        name="Nordea Finland, TSV before 2020",
        country="FI",
        header=named(
            "Kirjauspäivä|Arvopäivä|Maksupäivä|Määrä|Saaja/Maksaja|Tilinumero|BIC|Tapahtuma|Viite|Maksajan viite|"
            "Viesti|Kortinnumero|Kuitti"
        ),
        columns={
            "time": "Kirjauspäivä",
            "amount": "Määrä",
            "counterparty": "Saaja/Maksaja",
            "category": "Tapahtuma",
            "text": "Viesti",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        source="a plugin for ofxstatement, Finnish",
    ),
    KnownExport(
        name="S-Pankki, CSV",
        country="FI",
        header=named(
            "Kirjauspäivä|Maksupäivä|Summa|Tapahtumalaji|Maksaja|Saajan nimi|Saajan tilinumero|Saajan BIC-tunnus|"
            "Viitenumero|Viesti|Arkistointitunnus"
        ),
        columns={
            "time": "Kirjauspäivä",
            "amount": "Summa",
            "category": "Tapahtumalaji",
            "counterparty": "Saajan nimi",
            "text": "Viesti",
            "transaction_id": "Arkistointitunnus",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        optional=("Viesti", "Arkistointitunnus"),
        source="sample rows in the tests of several open-source importers, Finnish",
    ),
    KnownExport(
        name="Danske Bank Finland, CSV",
        country="FI",
        header=named("Pvm|Luokka|Alaluokka|Saaja/Maksaja|Määrä|Saldo|Tila|Tarkastus"),
        columns={
            "time": "Pvm",
            "category": "Luokka",
            "counterparty": "Saaja/Maksaja",
            "amount": "Määrä",
            "balance": "Saldo",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="EUR",
        booked={"Tila": ("Toteutunut",)},
        source="sample rows in the tests of one open-source importer, Finnish",
    ),
    KnownExport(
        name="Danske Bank Denmark, CSV",
        country="DK",
        header=named("Dato|Kategori|Underkategori|Tekst|Beløb|Saldo|Status|Afstemt"),
        columns={
            "time": "Dato",
            "category": "Kategori",
            "text": "Tekst",
            "amount": "Beløb",
            "balance": "Saldo",
        },
        decimal_sign=",",
        date_order="dmy",
        currency="DKK",
        optional=("Kategori", "Underkategori"),
        booked={"Status": ("Udført",)},
        source="sample rows in the tests of several open-source importers, Danish",
    ),
    KnownExport(
        name="Nordea Denmark, CSV",
        country="DK",
        header=named("Bogføringsdato|Beløb|Afsender|Modtager|Navn|Beskrivelse|Saldo|Valuta|Afstemt"),
        columns={
            "time": "Bogføringsdato",
            "amount": "Beløb",
            "counterparty": "Navn",
            "text": "Beskrivelse",
            "balance": "Saldo",
            "currency": "Valuta",
        },
        decimal_sign=",",
        date_order="ymd",
        optional=("Afstemt",),
        source='sample rows in the tests of several open-source importers, Danish; "Reserveret" in place of a '
        "date is pending",
    ),
    KnownExport(
        name="Jyske Bank, CSV in English",
        country="DK",
        header=named("Date|Text|Amount|Balance|Reconciled|AccountNumber|AccountName|MainCategory|Category|Comment"),
        columns={
            "time": "Date",
            "text": "Text",
            "amount": "Amount",
            "balance": "Balance",
            "account": "AccountNumber",
            "category": "Category",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="DKK",
        source="the notes of one open-source reader, Danish",
    ),
)
