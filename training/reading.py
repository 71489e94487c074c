"""The history that a command's options name: from a file, the stream's own stores, or the simulator, folded."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from contracts.errors import DataRefused
from features.money import Money
from riskstream_client.csv_rows import known_encoding
from riskstream_client.mapping import HANDBOOK as HANDBOOK_COLUMNS
from riskstream_client.mapping import Mapping, mapping_of
from riskstream_client.times import duration_of, zone_of
from scoring.model import Vectors
from settings import Settings
from storage.clients import ClientRepository
from storage.database import connect
from storage.roles import PIPELINE
from training.column_fold import fold_columns
from training.columns import Columns
from training.data_options import HANDBOOK, DataOptions, Source
from training.handbook_recipe import RECIPE as HANDBOOK_RECIPE
from training.history import Description, History, gathered
from training.loaders.load import Loader
from training.loaders.message_files import message_columns
from training.loaders.options import LoadOptions
from training.loaders.stored import stored_columns
from training.loaders.topics import topic_columns
from training.progress import Advance, Progress
from training.sources import simulated_columns
from training.vector_file import is_vector_file, read_vectors, vector_rows, write_vectors

Folded = tuple[Columns, Vectors]
_T = TypeVar("_T")


@dataclass(slots=True)
class _Found:
    """Where columns come from: `total` steps, of which `columns` tells; `description` may grow while they are read."""

    description: Description
    columns: Callable[[Advance], Iterator[Columns]]
    total: int = 1
    zones: dict[int, str] = field(default_factory=dict)


def read_history(options: DataOptions, settings: Settings, progress: Progress) -> History:
    """Read, fold, and write the vectors where that is asked for.

    Raises DataRefused, SettingsError, or StoreUnavailable.
    """
    money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
    if options.file is not None and options.labels is None and is_vector_file(options.file):
        return _of_vectors(options, money, progress)
    found = _found(options, settings, progress)
    zone = str(zone_of(options.client_zone))
    with progress.stage("read and compute", found.total) as advance:
        chunks = fold_columns(found.columns(advance), money, lambda client: found.zones.get(client, zone))
        if options.vectors is not None:
            chunks = write_vectors(options.vectors, chunks)
        history = gathered(_within(chunks, options), found.description, money.base)
    return replace(history, recipe=HANDBOOK_RECIPE) if options.format == HANDBOOK else history


def _of_vectors(options: DataOptions, money: Money, progress: Progress) -> History:
    """Vectors that an earlier run wrote with `--vectors`."""
    if options.file is None or options.vectors is not None:
        raise DataRefused(f"{options.file} holds vectors already; leave out --vectors")
    with progress.stage("read vectors", vector_rows(options.file)) as advance:
        chunks = _within(_counted(read_vectors(options.file), advance), options)
        return gathered(chunks, {"source": "vectors", "data": options.file.name}, money.base)


def _counted(chunks: Iterator[Folded], advance: Advance) -> Iterator[Folded]:
    done = 0
    for columns, vectors in chunks:
        done += len(columns)
        advance(done)
        yield columns, vectors


def _within(chunks: Iterator[Folded], options: DataOptions) -> Iterator[Folded]:
    """The rows of the period that is asked for. The others were counted in the features, and need no memory."""
    kept = 0
    for columns, vectors in chunks:
        rows = np.flatnonzero((columns.time_ms >= options.keep_from_ms) & (columns.time_ms < options.keep_to_ms))
        kept += len(rows)
        if len(rows) == len(columns):
            yield columns, vectors
        elif len(rows):
            yield columns.take(rows), vectors[rows]
    if not kept:
        raise DataRefused("no transactions lie in this period; say another one with --train-from and --test-to")


def _found(options: DataOptions, settings: Settings, progress: Progress) -> _Found:
    if options.source is not None and (options.file or options.labels):
        raise DataRefused("--source reads what the stream has; leave out the file, or --source")
    if options.source is Source.POSTGRES:
        clients = asyncio.run(_time_zones(settings))
        return _Found({"source": "decisions in Postgres"}, lambda _: _each(_stored(settings)), zones=clients)
    if options.source is Source.TOPICS:
        return _Found({"source": "topics"}, lambda _: _each(topic_columns(settings)))
    if options.file is None:
        if options.labels is not None:
            raise DataRefused("--labels needs the transactions that they belong to: --data")
        columns, description = simulated_columns(options.transactions, options.seed, progress)
        return _Found(description, lambda _: iter([columns]))
    file, labels = options.file, options.labels
    if labels is not None:
        told: Description = {"source": "files", "data": file.name, "labels": labels.name}
        return _Found(told, lambda _: message_columns(file, labels))
    return _of_file(Loader(file, load_options(options)), {"source": "file", "data": file.name})


def _of_file(loader: Loader, description: Description) -> _Found:
    def columns(advance: Advance) -> Iterator[Columns]:
        yield from loader.chunks(advance)
        description.update({f"dropped: {reason}": count for reason, count in loader.dropped.items()})

    return _Found(description, columns, loader.size_bytes)


async def _stored(settings: Settings) -> AsyncIterator[Columns]:
    """Everything that was decided until now, with the labels told until now."""
    async with (
        await connect(settings.postgres_dsn, size_max=2, role=PIPELINE) as pool,
        aclosing(stored_columns(pool, 0, int(time.time() * 1000))) as chunks,  # type: ignore[type-var]
    ):
        async for columns in chunks:
            yield columns


async def _time_zones(settings: Settings) -> dict[int, str]:
    async with await connect(settings.postgres_dsn, size_max=1, role=PIPELINE) as pool:
        return {number: client.time_zone for number, client in (await ClientRepository(pool).all()).items()}


def _each(items: AsyncIterator[_T]) -> Iterator[_T]:
    """What comes from a store, one by one, for code that folds: on an event loop of its own."""

    async def following() -> _T | None:
        return await anext(items, None)

    with asyncio.Runner() as runner:
        while (item := runner.run(following())) is not None:
            yield item


def load_options(options: DataOptions) -> LoadOptions:
    """For a `Loader`. Raises DataRefused or SettingsError."""
    if options.format not in (None, HANDBOOK):
        raise DataRefused(f"there is no format {options.format!r}; leave it out, or take {HANDBOOK}")
    given = mapping_of(options.columns, options.constants, options.mapping)
    if options.format == HANDBOOK:
        given = Mapping(HANDBOOK_COLUMNS.columns | given.columns, HANDBOOK_COLUMNS.constants | given.constants)
    return LoadOptions(
        mapping=given,
        time_format=options.time_format,
        zone=zone_of(options.time_zone),
        decimal_comma=options.decimal_comma,
        encoding=known_encoding(options.encoding),
        delimiter=options.delimiter,
        skip_lines=options.skip_lines,
        on_bad_row=options.on_bad_row,
        keep_zero_amounts=options.keep_zero_amounts,
        label_after=duration_of(options.label_after),
    )
