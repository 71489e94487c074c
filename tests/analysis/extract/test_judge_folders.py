"""Public account reports and SIE files, from the folder of foreign judges; skipped where it is absent."""

import os
import re
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.extract.parts import FileRefused
from tests.analysis.extract.samples import read

JUDGES = Path(os.environ.get("JUDGES") or Path(__file__).parents[4] / "shared" / "judges")


def files(folder: str) -> list[Path]:
    found = sorted((JUDGES / folder).glob("*")) if (JUDGES / folder).is_dir() else []
    if not found:
        pytest.skip(f"there is no folder of judges at {JUDGES / folder}; JUDGES names it")
    return found


def booked_sums(path: Path) -> tuple[dict[str, Decimal], int]:
    """(currency → sum of the booked entries, how many are not booked), by another parser."""
    sums: dict[str, Decimal] = {}
    others = 0
    for entry in ElementTree.parse(path).iter():
        if entry.tag.rpartition("}")[2] != "Ntry":
            continue
        status = "".join(entry.find("{*}Sts").itertext()).strip()  # type: ignore[union-attr]
        amount = entry.find("{*}Amt")
        assert amount is not None
        if status != "BOOK":
            others += 1
            continue
        sign = -1 if entry.findtext("{*}CdtDbtInd") == "DBIT" else 1
        code = amount.attrib["Ccy"]
        sums[code] = sums.get(code, Decimal(0)) + sign * Decimal(amount.text or "")
    return sums, others


def test_account_reports(tmp_path: Path) -> None:
    for path in files("camt"):
        sums, others = booked_sums(path)
        if not sums and not others:
            with pytest.raises(FileRefused, match="holds no statement"):
                read(tmp_path, path.name, path.read_bytes())
            continue
        _, rows, rejects = read(tmp_path, path.name, path.read_bytes())
        found: dict[str, Decimal] = {}
        for row in rows:
            found[row["currency"]] = found.get(row["currency"], Decimal(0)) + Decimal(row["amount_minor"]) / 10_000
        assert (found, len(rejects)) == (sums, others), path.name


def test_sie_files(tmp_path: Path) -> None:
    for path in files("sie"):
        content = path.read_bytes()
        count = len(re.findall(rb"(?m)^[ \t]*#TRANS\b", content.replace(b"\r", b"\n")))
        if not count or b"<html" in content[:1000].lower():
            with pytest.raises(FileRefused, match=r"without transactions|web page|no verifications"):
                read(tmp_path, path.name, content)
            continue
        found, rows, rejects = read(tmp_path, path.name, content)
        assert len(rows) + len(rejects) == count, path.name
        assert len({row["transaction_id"] for row in rows}) == len(rows), path.name
        parts = found.accounting.model_dump()
        assert parts.pop("lines") == sum(parts.values()), path.name
