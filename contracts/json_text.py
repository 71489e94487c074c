"""JSON files that people write: mappings, strategies, recipes, policies."""

from typing import Any

import msgspec

_BOM = b"\xef\xbb\xbf"  # some editors write it; RFC 8259 lets a reader pass over it


def decode_json_file(raw: bytes) -> Any:
    """The value of a whole JSON text, by RFC 8259 alone: no NaN, no comments, no half surrogate pairs, UTF-8.

    Raises ValueError with one sentence.
    """
    try:
        return msgspec.json.decode(raw.removeprefix(_BOM))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not valid UTF-8 (byte {error.start})") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
