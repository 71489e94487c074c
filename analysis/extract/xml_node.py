"""One element of an XML file, with what is in it."""

from dataclasses import dataclass, field


@dataclass
class Node:
    """`text` is all of its own; `children` in their order. Names are without their namespace."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)
    _first: dict[str, "Node"] = field(default_factory=dict)  # of each name: an entry is asked once for each detail
    _pieces: list[str] = field(default_factory=list)

    def add(self, child: "Node") -> None:
        self.children.append(child)
        self._first.setdefault(child.name, child)

    def write(self, text: str) -> None:
        """Add text; `close` puts it together, once."""
        self._pieces.append(text)

    def close(self) -> None:
        self.text = "".join(self._pieces).strip()
        self._pieces.clear()

    def at(self, path: str) -> "Node | None":
        """The first element at a path such as `Acct/Id/IBAN`."""
        node: Node | None = self
        for name in path.split("/"):
            node = node._first.get(name) if node else None
        return node

    def value(self, *paths: str) -> str:
        """The text at the first of these paths that has some; "" where none has."""
        for path in paths:
            node = self.at(path)
            if node is not None and node.text.strip():
                return node.text.strip()
        return ""

    def all(self, name: str) -> list["Node"]:
        return [child for child in self.children if child.name == name]

    def flat(self) -> dict[str, str]:
        """Path → text, of elements and (`@name`) of attributes; what repeats is joined."""
        found: dict[str, list[str]] = {}
        self._collect("", found)
        return {path: "; ".join(values) for path, values in found.items()}

    def _collect(self, path: str, found: dict[str, list[str]]) -> None:
        for name, value in self.attributes.items():
            found.setdefault(f"{path.rstrip('.')}@{name}", []).append(value)
        if self.text.strip() or (not self.children and not self.attributes and path):
            found.setdefault(path.rstrip(".") or self.name, []).append(self.text.strip())
        for child in self.children:
            child._collect(f"{path}{child.name}.", found)
