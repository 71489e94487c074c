# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: us."""

from tests.analysis.extract.known_exports.sample import Sample

UNITED_STATES: dict[str, Sample] = {
    "Chase checking and savings, CSV": Sample(
        ",", "Details|Posting Date|Amount|Balance",
        ["DEBIT|03/04/2026|-140.00|2560.00", "CREDIT|03/03/2026|700.00|2700.00"],
        [("-140", "2026-03-04", None, "USD", None), ("700", "2026-03-03", None, "USD", None)],
    ),
    "Chase credit card, CSV": Sample(
        ",", "Transaction Date|Description|Type|Amount",
        ["03/24/2026|KITES|Sale|-15.49", "03/25/2026|THANKS|Payment|200.00"],
        [("-15.49", "2026-03-24", None, "USD", None), ("200", "2026-03-25", None, "USD", None)],
    ),
    "Discover card, CSV": Sample(
        ",", "Trans. Date|Description|Amount",
        ["03/05/2026|KITE SHOP|42.10", "03/10/2026|PAYMENT|-200.00"],
        [("-42.1", "2026-03-05", None, "USD", None), ("200", "2026-03-10", None, "USD", None)],
    ),
    "Capital One card, CSV": Sample(
        ",", "Transaction Date|Card No.|Debit|Credit",
        ["2026-03-05|7001|15.92|", "2026-03-10|7001||72.00"],
        [("-15.92", "2026-03-05", "7001", "USD", None), ("72", "2026-03-10", "7001", "USD", None)],
    ),
    "Bank of America checking and savings, CSV": Sample(
        ",", "Date|Description|Amount|Running Bal.",
        ["03/04/2026|KITES|-42.17|957.83", "03/05/2026|PIER PAYROLL|3,200.00|4,157.83"],
        [("-42.17", "2026-03-04", None, "USD", None), ("3200", "2026-03-05", None, "USD", None)], above="Description,,Summary Amt.\nBeginning balance as of 03/01/2026,,\"1,000.00\"\nTotal credits,,\"3,200.00\"\nTotal debits,,\"-42.17\"\nEnding balance as of 03/31/2026,,\"4,157.83\"\n",
    ),
    "Bank of America card, CSV": Sample(
        ",", "Posted Date|Reference Number|Payee|Address|Amount",
        ["03/04/2026|24445726072300602934358|KITES|800 VA|-41.76", "03/05/2026|24445726072300602934359|PAYMENT||120.00"],
        [("-41.76", "2026-03-04", None, "USD", "KITES"), ("120", "2026-03-05", None, "USD", "PAYMENT")],
    ),
    "Wells Fargo, CSV without a header": Sample(
        ",", "column 1|column 2|column 3|column 4|column 5",
        ["03/04/2026|-41.01|*||PURCHASE AUTHORIZED ON 03/03 KITES", "03/02/2026|2500.00|*||PIER PAYROLL"],
        [("-41.01", "2026-03-04", None, "USD", None), ("2500", "2026-03-02", None, "USD", None)],
    ),
    "Citi card, CSV": Sample(
        ",", "Status|Date|Description|Debit|Credit|Member Name",
        ["Cleared|03/05/2026|KITES|398.80||KAY", "Cleared|03/04/2026|ONLINE PAYMENT||-1037.98|KAY", "Pending|03/06/2026|CINEMA|12.00||KAY"],
        [("-398.8", "2026-03-05", None, "USD", None), ("1037.98", "2026-03-04", None, "USD", None)], states=1,
    ),
    "American Express United States, CSV with details": Sample(
        ",", "Date|Description|Card Member|Account #|Amount|Extended Details|Address|Zip Code|Reference",
        ["03/05/2026|KITES|KAY|-11016|1,011.18|Kite trip|1455 MARKET ST|94103|320252410422442649", "03/04/2026|PAYMENT THANK YOU|KAY|-11016|-1850.00||||320252410422442650"],
        [("-1011.18", "2026-03-05", "-11016", "USD", None), ("1850", "2026-03-04", "-11016", "USD", None)], above="Transaction Details,\"Card / Jan 01, 2026 to Mar 30, 2026\",,,,,,,,,,,\nPrepared for,,,,,,,,,,,,\nKAY,,,,,,,,,,,,\nAccount Number,,,,,,,,,,,,\nXXXX-XXXXXX-11008,,,,,,,,,,,,\n,,,,,,,,,,,,",
    ),
    "American Express, CSV with card member": Sample(
        ",", "Date|Description|Card Member|Account #|Amount",
        ["03/25/2026|KITES|KAY|-55004|26.95", "03/21/2026|PAYMENT THANK YOU|KAY|-55004|-947.69"],
        [("-26.95", "2026-03-25", "-55004", None, None), ("947.69", "2026-03-21", "-55004", None, None)],
    ),
    "Ally, CSV": Sample(
        ",", "Date|Time|Amount|Type|Description",
        ["2026-03-04|10:00:00|-5.00|Withdrawal|KITES", "2026-03-03|11:30:00|1200.00|Deposit|PIER"],
        [("-5", "2026-03-04", None, "USD", None), ("1200", "2026-03-03", None, "USD", None)],
    ),
    "USAA, CSV": Sample(
        ",", "Date|Description|Original Description|Category|Amount|Status",
        ["2026-03-12|Kites|KITES PMT|Bills|-1580.43|Posted", "2026-03-11|Paycheck|PIER PAYROLL|Paycheck|4200.00|Posted", "2026-03-13|Cinema|CINEMA|Fun|-12.00|Pending"],
        [("-1580.43", "2026-03-12", None, "USD", None), ("4200", "2026-03-11", None, "USD", None)], states=1,
    ),
}  # fmt: skip
