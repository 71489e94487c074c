"""Exports of banks of Estonia, Latvia and Lithuania."""

from analysis.extract.known_exports.entry import KnownExport, named

BALTICS: tuple[KnownExport, ...] = (
    KnownExport(
        name="Swedbank Estonia, CSV",
        country="EE",
        header=named(
            "Kliendi konto|Reatüüp|Kuupäev|Saaja/Maksja|Selgitus|Summa|Valuuta|Deebet/Kreedit|Arhiveerimistunnus|"
            "Tehingu tüüp|Viitenumber|Dokumendi number"
        ),
        columns={
            "account": "Kliendi konto",
            "time": "Kuupäev",
            "counterparty": "Saaja/Maksja",
            "text": "Selgitus",
            "amount": "Summa",
            "currency": "Valuuta",
            "direction": "Deebet/Kreedit",
            "transaction_id": "Arhiveerimistunnus",
            "category": "Tehingu tüüp",
        },
        decimal_sign=",",
        date_order="dmy",
        money_in=("K",),
        money_out=("D",),
        booked={"Reatüüp": ("20",)},
        source="the code and tests of several open-source importers, Estonian; rows of another type are "
        "balances and turnovers",
    ),
    KnownExport(
        name="Swedbank Lithuania, CSV",
        country="LT",
        header=named(
            "Sąskaitos Nr.|column 2|Data|Gavėjas|Paaiškinimai|Suma|Valiuta|D/K|Įrašo Nr.|Kodas|Įmokos kodas|Dok. Nr.|"
            "Kliento kodas mokėtojo IS|Kliento kodas|Pradinis mokėtojas|Galutinis gavėjas"
        ),
        columns={
            "account": "Sąskaitos Nr.",
            "time": "Data",
            "counterparty": "Gavėjas",
            "text": "Paaiškinimai",
            "amount": "Suma",
            "currency": "Valiuta",
            "direction": "D/K",
            "transaction_id": "Įrašo Nr.",
            "category": "Kodas",
        },
        decimal_sign=".",
        date_order="ymd",
        money_in=("K",),
        money_out=("D",),
        optional=("Kliento kodas mokėtojo IS", "Kliento kodas", "Pradinis mokėtojas", "Galutinis gavėjas"),
        booked={"column 2": ("20",)},
        source="the tests of several open-source importers, Lithuanian; rows of another type are balances and "
        "turnovers",
    ),
    KnownExport(
        name="LHV, CSV in Estonian",
        country="EE",
        header=named(
            "Kliendi konto|Dokumendi number|Kuupäev|Saaja/maksja konto|Saaja/maksja nimi|Deebet/Kreedit (D/C)|Summa|"
            "Viitenumber|Arhiveerimistunnus|Selgitus|Valuuta|Isikukood või registrikood|Saaja/maksja panga BIC|"
            "Makse algataja nimi|Kande viide|Konto teenusepakkuja viide"
        ),
        columns={
            "account": "Kliendi konto",
            "time": "Kuupäev",
            "counterparty": "Saaja/maksja nimi",
            "amount": "Summa",
            "transaction_id": "Arhiveerimistunnus",
            "text": "Selgitus",
            "currency": "Valuuta",
        },
        decimal_sign=".",
        date_order="ymd",
        optional=named(
            "Isikukood või registrikood|Saaja/maksja panga BIC|Makse algataja nimi|Kande viide|"
            "Konto teenusepakkuja viide"
        ),
        source="the tests of several open-source importers, Estonian; the amount is signed, beside the letter "
        "for its direction",
    ),
    KnownExport(
        name="SEB Lithuania, CSV in Lithuanian",
        country="LT",
        header=named(
            "DOK NR.|DATA|VALIUTA|SUMA|MOKĖTOJO ARBA GAVĖJO PAVADINIMAS|MOKĖTOJO ARBA GAVĖJO IDENTIFIKACINIS KODAS|"
            "SĄSKAITA|KREDITO ĮSTAIGOS PAVADINIMAS|KREDITO ĮSTAIGOS SWIFT KODAS|MOKĖJIMO PASKIRTIS|"
            "TRANSAKCIJOS KODAS|DOKUMENTO DATA|TRANSAKCIJOS TIPAS|NUORODA|DEBETAS/KREDITAS|SUMA SĄSKAITOS VALIUTA|"
            "SĄSKAITOS NR|SĄSKAITOS VALIUTA"
        ),
        columns={
            "time": "DATA",
            "counterparty": "MOKĖTOJO ARBA GAVĖJO PAVADINIMAS",
            "text": "MOKĖJIMO PASKIRTIS",
            "transaction_id": "TRANSAKCIJOS KODAS",
            "category": "TRANSAKCIJOS TIPAS",
            "direction": "DEBETAS/KREDITAS",
            "amount": "SUMA SĄSKAITOS VALIUTA",
            "account": "SĄSKAITOS NR",
            "currency": "SĄSKAITOS VALIUTA",
        },
        decimal_sign=",",
        date_order="ymd",
        money_in=("C", "K"),
        money_out=("D",),
        source='the notes and code of two open-source importers, Lithuanian; "SUMA" is in the currency of the payment',
    ),
)
