"""`riskstream dlq` against real dead letters."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from typer.testing import CliRunner, Result

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.topics import Topics
from scoring_worker.commands import dlq
from scoring_worker.dead_letters import DeadLetter, DeadLetterSink
from settings import load_settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.scoring_worker.conftest import MESSAGE_BYTES_MAX

pytestmark = pytest.mark.stack
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
BODIES = (b'{"transaction_id":"\x1b[2Ja"', b"\xff\xfe\x00", None)
REASONS = (DeadLetterReason.NOT_JSON, DeadLetterReason.NOT_UTF8, DeadLetterReason.EMPTY)


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
async def letters(topics: Topics, dead_letter_producer: Any, pool: Pool) -> DeadLetterRepository:
    repository = DeadLetterRepository(pool)
    await DeadLetterSink(dead_letter_producer, repository, topics, MESSAGE_BYTES_MAX).send(
        [
            DeadLetter(
                topics.transactions, 0, offset, 1_767_225_600_000, b"k", body, [("h", b"1")], Rejection(reason, "x")
            )
            for offset, (body, reason) in enumerate(zip(BODIES, REASONS, strict=True))
        ]
    )
    return repository


async def run(*arguments: str) -> Result:
    """In a thread of its own: a command starts its own event loop."""
    return await asyncio.to_thread(CliRunner().invoke, dlq, list(arguments))


async def test_list_and_show(letters: DeadLetterRepository) -> None:
    listed = await run("list", "--json")
    assert listed.exit_code == 0, listed.output
    documents = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [document["reason"] for document in documents] == ["empty", "not_utf8", "not_json"]
    assert len((await run("list", "--json", "--reason", "empty")).stdout.splitlines()) == 1
    assert len((await run("list", "--json", "--limit", "2")).stdout.splitlines()) == 2
    assert (await run("list", "--json", "--since", "1h")).stdout == "", "the source took them long ago"
    table = await run("list")
    assert "3 shown of 3 registered" in table.stdout
    lines = table.stdout.splitlines()
    assert max(map(len, lines)) <= 80  # the width of a terminal where nobody says another
    for document in documents:
        line = next(line for line in lines if line.lstrip().startswith(f"{document['dead_letter_id']} "))
        assert document["reason"] in line, "a reason is never folded or cut"
    ids = {document["reason"]: str(document["dead_letter_id"]) for document in documents}
    shown = (await run("show", ids["not_json"])).stdout
    assert '{"transaction_id":"\\x1b[2Ja"' in shown
    assert "header  h: 1" in shown
    assert "00000000  ff fe 00" in (await run("show", ids["not_utf8"])).stdout
    assert "(no value)" in (await run("show", ids["empty"])).stdout
    assert (await run("show", ids["not_utf8"], "--raw")).stdout_bytes == BODIES[1]


async def test_replay(letters: DeadLetterRepository, topics: Topics, read_topic: Read, tmp_path: Path) -> None:
    by_reason = {letter.reason: letter for letter in await letters.page()}
    fixed = tmp_path / "fixed.json"
    fixed.write_bytes(b'{"fixed":1}')
    one = await run("replay", str(by_reason["not_json"].dead_letter_id), "--edit", str(fixed))
    assert "Replayed 1." in one.output
    assert "Replayed 2." in (await run("replay", "--all")).output
    again = await run("replay", "--all")
    assert (again.exit_code, "replayed before" in again.output) == (1, True)
    records = await read_topic(topics.transactions)
    assert [(r.key, r.value, list(r.headers)) for r in records] == [
        (b"k", body, [("h", b"1")]) for body in (b'{"fixed":1}', b"\xff\xfe\x00", None)
    ]
    assert None not in [letter.replayed_at for letter in await letters.page()]


async def test_what_cannot_be_done_is_said(letters: DeadLetterRepository) -> None:
    assert "there is no dead letter 99999" in (await run("show", "99999")).output
    assert (await run("replay")).exit_code == 2
    assert (await run("replay", "--all", "--edit", "x")).exit_code == 2
    assert "not a duration" in (await run("list", "--since", "soon")).output
