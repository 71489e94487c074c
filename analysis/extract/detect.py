"""What kind of file it is, by its first bytes; its name only has to agree."""

import codecs
import re
from pathlib import Path

from analysis.extract.parts import FileRefused
from analysis.extract.reading import Format
from contracts.file_kind import OLD_EXCEL, ZIP, binary_kind

HEAD_BYTES = 4096
# Extension → the formats that files with it may turn out to have. Bank exports called .xls are often newer inside.
FORMATS: dict[str, tuple[Format, ...]] = {
    "csv": ("csv",), "tsv": ("csv",), "txt": ("csv", "sie"),
    "json": ("json", "jsonl"), "jsonl": ("jsonl", "json"), "ndjson": ("jsonl", "json"),
    "xlsx": ("xlsx",), "xls": ("xls", "xlsx"),
    "se": ("sie",), "si": ("sie",), "sie": ("sie",), "xml": ("xml",),
}  # fmt: skip
_ADVICE = {"compressed": "; send it unpacked", "archive": "; send what is in it"}  # word of a kind → what to do
_NAMED = {
    "csv": "CSV", "json": "JSON", "jsonl": "JSON lines", "xlsx": "an Excel workbook", "xls": "an old Excel workbook",
    "sie": "a SIE file", "xml": "XML", "zip": "a ZIP archive; send what is in it", "html": "a web page",
}  # fmt: skip


_SIE_5 = re.compile(r"<(?:[\w.-]+:)?Sie(?:Entry)?(?=[\s>/])")


def extension_of(file_name: str) -> str:
    return Path(file_name).suffix.lower().removeprefix(".")


def detect(path: Path, file_name: str) -> Format:
    """The format. Raises FileRefused where there is none that we read, or the name says another."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n"):
        raise FileRefused("the file is empty")
    kind = binary_kind(head)
    if kind is not None and not head.startswith((ZIP, OLD_EXCEL)):
        advice = next((text for word, text in _ADVICE.items() if word in kind), "")
        raise FileRefused(f"the file is {kind}{advice}")
    found = _of_content(head)
    if found == "xml" and _SIE_5.search(_text(head)):
        raise FileRefused("the file is SIE 5, which is XML and is not read; export it as SIE 4")
    if found == "json" and extension_of(file_name) in ("jsonl", "ndjson") and _begins_with_line(head):
        found = "jsonl"
    allowed = FORMATS.get(extension_of(file_name), ())
    if found not in allowed:
        said = f"its name says {_NAMED[allowed[0]]}" if allowed else "its name has no ending that we know"
        raise FileRefused(f"the file is {_NAMED[found]}, and {said}")
    return found


def _of_content(head: bytes) -> str:
    if head.startswith(ZIP):
        return "xlsx" if b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/" in head else "zip"
    if head.startswith(OLD_EXCEL):
        return "xls"
    text = _text(head).lstrip("\ufeff \t\r\n")
    if re.match(r"(?i)<!doctype html|<html|<table|<head|<body", text):
        return "html"
    if text.startswith("<"):
        return "xml"
    if re.match(r"#(?:FLAGGA|FORMAT|SIETYP|PROGRAM|GEN)\b", text):
        return "sie"
    if text.startswith("["):
        return "json"
    if text.startswith("{"):
        # Lines are whole objects; a document goes on behind its first line.
        first = text.splitlines()[0].rstrip()
        return "jsonl" if first.endswith("}") and len(text.splitlines()) > 1 and _is_object(first) else "json"
    return "csv"


def _begins_with_line(head: bytes) -> bool:
    """Whether the first line is an object by itself, or too long to tell."""
    text = _text(head).lstrip("\ufeff \t\r\n")
    first, end, _ = text.partition("\n")
    return text.startswith("{") and (_is_object(first.rstrip()) or (not end and len(head) == HEAD_BYTES))


def _is_object(line: str) -> bool:
    import msgspec

    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _text(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return head.decode("utf-32", "ignore")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if b"\x00" in head[:2]:
        return head.decode("utf-16-be" if head[0] == 0 else "utf-16-le", "ignore")
    return head.decode("utf-8", "ignore")
