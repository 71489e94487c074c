# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: belgium."""

from tests.analysis.extract.known_exports.sample import Sample

BELGIUM: dict[str, Sample] = {
    "Belfius, CSV": Sample(
        ";", "Rekening|Boekingsdatum|Naam tegenpartij bevat|Bedrag|Devies|Landcode",
        ["BE10 0000 0000 0001|14/03/2026|Frituur Zon|-7,20|EUR|BE", "BE10 0000 0000 0001|02/03/2026|Haven NV|900,00|EUR|BE"],
        [("-7.2", "2026-03-14", "BE10 0000 0000 0001", "EUR", "Frituur Zon"), ("900", "2026-03-02", "BE10 0000 0000 0001", "EUR", "Haven NV")],
    ),
    "KBC, CSV": Sample(
        ";", "Rekeningnummer|Munt|Datum|Valuta|Bedrag|Saldo|credit|debet|Naam tegenpartij",
        ["BE01000000000001|EUR|02/03/2026|03/03/2026|-3,40|219,95||-3,40|Frituur Zon", "BE01000000000001|EUR|03/03/2026|03/03/2026|1.900,00|2.119,95|1.900,00||Haven NV"],
        [("-3.4", "2026-03-02", "BE01000000000001", "EUR", "Frituur Zon"), ("1900", "2026-03-03", "BE01000000000001", "EUR", "Haven NV")],
    ),
    "KBC, CSV with the other account in two columns": Sample(
        ";", "Rekeningnummer|Munt|Datum|Valuta|Bedrag|Saldo|Naam tegenpartij",
        ["BE01000000000001|EUR|02/03/2026|03/03/2026|-3,40|219,95|Frituur Zon", "BE01000000000001|EUR|03/03/2026|03/03/2026|1.900,00|2.119,95|Haven NV"],
        [("-3.4", "2026-03-02", "BE01000000000001", "EUR", "Frituur Zon"), ("1900", "2026-03-03", "BE01000000000001", "EUR", "Haven NV")],
    ),
    "BNP Paribas Fortis, CSV": Sample(
        ";", "Volgnummer|Uitvoeringsdatum|Valutadatum|Bedrag|Valuta rekening|Rekeningnummer|Naam van de tegenpartij|Status",
        ["2026-00001|07/03/2026|07/03/2026|-12,05|EUR|BE02000000000002|Frituur Zon|Geaccepteerd", "2026-00002|08/03/2026|08/03/2026|2750,00|EUR|BE02000000000002|Haven NV|Geaccepteerd", "2026-00003|09/03/2026|09/03/2026|-99,00|EUR|BE02000000000002|Kino|Geweigerd"],
        [("-12.05", "2026-03-07", "BE02000000000002", "EUR", "Frituur Zon"), ("2750", "2026-03-08", "BE02000000000002", "EUR", "Haven NV")], states=1,
    ),
    "BNP Paribas Fortis and Fintro, CSV before 2022": Sample(
        ";", "Volgnummer|Uitvoeringsdatum|Valutadatum|Bedrag|Valuta rekening|TEGENPARTIJ VAN DE VERRICHTING|Rekeningnummer",
        ["2021-0075|10/03/2021|10/03/2021|-4.00|EUR|Frituur Zon|BE02000000000002", "2021-0074|09/03/2021|09/03/2021|205.86|EUR|Haven NV|BE02000000000002"],
        [("-4", "2021-03-10", "BE02000000000002", "EUR", "Frituur Zon"), ("205.86", "2021-03-09", "BE02000000000002", "EUR", "Haven NV")],
    ),
    "ING Belgium, CSV": Sample(
        ";", "Rekeningnummer|Naam van de rekening|Omzetnummer|Boekingsdatum|Valutadatum|Bedrag|Munteenheid|Omschrijving",
        ["000-0000001-22|Zon|23|02/03/2026|03/03/2026|-151,80|EUR|Betaling", "000-0000001-22|Zon|35|04/03/2026|03/03/2026|1.552,45|EUR|Storting"],
        [("-151.8", "2026-03-02", "000-0000001-22", "EUR", None), ("1552.45", "2026-03-04", "000-0000001-22", "EUR", None)],
    ),
    "Argenta, Excel": Sample(
        ";", "Rekening|Boekdatum|Valutadatum|Beschrijving|Bedrag|Munt|Naam tegenpartij",
        ["BE03000000000003|02-03-2026|02-03-2026|Betaling bancontact|-15,20|EUR|Frituur Zon", "BE03000000000003|03-03-2026|03-03-2026|Inkomende overschrijving|1.500,00|EUR|Haven NV"],
        [("-15.2", "2026-03-02", "BE03000000000003", "EUR", "Frituur Zon"), ("1500", "2026-03-03", "BE03000000000003", "EUR", "Haven NV")],
    ),
}  # fmt: skip
