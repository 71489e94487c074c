"""Which column of a file is which field of a transaction."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from contracts.errors import SettingsError
from contracts.field_names import field_name
from contracts.json_text import decode_json_file
from contracts.transaction import Transaction

TRANSACTION_FIELDS = Transaction.__struct_fields__
LABEL_FIELDS = ("fraud", "known_at", "typology")  # beside the transaction's own
NUMBERS = frozenset({"amount", "latitude", "longitude"})
INTEGERS = frozenset({"client_id"})


class Mapping(NamedTuple):
    """`columns`: field -> column of the file; `constants`: field -> value of every row."""

    columns: dict[str, str]
    constants: dict[str, Any]


HANDBOOK = Mapping(
    columns={
        "transaction_id": "TRANSACTION_ID",
        "timestamp": "TX_DATETIME",
        "account_id": "CUSTOMER_ID",
        "merchant_id": "TERMINAL_ID",
        "amount": "TX_AMOUNT",
        "fraud": "TX_FRAUD",
        "typology": "TX_FRAUD_SCENARIO",  # a label as well: it is never published with the payment
    },
    constants={},
)


def mapping_of(pairs: Iterable[str], constants: Iterable[str], file: Path | None) -> Mapping:
    """From `--map field=COLUMN`, `--set field=value` and a mapping file. Raises SettingsError.

    A mapping file (YAML, TOML or JSON) holds `columns` and `constants`, or just fields and columns.
    """
    columns: dict[str, str] = {}
    values: dict[str, Any] = {}
    if file is not None:
        columns, values = _read(file)
    for pair in pairs:
        field, column = _split(pair, "--map amount=TX_AMOUNT")
        columns[field_name(field)] = column
    for pair in constants:
        field, text = _split(pair, "--set currency=EUR")
        values[field_name(field)] = text
    for field in (*columns, *values):
        if field not in TRANSACTION_FIELDS and field not in LABEL_FIELDS:
            known = ", ".join((*TRANSACTION_FIELDS, *LABEL_FIELDS))
            raise SettingsError(f"a transaction has no field {field!r}; there are: {known}")
    return Mapping(columns, {field: _typed(field, value) for field, value in values.items()})


def _parsed(raw: bytes, suffix: str) -> Any:
    """Raises ValueError."""
    if suffix == ".json":
        return decode_json_file(raw)
    text = raw.decode("utf-8-sig")
    if suffix in (".yaml", ".yml"):
        import yaml  # here: a tenth of the client's start, for the few who map

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from error
    return tomllib.loads(text)


def _split(pair: str, example: str) -> tuple[str, str]:
    field, separator, value = pair.partition("=")
    if not (separator and field.strip() and value):
        raise SettingsError(f"{pair!r} is not field=value; write for instance {example}")
    return field.strip(), value


def _typed(field: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return float(value) if field in NUMBERS else int(value) if field in INTEGERS else value
    except ValueError as error:
        raise SettingsError(f"{field} takes a number, not {value!r}") from error


def _read(file: Path) -> tuple[dict[str, str], dict[str, Any]]:
    try:
        content = _parsed(file.read_bytes(), file.suffix.lower())
    except FileNotFoundError as error:
        raise SettingsError(f"there is no mapping file {file}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"the mapping file {file} cannot be read: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"the mapping file {file} is nested too deeply") from error
    if not isinstance(content, dict):
        raise SettingsError(f"the mapping file {file} must hold fields and columns, like amount = 'TX_AMOUNT'")
    nested = "columns" in content or "constants" in content
    columns = content.get("columns", {}) if nested else content
    constants = content.get("constants", {}) if nested else {}
    if not isinstance(columns, dict) or not isinstance(constants, dict):
        raise SettingsError(f"in the mapping file {file}, `columns` and `constants` must hold fields and values")
    named = {field_name(str(field)): str(column) for field, column in columns.items()}
    return named, {field_name(str(field)): value for field, value in constants.items()}
