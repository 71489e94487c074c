"""Exports of banks of the United Kingdom and Ireland."""

from analysis.extract.known_exports.entry import KnownExport, named

UK_AND_IRELAND: tuple[KnownExport, ...] = (
    KnownExport(
        name="Lloyds, Halifax, Bank of Scotland and TSB, CSV",
        country="GB",
        header=named(
            "Transaction Date|Transaction Type|Sort Code|Account Number|Transaction Description|Debit Amount|"
            "Credit Amount|Balance"
        ),
        columns={
            "time": "Transaction Date",
            "category": "Transaction Type",
            "account": "Account Number",
            "text": "Transaction Description",
            "money_out": "Debit Amount",
            "money_in": "Credit Amount",
            "balance": "Balance",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="GBP",
        source="sample rows in the tests of open-source importers, British",
    ),
    KnownExport(
        name="Barclays, CSV",
        country="GB",
        header=named("Number|Date|Account|Amount|Subcategory|Memo"),
        columns={
            "time": "Date",
            "account": "Account",
            "amount": "Amount",
            "category": "Subcategory",
            "text": "Memo",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="GBP",
        source="sample rows in the tests of open-source importers, British",
    ),
    KnownExport(
        name="Monzo, CSV",
        country="GB",
        header=named(
            "Transaction ID|Date|Time|Type|Name|Emoji|Category|Amount|Currency|Local amount|Local currency|"
            "Notes and #tags|Address|Receipt|Description|Category split|Money Out|Money In|Balance|Balance currency"
        ),
        columns={
            "transaction_id": "Transaction ID",
            "time": "Date",
            "clock": "Time",
            "counterparty": "Name",
            "category": "Category",
            "amount": "Amount",
            "currency": "Currency",
            "text": "Description",
            "balance": "Balance",
        },
        decimal_sign=".",
        date_order="dmy",
        optional=("Money Out", "Money In", "Balance", "Balance currency"),
        source="sample rows in the tests of open-source importers, British",
    ),
    KnownExport(
        name="Starling GBP, CSV",
        country="GB",
        header=named("Date|Counter Party|Reference|Type|Amount (GBP)|Balance (GBP)|Spending Category|Notes"),
        columns={
            "time": "Date",
            "counterparty": "Counter Party",
            "text": "Reference",
            "category": "Type",
            "amount": "Amount (GBP)",
            "balance": "Balance (GBP)",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="GBP",
        optional=("Spending Category", "Notes"),
        source="a client of the bank interface, and the tests of open-source importers",
    ),
    KnownExport(
        name="Starling EUR, CSV",
        country="GB",
        header=named("Date|Counter Party|Reference|Type|Amount (EUR)|Balance (EUR)|Spending Category|Notes"),
        columns={
            "time": "Date",
            "counterparty": "Counter Party",
            "text": "Reference",
            "category": "Type",
            "amount": "Amount (EUR)",
            "balance": "Balance (EUR)",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="EUR",
        optional=("Spending Category", "Notes"),
        source="a client of the bank interface, and the tests of open-source importers",
    ),
    KnownExport(
        name="Nationwide, CSV",
        country="GB",
        header=named("Date|Transaction type|Description|Paid out|Paid in|Balance"),
        columns={
            "time": "Date",
            "category": "Transaction type",
            "text": "Description",
            "money_out": "Paid out",
            "money_in": "Paid in",
            "balance": "Balance",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="GBP",
        source="sample rows in the tests of several open-source importers, British",
    ),
    KnownExport(
        name="American Express United Kingdom, CSV with details",
        country="GB",
        header=named(
            "Date|Description|Card Member|Account #|Amount|Extended Details|Appears On Your Statement As|Address|"
            "Town/City|Postcode|Country|Reference|Category"
        ),
        columns={
            "time": "Date",
            "text": "Description",
            "account": "Account #",
            "amount": "Amount",
            "transaction_id": "Reference",
            "category": "Category",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="GBP",
        positive_is_out=True,
        optional=("Card Member", "Account #"),
        source="the code and tests of several open-source importers, British; purchases are positive",
    ),
    KnownExport(
        name="AIB, CSV",
        country="IE",
        header=named(
            "Posted Account|Posted Transactions Date|Description1|Description2|Description3|Debit Amount|"
            "Credit Amount|Balance|Posted Currency|Transaction Type|Local Currency Amount|Local Currency"
        ),
        columns={
            "account": "Posted Account",
            "time": "Posted Transactions Date",
            "text": "Description1",
            "money_out": "Debit Amount",
            "money_in": "Credit Amount",
            "balance": "Balance",
            "currency": "Posted Currency",
            "category": "Transaction Type",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="EUR",
        optional=("Posted Currency", "Transaction Type", "Local Currency Amount", "Local Currency"),
        source="sample rows in the tests of several open-source importers, one for beancount, Irish",
    ),
    KnownExport(
        name="AIB, CSV with one description",
        country="IE",
        header=named(
            "Posted Account|Posted Transactions Date|Description|Debit Amount|Credit Amount|Balance|Posted Currency|"
            "Transaction Type|Local Currency Amount|Local Currency"
        ),
        columns={
            "account": "Posted Account",
            "time": "Posted Transactions Date",
            "text": "Description",
            "money_out": "Debit Amount",
            "money_in": "Credit Amount",
            "balance": "Balance",
            "currency": "Posted Currency",
            "category": "Transaction Type",
        },
        decimal_sign=".",
        date_order="dmy",
        currency="EUR",
        optional=("Balance", "Posted Currency", "Local Currency Amount", "Local Currency"),
        source="the tests of two open-source importers, Irish",
    ),
)
