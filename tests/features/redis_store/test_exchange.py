"""Exchanges with the real Redis: no answer reaches another question, and a dead connection costs one exchange."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from features.redis_store.exchange import Exchange
from tests.conftest import Stack


def echo(text: str) -> list[str]:
    return ["ECHO", text]


async def test_answers_come_in_order(client: Redis) -> None:
    exchange = Exchange(client)
    assert await exchange.send([echo("a"), ["INCR", "exchange-counter"], echo("b")]) == [b"a", 1, b"b"]
    await client.delete("exchange-counter")
    many = await asyncio.gather(*(exchange.send([echo(str(i))]) for i in range(50)))
    assert many == [[str(i).encode()] for i in range(50)]


async def test_what_stands_behind_a_refusal_is_read_too(client: Redis) -> None:
    exchange = Exchange(client)
    with pytest.raises(ResponseError, match="unknown command"):
        await exchange.send([echo("a"), ["NO-SUCH-COMMAND"], echo("b")])
    assert await exchange.send([echo("c")]) == [b"c"]


async def test_a_caller_who_gives_up_leaves_no_answer_behind(client: Redis) -> None:
    exchange = Exchange(client)
    await exchange.send([echo("warm")])
    waiting = asyncio.create_task(exchange.send([["BLPOP", "exchange-nothing", "1"], echo("old")]))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await exchange.send([echo("new")]) == [b"new"]


async def test_an_answer_that_does_not_come_is_a_timeout(stack: Stack) -> None:
    async with Redis.from_url(stack.redis_url, socket_timeout=0.1) as hurried:
        exchange = Exchange(hurried)
        with pytest.raises(TimeoutError):
            await exchange.send([["BLPOP", "exchange-nothing", "2"]])
        assert await exchange.send([echo("a")]) == [b"a"]


async def test_connections_that_were_closed_are_not_tried(client: Redis, stack: Stack) -> None:
    """As after a restart of Redis, or where it closes what was idle."""
    async with Redis.from_url(stack.redis_url, socket_timeout=5, client_name="to-be-killed") as mine:
        exchange = Exchange(mine)
        await asyncio.gather(*(exchange.send([echo("a")]) for _ in range(5)))
        for found in await client.client_list():
            if found["name"] == "to-be-killed":
                await client.client_kill_filter(_id=found["id"])
        await asyncio.sleep(0.1)  # until the loop has seen it
        answers = await asyncio.gather(*(exchange.send([echo("b")]) for _ in range(5)))
        assert answers == [[b"b"]] * 5


async def test_a_connection_that_dies_under_an_exchange_fails_it_and_no_other(client: Redis, stack: Stack) -> None:
    async with Redis.from_url(stack.redis_url, socket_timeout=5, client_name="dies") as mine:
        exchange = Exchange(mine)
        waiting = asyncio.create_task(exchange.send([["BLPOP", "exchange-nothing", "4"]]))
        await asyncio.sleep(0.1)
        (found,) = [one for one in await client.client_list() if one["name"] == "dies"]
        await client.client_kill_filter(_id=found["id"])
        with pytest.raises(RedisConnectionError):
            await waiting
        assert await exchange.send([echo("a")]) == [b"a"]
