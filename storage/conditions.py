"""The conditions of a list: fragments of SQL that are constants, and the values that are bound to them."""


class Conditions:
    """Collects `WHERE` conditions. A fragment holds `{}` for each of its values."""

    def __init__(self, fragment: str, *values: object) -> None:
        self._fragments: list[str] = []
        self.values: list[object] = []
        self.add(fragment, *values)

    def add(self, fragment: str, *values: object) -> None:
        self._fragments.append(fragment.format(*(self.bind(value) for value in values)))

    def add_if(self, fragment: str, value: object) -> None:
        """Nothing is asked of what is None; an empty sequence matches nothing."""
        if value is not None:
            self.add(fragment, value)

    def bind(self, value: object) -> str:
        """The placeholder of a value that stands outside the conditions."""
        self.values.append(value)
        return f"${len(self.values)}"

    def __str__(self) -> str:
        return " AND ".join(self._fragments)
