"""ISO 20022 account reports: one row for each transaction of each booked entry.

An entry may stand for several transactions (a batch). Where these are in its currency and add up to it, each is a row.
Else the entry counts, is one row, and says so: what a bank booked is the entry. An entry that is not booked is listed.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from analysis.extract.parts import Unusable
from analysis.extract.reading import Mapping
from analysis.extract.xml_node import Node

CAMT_PARENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})  # statement, intraday report, notification
ENTRY, ACCOUNT, BALANCE, SUMMARY = "Ntry", "Acct", "Bal", "TxsSummry"
TEXT_MAX = 4_000  # characters of what is joined of many transactions
CAMT_NAMES = (
    "reference", "account", "booked", "value date", "amount", "direction", "currency", "counterparty",
    "counterparty name", "country", "code", "text", "status", "reversal", "return reason", "end to end id",
    "instruction id", "mandate id", "structured reference", "entry reference", "servicer reference",
    "transaction reference", "original amount", "transactions", "details differ",
)  # fmt: skip
_NOT_BOOKED = {"PDNG": "pending", "FUTR": "in the future", "INFO": "for information only"}
_NO_REFERENCE = "NOTPROVIDED"  # what banks write where there is none


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
    return account.value("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id", "Id/UPIC")[:TEXT_MAX]


def status_of(entry: Node) -> str:
    return entry.value("Sts/Cd", "Sts/Prtry", "Sts")


def is_booked(entry: Node) -> bool:
    """Whether the money has moved; a report that says no status reports what was booked."""
    return status_of(entry) in ("BOOK", "")


def money_of(node: Node | None, direction: str = "") -> tuple[Decimal, str] | None:
    """(amount, currency) of an element; negative where `direction` is a debit. None where it has no amount."""
    if node is None:
        return None
    try:
        amount = Decimal(node.text.strip())
    except InvalidOperation:
        return None
    if not amount.is_finite():
        return None
    return (-amount if direction == "DBIT" else amount), node.attributes.get("Ccy", "")


def moved(entry: Node) -> tuple[Decimal, str] | None:
    """What an entry moved. The direction of a reversal is that of the reversal, not of what it takes back."""
    return money_of(entry.at("Amt"), entry.value("CdtDbtInd"))


def details_of(entry: Node) -> list[Node]:
    """The transactions of an entry; in version 1 they stand in the entry itself."""
    inner = [detail for group in entry.all("NtryDtls") for detail in group.all("TxDtls")]
    return inner + entry.all("TxDtls")


def entry_rows(entry: Node, account: str) -> Iterator[dict[str, str] | Unusable]:
    """The rows of one entry; an Unusable where it is not booked."""
    if not is_booked(entry):
        yield _listed(entry)
        return
    details = details_of(entry)
    amounts = [_amount(detail, entry) for detail in details]
    differs = _difference(entry, details, amounts)
    if len(details) > 1 and all(amounts) and not differs:
        for number, (detail, amount) in enumerate(zip(details, amounts, strict=True), 1):
            direction = detail.value("CdtDbtInd") or entry.value("CdtDbtInd")
            row = _row(entry, [detail], account, (amount, direction), f"-{number}")
            yield {name: value[:TEXT_MAX] for name, value in row.items()}  # what the entry says stands in each
    else:
        row = _row(entry, details, account, (entry.at("Amt"), entry.value("CdtDbtInd")), "")
        yield {**row, "transactions": _number_of(entry, details), "details differ": differs}


def _listed(entry: Node) -> Unusable:
    status = status_of(entry)
    shown = entry.value("Amt")
    amount = f"{'-' if entry.value('CdtDbtInd') == 'DBIT' else ''}{shown} {_currency(entry)}".strip()
    said = _NOT_BOOKED.get(status, f"of status {status[:40]!r}, which does not say that it is booked")
    reason = f"the entry is {said}, not booked: {amount}" if status in _NOT_BOOKED else f"the entry is {said}: {amount}"
    reference = entry.value("AcctSvcrRef", "NtryRef")
    return Unusable(entry.line, reason, "status", " ".join(part for part in (status, amount, reference) if part))


def _currency(entry: Node) -> str:
    found = entry.at("Amt")
    return found.attributes.get("Ccy", "") if found else ""


def _amount(detail: Node, entry: Node) -> Node | None:
    """What a transaction moved in the currency of its entry; its amount in another one if there is no such.

    What was instructed in another currency is no amount of the account.
    """
    found = [detail.at(path) for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt")]
    same = [each for each in found if each is not None and each.attributes.get("Ccy", "") == _currency(entry)]
    return next(iter([*same, *found[:2]]), None) or found[1]


def _difference(entry: Node, details: Sequence[Node], amounts: Sequence[Node | None]) -> str:
    """How the details of an entry differ from it; "" where they agree, or say nothing."""
    if not any(amounts):
        return ""
    whole = moved(entry)
    parts = [
        money_of(amount, detail.value("CdtDbtInd") or entry.value("CdtDbtInd"))
        for detail, amount in zip(details, amounts, strict=True)
    ]
    if whole is None or any(part is None for part in parts):
        return f"{sum(part is None for part in parts)} of {len(parts)} transactions have no amount"
    sums: dict[str, Decimal] = {}
    for part in parts:
        assert part is not None
        sums[part[1]] = sums.get(part[1], Decimal(0)) + part[0]
    if sums == {whole[1]: whole[0]}:
        return ""
    said = ", ".join(f"{amount:f} {currency}".strip() for currency, amount in sums.items())
    count = f"{len(parts)} {'transaction' if len(parts) == 1 else 'transactions'}"
    return f"{count} of {said}; the entry of {whole[0]:f} {whole[1]}".strip()


def _number_of(entry: Node, details: Sequence[Node]) -> str:
    """How many transactions an entry stands for, where that is more than one."""
    said = entry.value("NtryDtls/Btch/NbOfTxs", "Btch/NbOfTxs")
    return said or (str(len(details)) if len(details) > 1 else "")


def _row(
    entry: Node, details: Sequence[Node], account: str, money: tuple[Node | None, str], suffix: str
) -> dict[str, str]:
    """One row; of several transactions what they agree on, and all of their references."""
    amount, direction = money
    # Money that comes in is from its debtor, money that goes out is to its creditor; a reversal takes money back.
    is_back = entry.value("RvslInd") in ("true", "1")
    side = "Dbtr" if (direction == "CRDT") != is_back else "Cdtr"
    party = f"RltdPties/{side}"
    name = _agreed(details, f"{party}/Nm", f"{party}/Pty/Nm")
    number = _agreed(details, f"{party}Acct/Id/IBAN", f"{party}Acct/Id/Othr/Id")
    structured = _joined(_structured(details))
    booked = ("BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt")
    servicer = entry.value("AcctSvcrRef")
    of_transaction = _all(details, "Refs/AcctSvcrRef", "Refs/TxId", "Refs/UETR")
    reference = servicer or entry.value("NtryRef") or _agreed(details, "Refs/AcctSvcrRef", "Refs/TxId")
    return {
        "reference": f"{reference}{suffix}" if reference and reference != _NO_REFERENCE else "",
        "account": account,
        "booked": entry.value(*booked),
        "value date": entry.value("ValDt/DtTm", "ValDt/Dt"),
        "amount": amount.text.strip() if amount else "",
        "direction": direction,
        "currency": amount.attributes.get("Ccy", "") if amount else "",
        "counterparty": number or name,
        "counterparty name": name,
        "country": _agreed(details, f"{party}/PstlAdr/Ctry", f"{party}/Pty/PstlAdr/Ctry"),
        "code": _code(entry),
        "text": _joined(_texts(details, "RmtInf", "Ustrd"), " ")
        or structured
        or _joined(_all(details, "AddtlTxInf"), " ")
        or entry.value("AddtlNtryInf"),
        "status": status_of(entry),
        "reversal": "true" if is_back else "",
        "return reason": _joined(_all(details, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry", "RtrInf/RtrRsn/Cd")),
        "end to end id": _joined(_all(details, "Refs/EndToEndId")),
        "instruction id": _joined(_all(details, "Refs/InstrId")),
        "mandate id": _joined(_all(details, "Refs/MndtId")),
        "structured reference": structured,
        "entry reference": entry.value("NtryRef"),
        "servicer reference": servicer,
        "transaction reference": _joined(of_transaction),
        "original amount": _joined(_original(details, amount)),
    }


def _agreed(details: Sequence[Node], *paths: str) -> str:
    """What all transactions say; "" where they differ."""
    found = {detail.value(*paths) for detail in details}
    return found.pop() if len(found) == 1 else ""


def _all(details: Sequence[Node], *paths: str) -> list[str]:
    return [value for detail in details if (value := detail.value(*paths)) and value != _NO_REFERENCE]


def _texts(details: Sequence[Node], parent: str, name: str) -> list[str]:
    return [each.text.strip() for detail in details if (inner := detail.at(parent)) for each in inner.all(name)]


def _structured(details: Sequence[Node]) -> list[str]:
    """References of creditors, and the numbers of the documents that are paid."""
    blocks = [block for detail in details if (inner := detail.at("RmtInf")) for block in inner.all("Strd")]
    paths = ("CdtrRefInf/Ref", "CdtrRefInf/CdtrRef", "RfrdDocInf/Nb", "AddtlRmtInf")
    return [value for block in blocks if (value := block.value(*paths))]


def _original(details: Sequence[Node], counted: Node | None) -> list[str]:
    """Amounts in another currency than that which counts."""
    currency = counted.attributes.get("Ccy", "") if counted else ""
    found = []
    for detail in details:
        for path in ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "Amt"):
            amount = detail.at(path)
            if amount is not None and amount.attributes.get("Ccy", "") != currency:
                found.append(f"{amount.text.strip()} {amount.attributes.get('Ccy', '')}".strip())
                break
    return found


def _joined(texts: Sequence[str], between: str = "; ") -> str:
    joined = between.join(dict.fromkeys(texts))
    return joined if len(joined) <= TEXT_MAX else joined[: TEXT_MAX - 1] + "…"


def _code(entry: Node) -> str:
    """The bank's kind of transaction: domain, family, sub-family; or its own."""
    code = entry.at("BkTxCd")
    if code is None:
        return ""
    parts = (code.value("Domn/Cd"), code.value("Domn/Fmly/Cd"), code.value("Domn/Fmly/SubFmlyCd"))
    return "-".join(part for part in parts if part) or code.value("Prtry/Cd")
