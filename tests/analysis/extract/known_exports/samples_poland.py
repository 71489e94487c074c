# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: poland."""

from tests.analysis.extract.known_exports.sample import Sample

POLAND: dict[str, Sample] = {
    "mBank, CSV list of operations": Sample(
        ";", "#Data operacji|#Opis operacji|#Rachunek|#Kategoria|#Kwota",
        ["2026-03-18|PIEKARNIA|Moje konto|Żywność|-118,72 PLN", "2026-03-17|STOCZNIA|Moje konto|Wpływy|3 000,00 PLN"],
        [("-118.72", "2026-03-18", "Moje konto", "PLN", None), ("3000", "2026-03-17", "Moje konto", "PLN", None)], above="mBank S.A. Bankowość Detaliczna;\n\n#Waluta;#Wpływy;#Wydatki;\nPLN;50,00;-132,72;\n",
    ),
    "mBank, CSV statement": Sample(
        ";", "#Data księgowania|#Data operacji|#Opis operacji|#Tytuł|#Nadawca/Odbiorca|#Kwota|#Saldo po operacji",
        ["2026-03-10|2026-03-09|BLIK ZAKUP|Bułki|Piekarnia|-87,34|2 912,66", "2026-03-08|2026-03-08|PRZELEW|Wypłata|Stocznia|3 000,00|3 000,00"],
        [("-87.34", "2026-03-10", None, "PLN", "Piekarnia"), ("3000", "2026-03-08", None, "PLN", "Stocznia")], above="mBank S.A. Bankowość Detaliczna;\n#Za okres:;\n01.03.2026;31.03.2026;\n#Waluta;\nPLN;\n#Numer rachunku;\n50114020040000360276034397;\n#Saldo początkowe;0,00 PLN;\n",
    ),
    "PKO BP, CSV": Sample(
        ",", "Data operacji|Data waluty|Typ transakcji|Kwota|Waluta|Saldo po transakcji|Opis transakcji",
        ["2026-03-02|2026-03-01|Płatność kartą|-38.17|PLN|+2849.33|Tytuł: PIEKARNIA", "2026-03-01|2026-03-01|Przelew na rachunek|+2000.00|PLN|+2887.50|Tytuł: STOCZNIA"],
        [("-38.17", "2026-03-02", None, "PLN", None), ("2000", "2026-03-01", None, "PLN", None)],
    ),
    "ING Poland, CSV": Sample(
        ";", "Data transakcji|Data księgowania|Dane kontrahenta|Tytuł|Kwota transakcji (waluta rachunku)|Waluta|Saldo po transakcji",
        ["2026-03-05|2026-03-06|Piekarnia|Bułki|-14,48|PLN|1985,52", "2026-03-04|2026-03-04|Stocznia|Wypłata|2000,00|PLN|2000,00"],
        [("-14.48", "2026-03-06", None, "PLN", "Piekarnia"), ("2000", "2026-03-04", None, "PLN", "Stocznia")], above="\"Lista transakcji\";;",
    ),
    "ING Poland, CSV without balance": Sample(
        ";", "Data transakcji|Data księgowania|Dane kontrahenta|Tytuł|Kwota transakcji (waluta rachunku)|Waluta|Konto",
        ["2026-03-05|2026-03-06|Piekarnia|Bułki|-14,48|PLN|KONTO Direct", "2026-03-04|2026-03-04|Stocznia|Wypłata|2000,00|PLN|KONTO Direct"],
        [("-14.48", "2026-03-06", "KONTO Direct", "PLN", "Piekarnia"), ("2000", "2026-03-04", "KONTO Direct", "PLN", "Stocznia")], above="\"Lista transakcji\"",
    ),
    "ING Poland, CSV with few columns": Sample(
        ";", "Data transakcji|Data księgowania|Dane kontrahenta|Tytuł|Kwota transakcji (waluta rachunku)|Waluta|Konto",
        ["2026-03-05|2026-03-05|Piekarnia|Bułki|-7,00|PLN|KONTO Direct", "2026-03-04|2026-03-04|Stocznia|Wypłata|12500,50|PLN|KONTO Direct"],
        [("-7", "2026-03-05", "KONTO Direct", "PLN", "Piekarnia"), ("12500.5", "2026-03-04", "KONTO Direct", "PLN", "Stocznia")], above="\"Wybrane rachunki:\";\n\"KONTO Direct (PLN)\";;\"10 1050 0099 7603 1234 5678 9123\";\n",
    ),
    "Bank Millennium, CSV": Sample(
        ",", "Numer rachunku/karty|Data transakcji|Data rozliczenia|Rodzaj transakcji|Odbiorca/Zleceniodawca|Obciążenia|Uznania|Saldo|Waluta",
        ["PL12|2026-03-15|2026-03-15|PŁATNOŚĆ BLIK|Piekarnia|-15.20||984.80|PLN", "PL12|2026-03-14|2026-03-14|PRZELEW|Stocznia||1000.00|1000.00|PLN"],
        [("-15.2", "2026-03-15", "PL12", "PLN", "Piekarnia"), ("1000", "2026-03-14", "PL12", "PLN", "Stocznia")],
    ),
    "Bank Pekao, CSV": Sample(
        ";", "Data księgowania|Data waluty|Nadawca / Odbiorca|Tytułem|Kwota operacji|Waluta|Typ operacji",
        ["15.03.2026|15.03.2026|Piekarnia|Bułki|-1 015,20|PLN|PŁATNOŚĆ KARTĄ", "14.03.2026|14.03.2026|Stocznia|Wypłata|3 000,00|PLN|PRZELEW"],
        [("-1015.2", "2026-03-15", None, "PLN", "Piekarnia"), ("3000", "2026-03-14", None, "PLN", "Stocznia")],
    ),
}  # fmt: skip
