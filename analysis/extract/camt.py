"""ISO 20022 account reports: one row for each transaction of each booked entry.

An entry may stand for several transactions (a batch); where these say what each one moved, each is a row. Else the
entry is one.
"""

from collections.abc import Iterator

from analysis.extract.reading import Mapping
from analysis.extract.xml_node import Node

CAMT_PARENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})  # statement, intraday report, notification
ENTRY, ACCOUNT = "Ntry", "Acct"
CAMT_NAMES = (
    "reference", "account", "booked", "value date", "amount", "direction", "currency", "counterparty",
    "counterparty name", "country", "code", "text", "status", "end to end id",
)  # fmt: skip


def camt_mapping() -> Mapping:
    """What the fields mean; dates are ISO 8601."""
    return Mapping(
        columns={
            "transaction_id": "reference", "account": "account", "time": "booked", "amount": "amount",
            "direction": "direction", "currency": "currency", "counterparty": "counterparty", "country": "country",
            "category": "code", "text": "text",
        }
    )  # fmt: skip


def iban_of(account: Node) -> str:
    """The number of an account, whatever kind it is."""
    return account.value("Id/IBAN", "Id/Othr/Id")


def entry_rows(entry: Node, account: str) -> Iterator[dict[str, str]]:
    """The rows of one entry."""
    details = [detail for group in entry.all("NtryDtls") for detail in group.all("TxDtls")]
    amounts = [_amount(detail) for detail in details]
    if len(details) > 1 and all(amounts):
        for number, (detail, amount) in enumerate(zip(details, amounts, strict=True), 1):
            assert amount is not None
            yield _row(entry, detail, account, amount, f"-{number}")
    else:
        found = entry.at("Amt")
        yield _row(entry, details[0] if details else Node("TxDtls", entry.line, {}), account, found, "")


def _amount(detail: Node) -> Node | None:
    return detail.at("Amt") or detail.at("AmtDtls/TxAmt/Amt")


def _row(entry: Node, detail: Node, account: str, amount: Node | None, suffix: str) -> dict[str, str]:
    direction = detail.value("CdtDbtInd") or entry.value("CdtDbtInd")
    # Money that comes in is from its debtor, money that goes out is to its creditor.
    side = "Dbtr" if direction == "CRDT" else "Cdtr"
    party = f"RltdPties/{side}"
    name = detail.value(f"{party}/Nm", f"{party}/Pty/Nm")
    number = detail.value(f"{party}Acct/Id/IBAN", f"{party}Acct/Id/Othr/Id")
    remittance = detail.at("RmtInf")
    lines = [each.text.strip() for each in remittance.all("Ustrd")] if remittance else []
    reference = entry.value("AcctSvcrRef", "NtryRef") or detail.value("Refs/AcctSvcrRef", "Refs/TxId")
    return {
        "reference": f"{reference}{suffix}" if reference else "",
        "account": account,
        "booked": entry.value("BookgDt/DtTm", "BookgDt/Dt"),
        "value date": entry.value("ValDt/DtTm", "ValDt/Dt"),
        "amount": amount.text.strip() if amount else "",
        "direction": direction,
        "currency": amount.attributes.get("Ccy", "") if amount else "",
        "counterparty": number or name,
        "counterparty name": name,
        "country": detail.value(f"{party}/PstlAdr/Ctry", f"{party}/Pty/PstlAdr/Ctry"),
        "code": _code(entry),
        "text": " ".join(lines) or entry.value("AddtlNtryInf"),
        "status": entry.value("Sts/Cd", "Sts"),
        "end to end id": detail.value("Refs/EndToEndId"),
    }


def _code(entry: Node) -> str:
    """The bank's kind of transaction: domain, family, sub-family; or its own."""
    code = entry.at("BkTxCd")
    if code is None:
        return ""
    parts = (code.value("Domn/Cd"), code.value("Domn/Fmly/Cd"), code.value("Domn/Fmly/SubFmlyCd"))
    return "-".join(part for part in parts if part) or code.value("Prtry/Cd")
