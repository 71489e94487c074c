"""Which encoding a text file is in, and the file as UTF-8."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from analysis.extract.letters import best_encoding
from analysis.extract.parts import FileRefused
from analysis.extract.text_codecs import text_codec

READ_BYTES = 4 * 1024 * 1024  # a step through the file
SAMPLE_BYTES = 64 * 1024  # what the guess looks at: around the first bytes that are not ASCII, and the file's start
UTF8 = "utf_8"
# What institutions' files are in, the more frequent first. A guess among all that Python knows is a worse one.
CANDIDATES = (
    "cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1257", "cp1254", "cp850", "cp437", "cp852", "cp1251", "cp866",
    "koi8_r", "cp1253", "mac_roman",
)  # fmt: skip
_MARKS = (  # the longer first
    (codecs.BOM_UTF8, "utf_8_sig"), (codecs.BOM_UTF32_LE, "utf_32"), (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16"),
)  # fmt: skip


def known_encoding(name: str) -> str:
    """Python's name of a text encoding. Raises FileRefused for what is none, or none of text."""
    try:
        return text_codec(name)
    except ValueError as error:
        raise FileRefused(str(error)) from error


def guess_encoding(path: Path) -> str:
    """By the byte order mark; else UTF-8 where the whole file is that; else by how letters follow each other."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        if (wide := _without_mark(start)) is not None:
            return wide
        file.seek(0)
        at = _first_not_utf8(file)
        if at is None:
            return UTF8
        file.seek(max(0, at - SAMPLE_BYTES // 2))
        sample = file.read(SAMPLE_BYTES)
    return best_encoding(sample, CANDIDATES)


def text_of(path: Path, encoding: str) -> Iterator[tuple[bytes, int]]:
    """The file in UTF-8, in pieces: (text, bytes of the file read so far). What cannot be decoded is U+FFFD."""
    with path.open("rb") as file:
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        while piece := file.read(READ_BYTES):
            try:
                text = decoder.decode(piece)
            except UnicodeError as error:  # of those that begin with a byte order mark
                raise FileRefused(f"the file is not in {encoding}: {error}") from error
            yield text.encode("utf-8", "replace"), file.tell()
        if rest := decoder.decode(b"", final=True):
            yield rest.encode("utf-8", "replace"), file.tell()


def _without_mark(start: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a zero in every other byte."""
    zeros = (start[0::2].count(0), start[1::2].count(0))
    pairs = max(len(start) // 2, 1)
    if zeros[1] > pairs * 0.4 and zeros[0] < pairs * 0.05:
        return "utf_16_le"
    if zeros[0] > pairs * 0.4 and zeros[1] < pairs * 0.05:
        return "utf_16_be"
    return None


def _first_not_utf8(file: BinaryIO) -> int | None:
    decoder = codecs.getincrementaldecoder(UTF8)()
    done = 0
    while True:
        piece = file.read(READ_BYTES)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return done + error.start
        if not piece:
            return None
        done += len(piece)
