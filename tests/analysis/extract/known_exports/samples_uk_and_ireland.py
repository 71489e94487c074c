# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: uk and ireland."""

from tests.analysis.extract.known_exports.sample import Sample

UK_AND_IRELAND: dict[str, Sample] = {
    "Lloyds, Halifax, Bank of Scotland and TSB, CSV": Sample(
        ",", "Transaction Date|Account Number|Debit Amount|Credit Amount|Balance",
        ["14/03/2026|12345678|12.50||137.50", "02/03/2026|12345678||150.00|150.00"],
        [("-12.5", "2026-03-14", "12345678", "GBP", None), ("150", "2026-03-02", "12345678", "GBP", None)],
    ),
    "Barclays, CSV": Sample(
        ",", "Date|Account|Amount|Memo",
        ["03/04/2026|20-00-00 1|-10.99|KITES", "02/04/2026|20-00-00 1|245.00|PIER"],
        [("-10.99", "2026-04-03", "20-00-00 1", "GBP", None), ("245", "2026-04-02", "20-00-00 1", "GBP", None)],
    ),
    "Monzo, CSV": Sample(
        ",", "Transaction ID|Date|Time|Name|Amount|Currency|Money Out|Money In",
        ["tx_1|03/04/2026|09:12:00|Kites|-18.00|GBP|-18.00|", "tx_2|04/04/2026|09:12:00|Pier|450.00|GBP||450.00"],
        [("-18", "2026-04-03", None, "GBP", "Kites"), ("450", "2026-04-04", None, "GBP", "Pier")],
    ),
    "Starling GBP, CSV": Sample(
        ",", "Date|Counter Party|Amount (GBP)|Balance (GBP)",
        ["03/04/2026|Kites|-5.50|94.50", "04/04/2026|Pier|20.00|114.50"],
        [("-5.5", "2026-04-03", None, "GBP", "Kites"), ("20", "2026-04-04", None, "GBP", "Pier")],
    ),
    "Starling EUR, CSV": Sample(
        ",", "Date|Counter Party|Amount (EUR)|Balance (EUR)",
        ["03/04/2026|Kites|-5.50|94.50", "04/04/2026|Pier|20.00|114.50"],
        [("-5.5", "2026-04-03", None, "EUR", "Kites"), ("20", "2026-04-04", None, "EUR", "Pier")],
    ),
    "Nationwide, CSV": Sample(
        ",", "Date|Transaction type|Description|Paid out|Paid in|Balance",
        ["02 Oct 2026|Payment to|Kites|£23.40||£2,976.60", "01 Oct 2026|Bank credit|Pier||£2,850.00|£3,000.00"],
        [("-23.4", "2026-10-02", None, "GBP", None), ("2850", "2026-10-01", None, "GBP", None)], above="\"Account Name:\",\"FlexAccount ****45678\"\n\"Account Balance:\",\"£2,976.60\"\n\"Available Balance: \",\"£2,976.60\"\n",
    ),
    "American Express United Kingdom, CSV with details": Sample(
        ",", "Date|Description|Card Member|Account #|Amount|Address|Reference",
        ["05/03/2026|KITES|MR KAY|-12345|1,025.50|123 ST|'AT123'", "04/03/2026|PAYMENT RECEIVED|MR KAY|-12345|-100.00||'AT456'"],
        [("-1025.5", "2026-03-05", "-12345", "GBP", None), ("100", "2026-03-04", "-12345", "GBP", None)],
    ),
    "AIB, CSV": Sample(
        ",", "Posted Account|Posted Transactions Date|Description1|Debit Amount|Credit Amount|Balance|Posted Currency|Local Currency Amount",
        ["932001|05/03/2026|VDP-PIER|1,500.00||671.91|EUR| 1,500.00", "932001|04/03/2026|WAGES||2,085.00|2,171.91|EUR| 2,085.00"],
        [("-1500", "2026-03-05", "932001", "EUR", None), ("2085", "2026-03-04", "932001", "EUR", None)],
    ),
    "AIB, CSV with one description": Sample(
        ",", "Posted Account|Posted Transactions Date|Description|Debit Amount|Credit Amount|Posted Currency|Transaction Type",
        ["932001|03/04/26|*MOBI RENT|1670.00||EUR|Debit", "932001|02/04/26|2449000250||6515.52|EUR|Credit"],
        [("-1670", "2026-04-03", "932001", "EUR", None), ("6515.52", "2026-04-02", "932001", "EUR", None)],
    ),
}  # fmt: skip
