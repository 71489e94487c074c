# ruff: noqa: E501
"""Invented rows of exports, as in samples.py: kenya and india."""

from tests.analysis.extract.known_exports.sample import Sample

KENYA_AND_INDIA: dict[str, Sample] = {
    "M-Pesa statement, CSV": Sample(
        ",", "Receipt No.|Completion Time|Transaction Status|Paid In|Withdrawn|Balance",
        ["QA1|2026-03-14 10:15:00|Completed||-300.00|934.00", "QA2|2026-03-14 12:00:00|Completed|500.00||1434.00", "QA3|2026-03-14 13:00:00|Failed||-50.00|1434.00"],
        [("-300", "2026-03-14", None, "KES", None), ("500", "2026-03-14", None, "KES", None)], 1,
    ),
    "HDFC Bank, CSV": Sample(
        ",", "Date|Narration|Withdrawal Amt.|Deposit Amt.|Closing Balance",
        ["02/04/26|UPI-KITES|450.00||9550.00", "03/04/26|SALARY||8500.00|18050.00"],
        [("-450", "2026-04-02", None, "INR", None), ("8500", "2026-04-03", None, "INR", None)],
    ),
    "M-Pesa organisation portal, CSV": Sample(
        ",", "Receipt No.|Completion Time|Initiation Time|Details|Transaction Status|Paid In|Withdrawn|Balance|Other Party Info",
        ["TB3|03-04-2026 17:00:00|03-04-2026 17:00:00|Settle to bank|Completed||-4000.00|1,100.00|Benki", "TB2|02-04-2026 12:30:00|02-04-2026 12:30:00|Pay Bill Online|Completed|3000.00||5100.00|2547 - Duka", "TB1|02-04-2026 12:00:00|02-04-2026 12:00:00|Pay Bill Online|Failed|500.00||2100.00|2547 - Duka"],
        [("-4000", "2026-04-03", None, "KES", "Benki"), ("3000", "2026-04-02", None, "KES", "2547 - Duka")], states=1, above="Organization Name,ACME HOMES\nTime Period,01-03-2026 - 31-03-2026\n",
    ),
    "ICICI Bank, CSV and Excel": Sample(
        ",", "S No.|Value Date|Transaction Date|Transaction Remarks|Withdrawal Amount (INR )|Deposit Amount (INR )|Balance (INR )",
        ["1|03/04/2026|03/04/2026|KITES|9,440.00|0.00|5,40,560.00", "2|05/04/2026|04/04/2026|PIER|0.00|1,20,000.00|6,60,560.00"],
        [("-9440", "2026-04-03", None, "INR", None), ("120000", "2026-04-04", None, "INR", None)],
    ),
    "State Bank of India, CSV and TSV": Sample(
        "\t", "Txn Date|Value Date|Description|Ref No./Cheque No.|Debit|Credit|Balance",
        ["21 Apr 2026|21 Apr 2026|TO TRANSFER-KITES|LTA5|50,000.00| |2,25,400.45", "22 Apr 2026|22 Apr 2026|BY TRANSFER-PIER|NEFT77| |59,000.00|2,84,400.45"],
        [("-50000", "2026-04-21", None, "INR", None), ("59000", "2026-04-22", None, "INR", None)],
    ),
    "Axis Bank, CSV and Excel": Sample(
        ",", "Tran Date|CHQNO|PARTICULARS|DR|CR|BAL|SOL",
        ["03-04-2026|-|KITES|              4439.59| |           604111.30|4875", "04-04-2026|-|PIER| |              4538.00|           608649.30|4875"],
        [("-4439.59", "2026-04-03", None, "INR", None), ("4538", "2026-04-04", None, "INR", None)], above="Statement of Account No - 923010000000000 for the period (From : 01-04-2026 To : 30-04-2026)\n",
    ),
    "Kotak Mahindra Bank, CSV with one amount": Sample(
        ",", "Sl. No.|Transaction Date|Value Date|Description|Chq / Ref No.|Amount|Dr / Cr|Balance",
        ["1|05-04-2026|05-04-2026|KITES|UPI-412|18,000.00|DR|32,000.00", "2|06-04-2026|06-04-2026|PIER|IMPS-413|1,20,000.00|CR|1,52,000.00"],
        [("-18000", "2026-04-05", None, "INR", None), ("120000", "2026-04-06", None, "INR", None)], above="Statement for account 1234567890,,,,,,,",
    ),
    "Kotak Mahindra Bank, CSV with debit and credit": Sample(
        ",", "Sl. No.|Transaction Date|Value Date|Description|Chq / Ref No.|Debit|Credit|Balance",
        ["1|05-04-2026|05-04-2026|KITES|4123|2,000.00||48,000.00", "2|06-04-2026|06-04-2026|PIER|4124||3,000.00|51,000.00"],
        [("-2000", "2026-04-05", None, "INR", None), ("3000", "2026-04-06", None, "INR", None)],
    ),
}  # fmt: skip
