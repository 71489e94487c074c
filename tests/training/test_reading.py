"""Every source gives the history that its own rows give: Postgres, the topics, files, and vectors that were written."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts.errors import DataRefused
from contracts.label import encode_label
from contracts.transaction import encode_transaction
from features.catalogue import FEATURE_INDEX
from riskstream_client.publisher import Publisher
from scoring.model import load
from scoring_worker.topics import ensure_topics
from settings import Settings
from storage.database import connect
from tests.training.small_world import small_world
from tests.training.stored_world import learned, store_world
from training.data_options import DataOptions, Source
from training.history import History
from training.progress import SILENT
from training.reading import read_history
from training.sources import history_from_dataset

ROWS = 1200


@pytest.fixture
def settings(stack: Any, database_url: str, topic_prefix: str) -> Settings:
    return Settings(
        _env_file=None,
        kafka_bootstrap_servers=stack.kafka,
        kafka_topic_prefix=topic_prefix,
        kafka_partitions=2,
        database_url=database_url,
    )


@pytest.fixture
def files(tmp_path: Path) -> DataOptions:
    made = small_world(ROWS)
    (tmp_path / "data.jsonl").write_bytes(b"\n".join(encode_transaction(t) for t in made.transactions))
    (tmp_path / "labels.jsonl").write_bytes(b"\n".join(encode_label(label) for label in made.labels))
    return DataOptions(file=tmp_path / "data.jsonl", labels=tmp_path / "labels.jsonl")


def read(options: DataOptions, settings: Settings | None = None) -> History:
    return read_history(options, settings or Settings(_env_file=None), SILENT)


def equal(one: History, other: History) -> bool:
    return (
        one.vectors.tobytes() == other.vectors.tobytes()
        and one.fraud.tolist() == other.fraud.tolist()
        and one.time_ms.tolist() == other.time_ms.tolist()
        and one.usable.tolist() == other.usable.tolist()
        and one.label_known_ms.tolist() == other.label_known_ms.tolist()
    )


def test_vectors_that_were_written_are_the_history_that_they_came_from(files: DataOptions, tmp_path: Path) -> None:
    made = read(replace(files, vectors=tmp_path / "vectors.parquet"))
    again = read(DataOptions(file=tmp_path / "vectors.parquet"))
    assert equal(made, again)
    assert again.outcomes(np.arange(5)).account.tolist() == made.outcomes(np.arange(5)).account.tolist()
    with pytest.raises(DataRefused, match="holds vectors already"):
        read(DataOptions(file=tmp_path / "vectors.parquet", vectors=tmp_path / "more.parquet"))


def test_a_simulation_writes_its_vectors_too(tmp_path: Path) -> None:
    made = read(DataOptions(transactions=ROWS, vectors=tmp_path / "vectors.parquet"))
    assert equal(made, read(DataOptions(file=tmp_path / "vectors.parquet")))


def test_the_clients_zone_moves_the_hour_and_nothing_else(files: DataOptions) -> None:
    utc, nairobi = read(files), read(replace(files, client_zone="Africa/Nairobi"))
    moved = ~((utc.vectors == nairobi.vectors) | (np.isnan(utc.vectors) & np.isnan(nairobi.vectors))).all(axis=0)
    assert FEATURE_INDEX["hour"] in np.flatnonzero(moved)
    assert set(np.flatnonzero(moved)) <= {FEATURE_INDEX[name] for name in ("hour", "night", "weekend")}


@pytest.mark.stack
def test_the_topics_give_what_files_of_their_messages_give(settings: Settings, files: DataOptions) -> None:
    made = small_world(ROWS)

    async def publish() -> None:
        await ensure_topics(settings)
        connection = settings.kafka_bootstrap_servers
        async with (
            Publisher(connection, settings.topics.transactions) as sender,
            Publisher(connection, settings.topics.labels) as teller,
        ):
            await teller.publish_labels(made.labels)
            await sender.publish_raw(b"key", b"not a transaction")
            for one in (*made.transactions, made.transactions[7]):  # one after the other, the last one a repeat
                await sender.publish_raw(one.account.encode(), encode_transaction(one))

    asyncio.run(publish())
    found, expected = read(DataOptions(source=Source.TOPICS), settings), read(files)
    told = {name: i for i, name in enumerate(expected.outcomes(np.arange(ROWS)).transaction.tolist())}
    rows = np.array([told[name] for name in found.outcomes(np.arange(ROWS)).transaction.tolist()])
    assert sorted(rows.tolist()) == list(range(ROWS))
    assert found.fraud.tolist() == expected.fraud[rows].tolist()
    assert found.label_known_ms.tolist() == expected.label_known_ms[rows].tolist()


@pytest.mark.stack
def test_a_topic_that_is_not_there_is_said(settings: Settings) -> None:
    with pytest.raises(DataRefused, match="does not know the topic"):
        read(DataOptions(source=Source.TOPICS), settings)


@pytest.mark.stack
def test_postgres_gives_what_the_stream_decided(settings: Settings, tmp_path: Path) -> None:
    async def store() -> int:
        async with await connect(settings.postgres_dsn) as pool:
            world = await store_world(pool, load(learned(tmp_path, "v1")), transactions=ROWS)
            await pool.execute("UPDATE decisions SET degraded = true WHERE source = 0 AND source_offset < 100")
            return len(world.decisions)

    decided = asyncio.run(store())
    found = read(DataOptions(source=Source.POSTGRES), settings)
    assert len(found) == decided
    assert 0 < (~found.usable).sum() < 200
    assert 0 < found.fraud.sum() < decided / 2


def test_rows_outside_the_period_are_counted_and_not_kept(files: DataOptions, tmp_path: Path) -> None:
    whole = read(replace(files, vectors=tmp_path / "vectors.parquet"))
    start, end = int(whole.time_ms[300]), int(whole.time_ms[-200])
    inside = (whole.time_ms >= start) & (whole.time_ms < end)
    for options in (files, DataOptions(file=tmp_path / "vectors.parquet")):
        part = read(replace(options, keep_from_ms=start, keep_to_ms=end))
        assert part.vectors.tobytes() == whole.vectors[inside].tobytes()
        assert part.fraud.tolist() == whole.fraud[inside].tolist()
        with pytest.raises(DataRefused, match="no transactions lie in this period"):
            read(replace(options, keep_from_ms=end, keep_to_ms=start))


def test_a_source_and_a_file_are_refused(files: DataOptions) -> None:
    with pytest.raises(DataRefused, match="--source reads what the stream has"):
        read(replace(files, source=Source.TOPICS))


def test_a_dataset_is_what_its_files_are(files: DataOptions) -> None:
    assert read(files).vectors.tobytes() == history_from_dataset(small_world(ROWS)).vectors.tobytes()
