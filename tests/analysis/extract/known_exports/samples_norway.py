# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: norway."""

from tests.analysis.extract.known_exports.sample import Sample

NORWAY: dict[str, Sample] = {
    "DNB, CSV": Sample(
        ";", "Dato|Forklaring|Rentedato|Ut fra konto|Inn på konto",
        ["08.03.2026|Varekjøp Glassverket|10.03.2026|35.8|", "07.03.2026|Overføring Verftet|10.03.2026||10027.25"],
        [("-35.8", "2026-03-08", None, "NOK", None), ("10027.25", "2026-03-07", None, "NOK", None)],
    ),
    "DNB, CSV before 2020": Sample(
        ";", "Dato|Forklaring|Rentedato|Uttak|Innskudd",
        ["14.03.2014|Varekjøp Glassverket|14.03.2014|3,00|", "15.03.2014|Overføring Verftet|15.03.2014||1.300,25"],
        [("-3", "2014-03-14", None, "NOK", None), ("1300.25", "2014-03-15", None, "NOK", None)],
    ),
    "SpareBank 1, CSV": Sample(
        ";", "Dato|Beskrivelse|Rentedato|Inn|Ut|Til konto|Fra konto",
        ["08.03.2026|Glassverket|||-112,40||12345678903", "07.03.2026|Verftet||10 027,25||12345678903|"],
        [("-112.4", "2026-03-08", None, "NOK", None), ("10027.25", "2026-03-07", None, "NOK", None)],
    ),
    "Nordea Norway, CSV": Sample(
        ";", "Bokføringsdato|Beløp|Avsender|Mottaker|Navn|Tittel|Valuta|Betalingstype",
        ["2026/03/23|-1003,40|6219.12||Glassverket|Kjøp|NOK|Visa varekjøp/uttak", "2026/03/07|980,50||6219.12|Verftet|Lønn|NOK|Overføring"],
        [("-1003.4", "2026-03-23", None, "NOK", "Glassverket"), ("980.5", "2026-03-07", None, "NOK", "Verftet")],
    ),
    "Handelsbanken Norway and Eika, CSV": Sample(
        ";", "Utført dato|Bokført dato|Rentedato|Beskrivelse|Type|Mottakernavn|Beløp inn|Beløp ut|Valuta|Status",
        ["17.03.2026|17.03.2026|17.03.2026|Apotek|Varekjøp|Glassverket||-112.000|NOK|Bokført", "16.03.2026|16.03.2026|16.03.2026|Lønn|Overføring|Verftet|18118.500||NOK|Bokført", "18.03.2026|||Kino|Varekjøp|||-90.000|NOK|Reservert"],
        [("-112", "2026-03-17", None, "NOK", "Glassverket"), ("18118.5", "2026-03-16", None, "NOK", "Verftet")], states=1,
    ),
}  # fmt: skip
