"""The lenient reader gives what aiokafka's own gives, and reads on where that one raises."""

import gzip
from collections.abc import Callable

import pytest
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from scoring_worker.raw_batches import RawBatches, WholeBatch
from tests.scoring_worker.raw_produce import Message, batch_of

CODECS: list[tuple[int, Callable[[bytes], bytes]]] = [
    (0, bytes), (1, gzip_encode), (2, snappy_encode), (3, lz4_encode), (4, zstd_encode),
]  # fmt: skip
TEXTS = st.text(max_size=8).map(str.encode)
NULLABLE = st.none() | st.binary(max_size=40)


def messages(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[Message]]:
    headers = st.lists(st.tuples(names, NULLABLE), max_size=3)
    return st.lists(st.tuples(NULLABLE, NULLABLE, headers), min_size=1, max_size=5)


@given(st.lists(messages(TEXTS), min_size=1, max_size=3), st.sampled_from(CODECS), st.integers(0, 30))
def test_what_aiokafka_reads_is_read_the_same(
    batches: list[list[Message]], codec: tuple[int, Callable[[bytes], bytes]], cut: int
) -> None:
    data = b"".join(batch_of(batch, codec=codec[0], compress=codec[1]) for batch in batches)
    data = data[: len(data) - cut]
    theirs, ours = MemoryRecords(data), RawBatches(data)
    while theirs.has_next():
        assert ours.has_next()
        expected, batch = theirs.next_batch(), ours.next_batch()
        assert batch.validate_crc()
        assert (batch.base_offset, batch.next_offset) == (expected.base_offset, expected.next_offset)
        assert [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in batch] == [
            (r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in expected
        ]
    assert not ours.has_next()


@given(messages(st.binary(max_size=8)), st.sampled_from(CODECS))
def test_names_that_are_no_text_can_be_had_back(
    batch: list[Message], codec: tuple[int, Callable[[bytes], bytes]]
) -> None:
    records = list(RawBatches(batch_of(batch, codec=codec[0], compress=codec[1])).next_batch())
    assert [
        (r.key, r.value, [(name.encode("utf-8", "surrogateescape"), value) for name, value in r.headers])
        for r in records
    ] == [(key, value, list(headers)) for key, value, headers in batch]


@pytest.mark.parametrize(
    ("codec", "compress"),
    [
        (1, lambda data: gzip.compress(data) + b"behind it"),
        (4, lambda data: b"no zstd"),
        (7, bytes),
        (0, lambda data: data[:-1]),
    ],
)
def test_a_batch_that_cannot_be_taken_apart_is_one_record(codec: int, compress: Callable[[bytes], bytes]) -> None:
    data = batch_of([(b"k", b"one", []), (b"k", b"two", [(b"n", b"v")])], codec=codec, compress=compress)
    (record,) = list(RawBatches(data).next_batch())
    assert record.offset == 1, "the last of the batch: reading goes on behind it"
    assert isinstance(record.value, WholeBatch)
    assert record.value == data
