"""Files that are not text, told by their first bytes: what a reader of text says of them instead of an odd error."""

HEAD_BYTES = 8  # that tell

ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (ZIP, "an Excel workbook or a ZIP archive"), (OLD_EXCEL, "an old Excel workbook"),
    (b"%PDF", "a PDF document"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"\x1f\x8b", "compressed with gzip"), (b"BZh", "compressed with bzip2"), (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"), (b"\xfd7zXZ", "compressed with xz"), (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"MZ", "a program"), (b"\x7fELF", "a program"), (b"PAR1", "a Parquet file"), (b"SQLite f", "a database"),
)  # fmt: skip


def binary_kind(head: bytes) -> str | None:
    """Name the kind of file that starts with `head`, such as `a PDF document`; None where it may be text."""
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)
