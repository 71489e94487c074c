"""Which encodings a text file may be said to be in. Brings no library along, for the gateway."""

import codecs

# Text encodings to Python, and none that a file of a bank is in: they turn text into other text, or never decode.
_NOT_OF_FILES = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_EVERY_BYTE = bytes(range(256))


def text_codec(name: str) -> str:
    """Python's name of a text encoding. Raises ValueError for what is none, or cannot decode a file piece by piece."""
    try:
        python_name = codecs.lookup(name).name.replace("-", "_")
        mark = "a".encode(python_name)  # refuses codecs that are no text encodings
        decoder = codecs.getincrementaldecoder(python_name)(errors="replace")
        decoder.decode(mark)  # some begin with a byte order mark
        for at in range(0, len(_EVERY_BYTE), 3):  # whatever stands in the file
            decoder.decode(_EVERY_BYTE[at : at + 3])
        decoder.decode(b"", final=True)
    except (LookupError, ValueError, TypeError) as error:
        raise ValueError(f"there is no text encoding {name!r}") from error
    if python_name in _NOT_OF_FILES:
        raise ValueError(f"no file is in {name!r}, which turns text into other text")
    return python_name


def one_byte(sign: str) -> str:
    """A delimiter. Raises ValueError."""
    if len(sign) != 1 or not sign.isascii() or sign in '"\r\n\0':
        raise ValueError("a delimiter is one ASCII character, and neither a quotation mark nor the end of a line")
    return sign
