"""Statements (ISO 20022 camt) and ledgers (SIE) of real programs: what lands is what a naive reading adds up to.

The naive readings below share nothing with ours: camt by the XML library, SIE line by line.
"""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from analysis.extract.parts import FileRefused
from tests.analysis.extract.samples import read
from tests.judges.suites import Verdicts, cases

MINOR = Decimal(10_000)
Sums = dict[str, Decimal]  # currency → sum
_BOOKED = {"BOOK", ""}
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|(\{[^}]*\})|([^\s"{}]+)')


def booked_sums(content: bytes) -> tuple[Sums, int]:
    """The booked entries' own amounts, whatever their details say; and how many entries are not booked."""
    root = ElementTree.fromstring(content)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    sums: Sums = {}
    others = 0
    for entry in root.iter("Ntry"):
        status = entry.find("Sts")
        code = "" if status is None else (status.findtext("Cd") or status.text or "").strip()
        amount = entry.find("Amt")
        assert amount is not None
        if code in _BOOKED:
            sign = 1 if entry.findtext("CdtDbtInd") == "CRDT" else -1
            currency = amount.get("Ccy", "")
            sums[currency] = sums.get(currency, Decimal()) + sign * Decimal(amount.text or "")
        else:
            others += 1
    return sums, others


def landed_sums(rows: list[dict[str, Any]]) -> Sums:
    sums: Sums = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], Decimal()) + row["amount_minor"] / MINOR
    return sums


def read_or_refused(folder: Path, name: str, content: bytes) -> tuple[list[Any], list[Any], str]:
    """Rows, rejects, and the sentence of a file that is refused."""
    try:
        _, rows, rejects = read(folder, name, content)
    except FileRefused as error:
        return [], [], str(error)
    return rows, rejects, ""


def test_the_statements(tmp_path: Path) -> None:
    verdicts = Verdicts("genkgo/camt", "upload")
    for case, content in cases("camt", "*.xml").items():
        sums, others = booked_sums(content)
        rows, rejects, refusal = read_or_refused(tmp_path, f"{case}.xml", content)
        found = landed_sums(rows)
        is_refused = "holds no statement" in refusal if not sums and not others else not refusal
        right = is_refused and found == sums and len(rejects) == others  # what is not booked is listed
        verdicts.judge(case, right, f"{others}: {sums} {found} {len(rejects)} {refusal}")
    verdicts.check()


def test_entries_with_and_without_details(tmp_path: Path) -> None:
    entry = (
        "<Ntry><Amt Ccy='EUR'>100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
        "<BookgDt><Dt>2026-03-01</Dt></BookgDt><NtryDtls>{}</NtryDtls></Ntry>"
    )
    detail = "<TxDtls><Amt Ccy='EUR'>{}</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>"
    for details, count in (([], 1), (["100.00"], 1), (["60.00", "40.00"], 2)):
        statement = entry.format("".join(detail.format(amount) for amount in details))
        content = (
            "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt><Stmt>"
            f"<Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></Acct>{statement * 2}</Stmt></BkToCstmrStmt></Document>"
        ).encode()
        rows, rejects, refusal = read_or_refused(tmp_path, "own.xml", content)
        assert (len(rows), rejects, refusal) == (2 * count, [], "")
        assert landed_sums(rows) == booked_sums(content)[0] == {"EUR": Decimal(200)}


Entry = tuple[str, Decimal]  # account, amount


def vouchers(content: bytes) -> tuple[str, list[list[Entry]]]:
    """The kind that a file says it is, and each verification's transactions."""
    kind, found, inside = "", [], False
    for line in content.decode("cp437").splitlines():
        words = ["".join(groups) for groups in _WORDS.findall(line.strip())]
        if words[:1] == ["#SIETYP"]:
            kind = words[1]
        elif words[:1] == ["#VER"]:
            found.append([])
            inside = True
        elif words[:1] == ["#TRANS"] and inside:
            objects = words[2].startswith("{")
            found[-1].append((words[1], Decimal(words[3 if objects else 2])))
        elif line.strip().startswith("}"):
            inside = False
    return kind, found


def test_the_ledgers(tmp_path: Path) -> None:
    verdicts = Verdicts("jsisie", "upload")
    for case, content in cases("sie").items():
        verdicts.judge(case, *judged_ledger(tmp_path, content))
    verdicts.check()


def judged_ledger(folder: Path, content: bytes) -> tuple[bool, str]:
    rows, rejects, refusal, adds_up = [], [], "", True
    try:
        extracted, rows, rejects = read(folder, "ledger.se", content)
    except FileRefused as error:
        refusal = str(error)
    else:
        parts = extracted.accounting.model_dump()
        adds_up = parts.pop("lines") == sum(parts.values())
    if not content.lstrip().startswith(b"#"):  # some addresses answered with a page that says "not found"
        return "web page" in refusal, refusal
    kind, found = vouchers(content)
    if not any(found):
        return not rows and "SIE" in refusal and kind in refusal, refusal
    balanced = Counter(entry for voucher in found if sum(amount for _, amount in voucher) == 0 for entry in voucher)
    landed = Counter((row["account"], Decimal(row["amount_minor"]) / MINOR) for row in rows)
    total = sum(map(len, found))
    wrong = f"{len(rows)} of {balanced.total()} landed, {len(rejects)} of {total - balanced.total()} listed {refusal}"
    has_ids = len({row["transaction_id"] for row in rows}) == len(rows)
    return landed == balanced and len(rows) + len(rejects) == total and has_ids and adds_up, wrong


def test_a_ledger_of_our_own(tmp_path: Path) -> None:
    head = '#FLAGGA 0\n#SIETYP {}\n#FORMAT PC8\n#FNAMN "Åkesson"\n#KONTO 1930 "Bank"\n#KONTO 3000 "Sälj"\n'
    good = '#VER "A" "1" 20240229 "Försäljning"\n{\n#TRANS 1930 {} 10.50\n#TRANS 3000 {1 "2"} -10.50\n}\n'
    bad = '#VER "A" "2" 20240301 "Fel"\n{\n#TRANS 1930 {} 1.00\n#TRANS 3000 {} -2.00\n}\n'
    for kind in "123":
        assert judged_ledger(tmp_path, (head.format(kind) + "#IB 0 1930 5.00\n").encode("cp437"))[0]
    assert judged_ledger(tmp_path, (head.format(4) + good + bad).encode("cp437"))[0]
    _, rejects, _ = read_or_refused(tmp_path, "own.se", (head.format(4) + good + bad).encode("cp437"))
    assert len(rejects) == 2
