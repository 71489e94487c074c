"""XML, as a stream: ISO 20022 account reports (camt.052, .053, .054), or any list of like elements.

Expat directly: it knows lines, holds nothing, and lets a document type be refused where it begins, and with it every
entity. An element library would keep the tree, or cut line numbers at 65,535.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from analysis.extract.camt import (
    ACCOUNT,
    BALANCE,
    CAMT_NAMES,
    CAMT_PARENTS,
    ENTRY,
    SUMMARY,
    camt_mapping,
    entry_rows,
    iban_of,
)
from analysis.extract.camt_totals import CamtTotals
from analysis.extract.parts import COLUMNS_MAX, RECORD_BYTES_MAX, Batch, FileRefused, Unusable, batches_of
from analysis.extract.reading import BalanceCheck, Finding, Mapping
from analysis.extract.xml_node import Node

READ_BYTES = 256 * 1024
SAMPLE_BYTES = 1024 * 1024  # in which the element of a row is looked for
PATHS_MAX = 10_000  # that are counted there
DEPTH_MAX = 100
PATH_MAX = 400  # characters of the names of nested elements, as of `Layout.record`; each is looked up by its path
NODES_MAX = 20_000  # of one row
SEPARATOR = " "  # between a namespace and a name


class XmlReader:
    """An XML file. `record`: the path to the element that is a row, such as `payments/payment`."""

    mapping: Mapping | None = None
    _totals: CamtTotals | None = None  # of a report that has been read to its end

    def __init__(self, path: Path, record: str | None = None) -> None:
        self._path = path
        self.size = path.stat().st_size
        sample = _Sample(path)
        self.is_camt = record is None and sample.camt is not None
        if self.is_camt:
            assert sample.camt is not None
            self.record = f"{sample.camt}/{ENTRY}"
            self.names = list(CAMT_NAMES)
            self.mapping = camt_mapping()
        else:
            self.record = record.strip("/") if record else sample.record
            self.names = self._first_names()

    def batches(self) -> Iterator[Batch | Unusable]:
        """The rows; what is broken ends the file there."""
        return batches_of(self._rows(), self.names)

    @property
    def check(self) -> BalanceCheck | None:
        """Whether a report's balances confirm its entries; known when `batches` has ended."""
        return self._totals.check if self._totals else None

    def outcome(self) -> list[Finding]:
        """What a report says of itself; known when `batches` has ended."""
        return self._totals.findings() if self._totals else []

    def _rows(self) -> Iterator[tuple[int, dict[str, str] | Unusable, int]]:
        if self.is_camt:
            yield from self._camt_rows()
            return
        for found, done in _records(self._path, {self.record}):
            yield found.line, found if isinstance(found, Unusable) else found.flat(), done

    def _camt_rows(self) -> Iterator[tuple[int, dict[str, str] | Unusable, int]]:
        account = ""
        totals = CamtTotals()
        parent = self.record.removesuffix(ENTRY)
        for found, done in _records(self._path, {parent + each for each in (ENTRY, ACCOUNT, BALANCE, SUMMARY)}):
            if isinstance(found, Unusable):
                yield found.line, found, done
            elif found.name == ACCOUNT:
                account = iban_of(found)
                totals.begin()
            elif found.name == BALANCE:
                totals.balance(found)
            elif found.name == SUMMARY:
                totals.summary(found)
            else:
                rows = list(entry_rows(found, account))
                totals.entry(found, (row for row in rows if isinstance(row, dict)))
                for row in rows:
                    yield found.line, row, done
        totals.begin()
        self._totals = totals

    def _first_names(self) -> list[str]:
        names: dict[str, None] = {}
        for seen, (_, row, _) in enumerate(self._rows()):
            if isinstance(row, dict):
                names |= dict.fromkeys(row)
            if seen >= 1_000:
                break
        if not names:
            raise FileRefused(f"the file has no element {self.record!r} with something in it")
        return list(names)[:COLUMNS_MAX]


@dataclass
class _Parsing:
    """Expat's callbacks: whole elements at the wanted paths, and nothing of the others."""

    wanted: set[str]
    parser: expat.XMLParserType
    paths: list[str] = field(default_factory=list)  # of each open element
    found: list[Node] = field(default_factory=list)
    open: list[Node] = field(default_factory=list)
    size: int = 0
    nodes: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(SEPARATOR)[2]
        path = _below(self.paths, local, self.parser.CurrentLineNumber)
        if not self.open and path not in self.wanted:
            return
        plain = {key.rpartition(SEPARATOR)[2]: value for key, value in attributes.items()}
        node = Node(local, self.parser.CurrentLineNumber, plain)
        if self.open:
            self.open[-1].add(node)
        else:
            self.size = self.nodes = 0
        self.open.append(node)
        self.nodes += 1
        self._count(sum(map(len, plain.values())))

    def text(self, text: str) -> None:
        if self.open:
            self._count(len(text))
            self.open[-1].write(text)

    def end(self, _: str) -> None:
        self.paths.pop()
        if self.open:
            node = self.open.pop()
            node.close()
            if not self.open:
                self.found.append(node)

    def _count(self, size: int) -> None:
        self.size += size
        if self.size > RECORD_BYTES_MAX or self.nodes > NODES_MAX:
            line = self.open[0].line
            raise FileRefused(f"line {line}: the row has more than {RECORD_BYTES_MAX} bytes or {NODES_MAX} elements")


def _records(path: Path, wanted: set[str]) -> Iterator[tuple[Node | Unusable, int]]:
    """(element at a wanted path, bytes of the file read so far); an Unusable where the XML is broken, at the end."""
    parser = _parser()
    parsing = _Parsing(wanted, parser)
    parser.StartElementHandler = parsing.start
    parser.EndElementHandler = parsing.end
    parser.CharacterDataHandler = parsing.text
    with path.open("rb") as file:
        broken = None
        while broken is None:
            piece = file.read(READ_BYTES)
            try:
                parser.Parse(piece, not piece)
            except (expat.ExpatError, ValueError, LookupError) as error:  # the latter: of an unknown encoding
                broken = Unusable(parser.CurrentLineNumber, f"the XML is broken here: {str(error)[:120]}")
            for node in parsing.found:
                yield node, file.tell()
            parsing.found.clear()
            if not piece:
                break
        if broken is not None:
            yield broken, file.tell()


def _below(paths: list[str], name: str, line: int) -> str:
    """Open an element: its path, put on top of those that are open. Raises FileRefused."""
    path = f"{paths[-1]}/{name}" if paths else name
    if len(paths) >= DEPTH_MAX:
        raise FileRefused(f"line {line}: elements are nested more than {DEPTH_MAX} deep")
    if len(path) > PATH_MAX:
        raise FileRefused(f"line {line}: the names of nested elements have more than {PATH_MAX} characters")
    paths.append(path)
    return path


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise FileRefused("the XML has a document type; such files are not read, because of what entities can do")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


class _Sample:
    """The beginning of a file: which paths there are, how often, and whether it is an account report."""

    def __init__(self, path: Path) -> None:
        self._paths: list[str] = []
        self._counts: Counter[str] = Counter()
        self._inner: set[str] = set()
        self.camt: str | None = None
        self._is_report = False
        parser = self._parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda _: self._paths.pop()
        with path.open("rb") as file:
            try:
                parser.Parse(file.read(SAMPLE_BYTES), False)
            except (expat.ExpatError, ValueError, LookupError) as error:
                if not self._counts:
                    raise FileRefused(f"this is no XML: {str(error)[:120]}") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(SEPARATOR)
        if self._paths and self._paths[-1] in self._counts:
            self._inner.add(self._paths[-1])
        path = _below(self._paths, local, self._parser.CurrentLineNumber)
        if len(self._counts) < PATHS_MAX or path in self._counts:
            self._counts[path] += 1
            if attributes:
                self._inner.add(path)
        self._is_report |= ":camt.05" in namespace or (len(self._paths) == 2 and local.startswith("BkToCstmr"))
        if self.camt is None and local in CAMT_PARENTS and self._is_report:
            self.camt = path

    @property
    def record(self) -> str:
        """The element that repeats and has something in it; the outermost of these."""
        repeated = [path for path, count in self._counts.items() if count > 1 and path in self._inner]
        if self._is_report:
            raise FileRefused("this ISO 20022 account report holds no statement")
        if not repeated:
            raise FileRefused("no element with something in it repeats; name that of a row in layout.record")
        return min(repeated, key=lambda path: (path.count("/"), -self._counts[path]))
