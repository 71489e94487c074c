"""`Idempotency-Key`: one effect and one answer, whatever is repeated, at whichever gateway, at whatever moment."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from running_gateway import settings_for
from starlette.responses import JSONResponse, Response
from test_gateway_problems import problem

from api.app import create_app
from api.auth import Reader
from api.problems import CONFLICT, Problem
from storage.idempotency import KEPT_S, TRIED_S


class Work:
    """What the routes below did. `open` lets them go on."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.done: list[int] = []
        self.begun = asyncio.Semaphore(0)
        self.open = asyncio.Event()
        self.open.set()
        self.refuses = False


class Desk:
    """A client of a gateway with a few routes of the test's own."""

    def __init__(self, database_url: str, key: str, work: Work) -> None:
        app = create_app(settings_for(database_url))
        self.parts = app.state.parts

        @app.api_route("/counted", methods=["POST", "PUT", "GET"])
        async def counted(_: Reader) -> Response:
            work.begun.release()
            await work.open.wait()
            if work.refuses:
                raise Problem(CONFLICT, "not now")
            number = next(work.numbers)
            work.done.append(number)
            return JSONResponse({"number": number}, 201, {"ETag": f'"{number}"', "X-Own": "not kept"})

        @app.delete("/counted", status_code=204)
        async def removed(_: Reader) -> Response:
            work.done.append(next(work.numbers))
            return Response(status_code=204)

        @app.post("/broken")
        async def broken(_: Reader) -> None:
            work.done.append(next(work.numbers))
            raise RuntimeError

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": key})

    async def ask(self, key: str, method: str = "POST", path: str = "/counted", **options: Any) -> httpx.Response:
        headers = options.pop("headers", {}) | {"Idempotency-Key": key}
        return await self.http.request(method, path, headers=headers, **options)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest_asyncio.fixture
async def desk(database_url: str, key: str, work: Work) -> AsyncIterator[Desk]:
    desk = Desk(database_url, key, work)
    yield desk
    await desk.parts.database.close()
    await desk.parts.identity.close()


async def test_a_repeat_gets_the_first_answer(desk: Desk, work: Work) -> None:
    first = await desk.ask("one", json={"a": 1})
    again = await desk.ask("one", json={"a": 1})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"] == '"1"'
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert again.headers["content-type"] == "application/json"
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert work.done == [1]


async def test_an_empty_answer_is_repeated_too(desk: Desk, work: Work) -> None:
    for _ in range(2):
        response = await desk.ask("one", "DELETE")
        assert (response.status_code, response.content) == (204, b"")
    assert work.done == [1]


async def test_without_a_key_nothing_is_kept(desk: Desk, work: Work) -> None:
    for _ in range(2):
        assert (await desk.http.post("/counted")).status_code == 201
    assert work.done == [1, 2]


async def test_a_read_does_not_look_at_the_key(desk: Desk, work: Work) -> None:
    for _ in range(2):
        assert (await desk.ask("one", "GET")).status_code == 201
    assert work.done == [1, 2]


@pytest.mark.parametrize(
    "other",
    [
        {"json": {"a": 2}},
        {"json": {"a": 1}, "method": "PUT"},
        {"json": {"a": 1}, "path": "/counted?b=1"},
        {"content": '{"a":1}', "headers": {"content-type": "text/plain"}},
        {},
    ],
)
async def test_another_request_may_not_use_the_key(desk: Desk, work: Work, other: dict[str, Any]) -> None:
    await desk.ask("one", json={"a": 1})
    problem(await desk.ask("one", **other), 422, "idempotency-key-reused")
    assert work.done == [1]


async def test_keys_of_others_are_others(desk: Desk, work: Work, make_key, other_client: int) -> None:
    for client_id in (1, other_client):
        response = await desk.ask("one", headers={"X-API-Key": await make_key(client_id)})
        assert response.status_code == 201
    assert (await desk.ask("one")).json() == {"number": 3}
    assert work.done == [1, 2, 3]


async def test_of_many_at_once_one_is_carried_out(desk: Desk, database_url: str, key: str, work: Work) -> None:
    """And over two gateways."""
    another = Desk(database_url, key, work)
    work.open.clear()
    asked = [asyncio.create_task((desk, another)[turn % 2].ask("one")) for turn in range(20)]
    await work.begun.acquire()
    waiting = set(asked)
    while len(waiting) > 1:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            problem(await task, 409, "idempotency-in-progress")
            assert task.result().headers["retry-after"] == "1"
    work.open.set()
    assert (await waiting.pop()).status_code == 201
    assert (await another.ask("one")).json() == {"number": 1}
    assert work.done == [1]
    await another.parts.database.close()
    await another.parts.identity.close()


async def test_an_error_frees_the_key(desk: Desk, work: Work) -> None:
    work.refuses = True
    problem(await desk.ask("one"), 409, "conflict")
    work.refuses = False
    assert (await desk.ask("one")).status_code == 201
    problem(await desk.ask("two", path="/broken"), 500, "internal")
    problem(await desk.ask("two", path="/broken"), 500, "internal")
    assert work.done == [1, 2, 3]


async def test_an_answer_is_kept_for_a_day(desk: Desk, work: Work, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    await desk.ask("one")
    await pool.execute(
        "UPDATE idempotent_requests SET expires_at = expires_at - make_interval(secs => $1)", KEPT_S - 30
    )
    assert (await desk.ask("one")).json() == {"number": 1}
    await pool.execute("UPDATE idempotent_requests SET expires_at = expires_at - make_interval(secs => 31)")
    assert (await desk.ask("one", json={"other": 1})).json() == {"number": 2}
    assert await pool.fetchval("SELECT count(*) FROM idempotent_requests") == 1


async def test_what_a_gateway_left_when_it_died_is_tried_again(
    desk: Desk, work: Work, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    await desk.ask("one")
    await pool.execute("UPDATE idempotent_requests SET status = NULL, headers = NULL, body = NULL")
    problem(await desk.ask("one"), 409, "idempotency-in-progress")
    await pool.execute("UPDATE idempotent_requests SET tried_until = tried_until - make_interval(secs => $1)", TRIED_S)
    problem(await desk.ask("one", json={"other": 1}), 422, "idempotency-key-reused")
    assert (await desk.ask("one")).json() == {"number": 2}
    assert (await desk.ask("one")).json() == {"number": 2}


async def test_a_secret_is_not_kept(desk: Desk, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    asked = {"path": "/v1/api-keys", "json": {"name": "a till", "scopes": ["score"]}}
    first = await desk.ask("one", **asked)
    assert first.status_code == 201
    problem(await desk.ask("one", **asked), 409, "idempotency-answer-not-kept")
    assert await pool.fetchval("SELECT count(*) FROM api_keys WHERE name = 'a till'") == 1
    assert await pool.fetchval("SELECT body FROM idempotent_requests") is None


@pytest.mark.parametrize("header", ["", " ", "x" * 256, "a b", "ключ".encode()])
async def test_a_key_that_is_none(desk: Desk, work: Work, header: Any) -> None:
    problem(await desk.ask(header), 422, "invalid-request")
    assert work.done == []


async def test_whoever_is_not_known_is_refused_as_ever(desk: Desk, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    problem(await desk.ask("one", headers={"X-API-Key": "rsk_wrong"}), 401, "not-authenticated")
    assert await pool.fetchval("SELECT count(*) FROM idempotent_requests") == 0
