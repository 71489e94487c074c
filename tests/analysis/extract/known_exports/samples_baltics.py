# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: baltics."""

from tests.analysis.extract.known_exports.sample import Sample

BALTICS: dict[str, Sample] = {
    "Swedbank Estonia, CSV": Sample(
        ";", "Kliendi konto|Reatüüp|Kuupäev|Saaja/Maksja|Selgitus|Summa|Valuuta|Deebet/Kreedit|Arhiveerimistunnus",
        ["EE01|20|02.03.2026|Kohvik|Arve|5,59|EUR|D|A1", "EE01|20|03.03.2026|Laevatehas|Palk|1500,00|EUR|K|A2", "EE01|30|03.03.2026||Muu|9,00|EUR|K|"],
        [("-5.59", "2026-03-02", "EE01", "EUR", "Kohvik"), ("1500", "2026-03-03", "EE01", "EUR", "Laevatehas")], states=1,
    ),
    "Swedbank Lithuania, CSV": Sample(
        ",", "Sąskaitos Nr.|column 2|Data|Gavėjas|Paaiškinimai|Suma|Valiuta|D/K|Įrašo Nr.",
        ["LT16|20|2026-03-04|Kavinė|Kava|0.70|EUR|D|1001", "LT16|20|2026-03-06|Laivų statykla|Alga|1500.00|EUR|K|1002", "LT16|30|2026-03-06||Kita|1500.00|EUR|K|"],
        [("-0.7", "2026-03-04", "LT16", "EUR", "Kavinė"), ("1500", "2026-03-06", "LT16", "EUR", "Laivų statykla")], states=1,
    ),
    "LHV, CSV in Estonian": Sample(
        ",", "Kliendi konto|Kuupäev|Saaja/maksja nimi|Deebet/Kreedit (D/C)|Summa|Selgitus|Valuuta|Dokumendi number",
        ["EE02|2026-03-02|Kohvik|D|-26.62|Arve|EUR|DOC2", "EE02|2026-03-03|Laevatehas|C|1126.60|Palk|EUR|DOC1"],
        [("-26.62", "2026-03-02", "EE02", "EUR", "Kohvik"), ("1126.6", "2026-03-03", "EE02", "EUR", "Laevatehas")],
    ),
    "SEB Lithuania, CSV in Lithuanian": Sample(
        ";", "DOK NR.|DATA|VALIUTA|SUMA|MOKĖTOJO ARBA GAVĖJO PAVADINIMAS|DOKUMENTO DATA|DEBETAS/KREDITAS|SUMA SĄSKAITOS VALIUTA|SĄSKAITOS NR|SĄSKAITOS VALIUTA",
        ["1|2026-03-04|USD|55,00|Kavinė|2026-03-04|D|50,63|LT01|EUR", "2|2026-03-05|EUR|1500,00|Laivų statykla|2026-03-05|C|1500,00|LT01|EUR"],
        [("-50.63", "2026-03-04", "LT01", "EUR", "Kavinė"), ("1500", "2026-03-05", "LT01", "EUR", "Laivų statykla")], above="\"SĄSKAITOS  (LT01) IŠRAŠAS (UŽ LAIKOTARPĮ: 2026-03-01-2026-03-31)\";",
    ),
}  # fmt: skip
