"""Exports of banks of the United States."""

from analysis.extract.known_exports.entry import KnownExport

UNITED_STATES: tuple[KnownExport, ...] = (
    KnownExport(
        name="Chase checking and savings, CSV",
        country="US",
        header=("Details", "Posting Date", "Description", "Amount", "Type", "Balance", "Check or Slip #"),
        columns={
            "time": "Posting Date",
            "text": "Description",
            "amount": "Amount",
            "category": "Type",
            "balance": "Balance",
        },
        decimal_sign=".",
        date_order="mdy",
        currency="USD",
        source="sample rows in the tests of open-source importers, one for beangulp",
    ),
    KnownExport(
        name="Chase credit card, CSV",
        country="US",
        header=("Transaction Date", "Post Date", "Description", "Category", "Type", "Amount", "Memo"),
        columns={"time": "Transaction Date", "text": "Description", "category": "Category", "amount": "Amount"},
        decimal_sign=".",
        currency="USD",
        optional=("Memo",),
        source="sample rows in the tests of open-source importers; purchases are negative",
    ),
    KnownExport(
        name="Discover card, CSV",
        country="US",
        header=("Trans. Date", "Post Date", "Description", "Amount", "Category"),
        columns={"time": "Trans. Date", "text": "Description", "amount": "Amount", "category": "Category"},
        decimal_sign=".",
        date_order="mdy",
        currency="USD",
        positive_is_out=True,
        source="sample rows in the tests of open-source importers, one for beancount; purchases are positive",
    ),
    KnownExport(
        name="Capital One card, CSV",
        country="US",
        header=("Transaction Date", "Posted Date", "Card No.", "Description", "Category", "Debit", "Credit"),
        columns={
            "time": "Transaction Date",
            "account": "Card No.",
            "text": "Description",
            "category": "Category",
            "money_out": "Debit",
            "money_in": "Credit",
        },
        decimal_sign=".",
        currency="USD",
        source="sample rows in the tests of open-source importers; purchases are in Debit",
    ),
)
