"""Numbers with their nouns, as every message of ours writes them."""


def quantity(number: int, singular: str, plural: str | None = None) -> str:
    """Write `0 messages`, `1 message` or `1,204 messages`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
