"""Exports of banks and mobile money of Kenya and India."""

from analysis.extract.known_exports.entry import KnownExport

ELSEWHERE: tuple[KnownExport, ...] = (
    KnownExport(
        name="M-Pesa statement, CSV",
        country="KE",
        header=("Receipt No.", "Completion Time", "Details", "Transaction Status", "Paid In", "Withdrawn", "Balance"),
        columns={
            "transaction_id": "Receipt No.",
            "time": "Completion Time",
            "text": "Details",
            "money_in": "Paid In",
            "money_out": "Withdrawn",
            "balance": "Balance",
        },
        decimal_sign=".",
        currency="KES",
        time_zone="Africa/Nairobi",
        booked={"Transaction Status": ("Completed",)},
        source="sample rows in the tests of open-source importers, Kenyan",
    ),
    KnownExport(
        name="HDFC Bank, CSV",
        country="IN",
        header=("Date", "Narration", "Chq./Ref.No.", "Value Dt", "Withdrawal Amt.", "Deposit Amt.", "Closing Balance"),
        columns={
            "time": "Date",
            "text": "Narration",
            "money_out": "Withdrawal Amt.",
            "money_in": "Deposit Amt.",
            "balance": "Closing Balance",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="INR",
        optional=("Chq./Ref.No.", "Value Dt"),
        source="sample rows in the tests of open-source importers, Indian",
    ),
)
