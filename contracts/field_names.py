"""One dialect for every command that reads a file: a field of a transaction by its own name or a short one."""

from collections.abc import Iterable
from difflib import get_close_matches

SHORT_NAMES = {  # as `riskstream analyse` and mappings of uploads write them
    "id": "transaction_id",
    "account": "account_id",
    "time": "timestamp",
    "counterparty": "beneficiary_id",
    "merchant": "merchant_id",
    "category": "merchant_category",
    "device": "device_id",
    "ip": "ip_address",
}
REPEATED_HEADER = "repeats the header: it is no row"
ZERO_AMOUNT = "an amount of zero moves no money, leave the row out"
LOWER_CASE_CURRENCY = "ISO 4217 writes {upper}, in capital letters"
EPOCH_WITHOUT_FORMAT = "it looks like seconds or milliseconds since 1970, say --time-format epoch or epoch-ms"


def field_name(name: str) -> str:
    """Return a transaction's own name of a field: `account` is `account_id`; any other name is left as it is."""
    return SHORT_NAMES.get(name, name)


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """Return the field that an unknown name was probably meant to be; None where it resembles no field."""
    folded = "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
    close = get_close_matches(folded, list(known), n=1, cutoff=0.8)
    return close[0] if close and close[0] != name else None


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Say what happens to a field that is not one of a transaction's."""
    meant = misspelt(name, known)
    hint = f"; did you mean {meant}?" if meant else ""
    return f"{name[:64]!r} is not a field of a transaction: it is kept, and nothing is computed from it{hint}"


def is_header(values: list[str], header: list[str]) -> bool:
    """Tell a header line that comes again, as in files that were put together."""
    return [value.strip() for value in values] == [name.strip() for name in header]


def value_hint(field: str, value: str) -> str | None:
    """Say what is odd about a value that cannot be used, in the same words for every command; None: nothing known."""
    text = value.strip()
    if field == "currency" and text != text.upper() and len(text) == 3 and text.isalpha():
        return LOWER_CASE_CURRENCY.format(upper=text.upper())
    if field == "timestamp" and text.isdigit() and len(text) in (9, 10, 12, 13, 16):
        return EPOCH_WITHOUT_FORMAT
    if field == "amount" and text.strip("+-0.,") == "" and "0" in text:
        return ZERO_AMOUNT
    return None
