# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: germany."""

from tests.analysis.extract.known_exports.sample import Sample

GERMANY: dict[str, Sample] = {
    "Sparkasse, CSV-CAMT": Sample(
        ";", "Auftragskonto|Buchungstag|Beguenstigter/Zahlungspflichtiger|Betrag|Waehrung|Info",
        ["DE01|14.03.26|Bäckerei Ahorn|-11,50|EUR|Umsatz gebucht", "DE01|02.03.26|Werft Nordlicht|1.250,00|EUR|Umsatz gebucht", "DE01|15.03.26|Kino|-9,00|EUR|Umsatz vorgemerkt"],
        [("-11.5", "2026-03-14", "DE01", "EUR", "Bäckerei Ahorn"), ("1250", "2026-03-02", "DE01", "EUR", "Werft Nordlicht")], 1,
    ),
    "Volksbank (Atruvia), CSV": Sample(
        ";", "IBAN Auftragskonto|Buchungstag|Name Zahlungsbeteiligter|Betrag|Waehrung|Saldo nach Buchung",
        ["DE02|14.03.2026|Bäckerei Ahorn|-45,20|EUR|1.204,80", "DE02|02.03.2026|Werft Nordlicht|1.250,00|EUR|1.250,00"],
        [("-45.2", "2026-03-14", "DE02", "EUR", "Bäckerei Ahorn"), ("1250", "2026-03-02", "DE02", "EUR", "Werft Nordlicht")],
    ),
    "Volksbank, CSV before Atruvia": Sample(
        ";", "Buchungstag|Zahlungsempfänger|Währung|Umsatz|Soll/Haben",
        ["14.03.2026|Bäckerei Ahorn|EUR|24,15|S", "02.03.2026|Werft Nordlicht|EUR|1.250,00|H"],
        [("-24.15", "2026-03-14", None, "EUR", "Bäckerei Ahorn"), ("1250", "2026-03-02", None, "EUR", "Werft Nordlicht")],
    ),
    "Sparkasse, CSV-MT940": Sample(
        ";", "Auftragskonto|Buchungstag|Valutadatum|Beguenstigter/Zahlungspflichtiger|Betrag|Waehrung|Info",
        ["DE01|05.03.26|05.03.26|Bäckerei Ahorn|-29,00|EUR|Umsatz gebucht", "DE01|02.03.26|02.03.26|Werft|1.500,00|EUR|Umsatz gebucht", "DE01|06.03.26|06.03.26|Kino|-9,00|EUR|Umsatz vorgemerkt"],
        [("-29", "2026-03-05", "DE01", "EUR", "Bäckerei Ahorn"), ("1500", "2026-03-02", "DE01", "EUR", "Werft")], states=1,
    ),
    "Sparkasse, CSV-MT940 with IBAN": Sample(
        ";", "Auftragskonto|Buchungstag|Valutadatum|Beguenstigter/Zahlungspflichtiger|Betrag|Waehrung|Info",
        ["DE01|05.03.26|05.03.26|Bäckerei Ahorn|-29,00|EUR|Umsatz gebucht", "DE01|02.03.26|02.03.26|Werft|1.500,00|EUR|Umsatz gebucht"],
        [("-29", "2026-03-05", "DE01", "EUR", "Bäckerei Ahorn"), ("1500", "2026-03-02", "DE01", "EUR", "Werft")],
    ),
    "Commerzbank, CSV": Sample(
        ";", "Buchungstag|Wertstellung|Umsatzart|Buchungstext|Betrag|Währung|IBAN Kontoinhaber",
        ["28.03.2026|28.03.2026|Lastschrift|Ahorn GmbH|-12.480,50|EUR|DE40", "29.03.2026|29.03.2026|Gutschrift|Werft|850,00|EUR|DE40"],
        [("-12480.5", "2026-03-28", "DE40", "EUR", None), ("850", "2026-03-29", "DE40", "EUR", None)],
    ),
    "Commerzbank, CSV with bank code": Sample(
        ";", "Buchungstag|Wertstellung|Umsatzart|Buchungstext|Betrag|Währung|Auftraggeberkonto|Bankleitzahl Auftraggeberkonto|IBAN Auftraggeberkonto",
        ["22.03.2026|22.03.2026|Lastschrift|DANKE|-5,51|EUR|938471023|30041254|DE40", "23.03.2026|23.03.2026|Gutschrift|Werft|1.850,00|EUR|938471023|30041254|DE40"],
        [("-5.51", "2026-03-22", "DE40", "EUR", None), ("1850", "2026-03-23", "DE40", "EUR", None)],
    ),
    "Deutsche Bank and Postbank, CSV": Sample(
        ";", "Buchungstag|Wert|Umsatzart|Begünstigter / Auftraggeber|IBAN / Kontonummer|Betrag|Soll|Haben|Währung",
        ["30.3.2026|30.3.2026|SEPA Lastschrift|Ahorn|DE89|-1.000,00|-1.000,00||EUR", "29.3.2026|29.3.2026|SEPA Überweisung|Werft|DE90|850,00||850,00|EUR"],
        [("-1000", "2026-03-30", None, "EUR", "Ahorn"), ("850", "2026-03-29", None, "EUR", "Werft")], above="Umsätze\nKonto;Filial-/Kontonummer;IBAN;Währung\nAktivKonto;123 1234567 00;DE00;EUR\n\n1.3.2026 - 31.3.2026\nLetzter Kontostand;;;;2.500,00;EUR\nVorgemerkte und noch nicht gebuchte Umsätze sind nicht Bestandteil dieser Übersicht.",
    ),
    "Deutsche Bank, CSV before 2023": Sample(
        ";", "Buchungstag|Wert|Umsatzart|Begünstigter / Auftraggeber|IBAN|Soll|Haben|Währung",
        ["30.03.2022|30.03.2022|SEPA Lastschrift|Ahorn|DE89|-1.000,00||EUR", "29.03.2022|29.03.2022|SEPA Überweisung|Werft|DE90||850,00|EUR"],
        [("-1000", "2022-03-30", None, "EUR", "Ahorn"), ("850", "2022-03-29", None, "EUR", "Werft")],
    ),
}  # fmt: skip
