# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: finland and denmark."""

from tests.analysis.extract.known_exports.sample import Sample

FINLAND_AND_DENMARK: dict[str, Sample] = {
    "OP, CSV with account and BIC in one": Sample(
        ";", "Kirjauspäivä|Määrä EUROA|Saaja/Maksaja",
        ["14.03.2026|-29,90|Leipomo", "13.03.2026|+500,00|Telakka Oy"],
        [("-29.9", "2026-03-14", None, "EUR", "Leipomo"), ("500", "2026-03-13", None, "EUR", "Telakka Oy")],
    ),
    "OP, CSV with account and BIC apart": Sample(
        ";", "Kirjauspäivä|Määrä EUROA|Saaja/Maksaja",
        ["14.03.2026|-29,90|Leipomo", "13.03.2026|+500,00|Telakka Oy"],
        [("-29.9", "2026-03-14", None, "EUR", "Leipomo"), ("500", "2026-03-13", None, "EUR", "Telakka Oy")],
    ),
    "Nordea Finland, CSV": Sample(
        ";", "Kirjauspäivä|Määrä|Maksaja|Maksunsaaja|Nimi|Otsikko|Viitenumero|Saldo|Valuutta",
        ["2026/03/30|-10,76|FI00||Leipomo|LEIPOMO|260130208810|4385,61|EUR", "2026/03/28|3106,99||FI00|Telakka Oy|PALKKA||4396,37|EUR"],
        [("-10.76", "2026-03-30", None, "EUR", "Leipomo"), ("3106.99", "2026-03-28", None, "EUR", "Telakka Oy")],
    ),
    "Nordea Finland, TSV before 2020": Sample(
        "\t", "Kirjauspäivä|Arvopäivä|Maksupäivä|Määrä|Saaja/Maksaja|Tilinumero|Tapahtuma|Kortinnumero|Kuitti",
        ["04.03.2015|04.03.2015|03.03.2015|-15,90|LEIPOMO||Korttiosto||", "05.03.2015|05.03.2015|05.03.2015|+1.500,00|TELAKKA OY|FI00|Palkka||"],
        [("-15.9", "2015-03-04", None, "EUR", "LEIPOMO"), ("1500", "2015-03-05", None, "EUR", "TELAKKA OY")],
    ),
    "S-Pankki, CSV": Sample(
        ";", "Kirjauspäivä|Maksupäivä|Summa|Tapahtumalaji|Maksaja|Saajan nimi|Saajan tilinumero|Viesti",
        ["22.03.2026|21.03.2026|-25,53|KORTTIOSTO|MATTI|Leipomo|-|'4318'", "10.03.2026|10.03.2026|+1500,00|TILISIIRTO|TELAKKA OY|MATTI|FI00|'-'"],
        [("-25.53", "2026-03-22", None, "EUR", "Leipomo"), ("1500", "2026-03-10", None, "EUR", "MATTI")],
    ),
    "Danske Bank Finland, CSV": Sample(
        ";", "Pvm|Luokka|Saaja/Maksaja|Määrä|Saldo|Tila|Tarkastus",
        ["20.03.2026|Ruoka|Leipomo|-55,00|8 588,83|Toteutunut|Ei", "19.03.2026|Palkka|Telakka Oy|2 500,00|8 643,83|Toteutunut|Ei", "21.03.2026|Muut|Kino|-9,00||Odottaa|Ei"],
        [("-55", "2026-03-20", None, "EUR", "Leipomo"), ("2500", "2026-03-19", None, "EUR", "Telakka Oy")], states=1,
    ),
    "Danske Bank Denmark, CSV": Sample(
        ";", "Dato|Tekst|Beløb|Saldo|Status|Afstemt",
        ["22.03.2026|Bageren|-57,20|29.134,23|Udført|Nej", "23.03.2026|Værftet|1.500,00|30.634,23|Udført|Nej", "24.03.2026|Kino|-90,00||Venter|Nej"],
        [("-57.2", "2026-03-22", None, "DKK", None), ("1500", "2026-03-23", None, "DKK", None)], states=1,
    ),
    "Nordea Denmark, CSV": Sample(
        ";", "Bogføringsdato|Beløb|Afsender|Modtager|Navn|Beskrivelse|Saldo|Valuta",
        ["2026/03/29|-25,00|6297||Bageren|Brød|97139,36|DKK", "2026/03/28|40385,60||6297|Værftet|Løn|97164,36|DKK"],
        [("-25", "2026-03-29", None, "DKK", "Bageren"), ("40385.6", "2026-03-28", None, "DKK", "Værftet")],
    ),
    "Jyske Bank, CSV in English": Sample(
        ";", "Date|Text|Amount|Balance|AccountNumber|Category",
        ["14.03.2026|Bageren|-57.20|1,177.36|5301 1|Mad", "13.03.2026|Værftet|1,234.56|1,234.56|5301 1|Løn"],
        [("-57.2", "2026-03-14", "5301 1", "DKK", None), ("1234.56", "2026-03-13", "5301 1", "DKK", None)],
    ),
}  # fmt: skip
