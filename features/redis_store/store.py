"""The state store in Redis."""

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import redis.asyncio as aioredis
from redis.exceptions import NoScriptError, RedisError

from contracts.errors import StateLost, StateMismatch, StateUnavailable, StoreOutcome
from contracts.journal import CALLS
from contracts.store_errors import RequestNotSent, meaning_of
from features.packing import PREFIX_BYTES
from features.redis_store.exchange import Command, Exchange
from features.redis_store.protocol import (
    PROBE_TTL_S,
    TICK_S,
    Applied,
    Apply,
    Inspection,
    JournalRecord,
    Read,
    Refused,
    StateAddress,
)

STATE_TTL_S = 90 * 86_400  # garbage collection only: more than twice the longest time that a feature can look back
STATES_A_READ = 2_000
KEYS_A_SCAN = 2_000
FAR_TICK = 2**52  # never stale
ENTRIES_A_READ = 25  # of the journal; a call's entry holds kilobytes, a full batch's some megabytes
_POLICIES_THAT_KEEP = ("noeviction", "")
_ERRORS = (RequestNotSent, RedisError, OSError)


class RedisStateStore:
    """States under `{prefix}:{generation}:`. `fingerprint` names plan, format and rate table of the states.

    One client per store; every command has the client's socket time-out as its bound.
    """

    def __init__(self, client: aioredis.Redis, prefix: str, fingerprint: str, ttl_s: int = STATE_TTL_S) -> None:
        self._redis = client
        self._exchange = Exchange(client)
        self._prefix = prefix
        self._fingerprint = fingerprint
        self._ttl_s = ttl_s
        self._read = _Script("read.lua")
        self._apply = _Script("apply.lua")
        self._drop = _Script("drop.lua")
        self._repair = _Script("repair.lua")

    async def check_policy(self) -> None:
        """Raises StateMismatch for a Redis whose eviction policy could drop state."""
        policy = (await self._ask(self._redis.config_get("maxmemory-policy"))).get("maxmemory-policy", "")
        limit = int((await self._ask(self._redis.config_get("maxmemory"))).get("maxmemory", 0))
        if limit and policy not in _POLICIES_THAT_KEEP:
            raise StateMismatch(
                f"Redis may evict state (maxmemory-policy {policy}); set it to noeviction and start again"
            )

    async def address(self) -> StateAddress:
        found = await self.inspect()
        if found.address is None or found.address.run_id != found.run_id:
            raise StateLost("Redis was restarted or is empty; its state has to be compared with Postgres first")
        if found.fingerprint != self._fingerprint:
            raise StateMismatch(
                "the state in Redis was built with another catalogue, window plan or rate table;"
                " run `riskstream rebuild-state`"
            )
        await self._probe(found.address)
        return found.address

    async def _probe(self, address: StateAddress) -> None:
        """Raises StateUnavailable if Redis answers but counts nothing: a replica, or one whose memory is full."""
        keys = [self._epoch_key, *(self._key(address.generation, name) for name in ("markers", "journal", "claims"))]
        keys += [self._key(address.generation, "recent:"), f"{self._prefix}:probe".encode()]
        arguments = [self._value(address), address.run_id, CALLS, "", "+0", b"", FAR_TICK, TICK_S, PROBE_TTL_S, 0, 0, 0]
        if (await self._run([self._apply.command(keys, arguments)], self._apply))[0][0] != b"ok":
            raise StateLost("the state was rebuilt, or Redis was restarted, at this moment")

    async def read(self, address: StateAddress, source: int, keys: Sequence[bytes]) -> Read:
        g = address.generation
        commands = [self._read.command([self._epoch_key, self._key(g, "markers")], [source, TICK_S])]
        if keys:
            commands.append(["MGET", *(self._state_key(g, key) for key in keys)])
        answers = await self._run(commands, self._read)
        value, run, marker, tick = answers[0]
        if value != self._value(address) or run.decode() != address.run_id:
            raise StateLost("the state was rebuilt, or Redis was restarted, since this process looked last")
        return Read(None if marker is None else int(marker), tick, answers[1] if keys else [])

    async def apply(self, address: StateAddress, batch: Apply) -> Applied | Refused:
        g = address.generation
        keys = [self._epoch_key, *(self._key(g, name) for name in ("markers", "journal", "claims", "recent:"))]
        keys += [self._state_key(g, write.key) for write in batch.accounts]
        keys += [self._state_key(g, write.key) for write in batch.shared]
        arguments: list[Any] = [
            self._value(address),
            address.run_id,
            batch.source,
            "" if batch.marker_read is None else batch.marker_read,
            f"+{batch.calls}" if batch.marker is None else batch.marker,
            batch.entry,
            batch.tick,
            TICK_S,
            self._ttl_s,
            len(batch.accounts),
            len(batch.claims),
            len(batch.shared),
            *batch.claims,
        ]
        for write in batch.accounts:
            arguments += (write.before[:PREFIX_BYTES], write.after)
        for write in batch.shared:
            arguments += (write.before[:PREFIX_BYTES], len(write.before), write.after, write.delta)
        answer = (await self._run([self._apply.command(keys, arguments)], self._apply))[0]
        why = answer[0].decode()
        if why == "ok":
            return Applied(int(answer[1]))
        return Refused(why, tuple(int(i) for i in answer[1:]) if why in ("claimed", "moved") else ())

    async def journal(self, address: StateAddress, source: int | None = None) -> list[JournalRecord]:
        return await self.journal_entries(address, await self._journal_fields(address, source))

    async def journal_fields(self, address: StateAddress, source: int) -> list[str]:
        return await self._journal_fields(address, source)

    async def journal_entries(self, address: StateAddress, fields: Sequence[str]) -> list[JournalRecord]:
        key = self._key(address.generation, "journal")
        records = []
        for lo in range(0, len(fields), ENTRIES_A_READ):
            part = fields[lo : lo + ENTRIES_A_READ]
            entries = await self._ask(self._redis.hmget(key, list(part)))
            found = [(field, entry) for field, entry in zip(part, entries, strict=True) if entry is not None]
            records += [JournalRecord(field, *_field_order(field), entry) for field, entry in found]
        return records

    async def _journal_fields(self, address: StateAddress, source: int | None) -> list[str]:
        found = await self._ask(self._redis.hkeys(self._key(address.generation, "journal")))
        fields = sorted((field.decode() for field in found), key=_field_order)
        return [field for field in fields if source is None or _field_order(field)[0] == source]

    async def drop(self, address: StateAddress, records: Sequence[tuple[str, Sequence[bytes]]]) -> None:
        g = address.generation
        fields = [field for field, _ in records]
        claims = [claim for _, its_claims in records for claim in its_claims]
        keys = [self._key(g, name) for name in ("journal", "claims", "recent:")]
        await self._run([self._drop.command(keys, [TICK_S, len(fields), *fields, *claims])], self._drop)

    async def inspect(self) -> Inspection:
        run_id = str((await self._ask(self._redis.info("server")))["run_id"])
        value = await self._ask(self._redis.get(self._epoch_key))
        if value is None:
            return Inspection(run_id, None, self._fingerprint)
        epoch, generation, run, fingerprint = value.decode().split("|", 3)
        markers = await self._markers(int(generation))
        return Inspection(run_id, StateAddress(int(epoch), int(generation), run), fingerprint, markers)

    async def begin(self, address: StateAddress) -> dict[int, int]:
        await self._fenced(address, "begin", [self._epoch_key], [])
        return await self._markers(address.generation)

    async def adopt(self, address: StateAddress) -> None:
        await self._fenced(address, "adopt", [self._epoch_key], [self._value(address)])

    async def patch(self, address: StateAddress, states: dict[bytes, bytes], markers: dict[int, int]) -> None:
        """All in one script, so that a crash leaves either both, states and markers, or neither."""
        g = address.generation
        keys = [self._key(g, "markers"), *(self._state_key(g, key) for key in states)]
        flat: list[Any] = [part for marker in markers.items() for part in marker]
        await self._fenced(address, "patch", keys, [self._ttl_s, *states.values(), *flat])

    async def states(self, address: StateAddress, keys: Sequence[bytes]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for lo in range(0, len(keys), STATES_A_READ):
            part = [self._state_key(address.generation, key) for key in keys[lo : lo + STATES_A_READ]]
            found += await self._ask(self._redis.mget(part))
        return found

    async def keys(self, address: StateAddress) -> list[bytes]:
        """Every entity key of a generation (tests and inspection; a full scan)."""
        lead = self._state_key(address.generation, b"")
        return [key[len(lead) :] async for key in self._redis.scan_iter(match=_literal(lead) + b"*", count=KEYS_A_SCAN)]

    async def forget_generation(self, address: StateAddress, generation: int) -> None:
        pattern = _literal(f"{self._prefix}:{generation}:".encode()) + b"*"
        part: list[bytes] = []
        try:
            async for key in self._redis.scan_iter(match=pattern, count=KEYS_A_SCAN):
                part.append(key)
                if len(part) >= KEYS_A_SCAN:
                    await self._fenced(address, "forget", part, [])
                    part = []
        except _ERRORS as error:
            raise _unavailable(error) from error
        if part:
            await self._fenced(address, "forget", part, [])

    async def _markers(self, generation: int) -> dict[int, int]:
        raw = await self._ask(self._redis.hgetall(self._key(generation, "markers")))
        return {int(source): int(marker) for source, marker in raw.items()}

    async def _fenced(
        self, address: StateAddress, action: str, keys: Sequence[bytes], arguments: Sequence[Any]
    ) -> None:
        """One step of the repair `address`, if it is still the latest one, in the Redis process it began in."""
        lead = [address.epoch, address.run_id, action]
        command = self._repair.command([f"{self._prefix}:repair".encode(), *keys], [*lead, *arguments])
        if (await self._run([command], self._repair))[0] != 1:
            raise StateLost("a later repair has begun, or Redis was restarted, while the state was being repaired")

    @property
    def _epoch_key(self) -> bytes:
        return f"{self._prefix}:epoch".encode()

    def _key(self, generation: int, name: str) -> bytes:
        return f"{self._prefix}:{generation}:{name}".encode()

    def _state_key(self, generation: int, key: bytes) -> bytes:
        return b"%s:%d:e:%s" % (self._prefix.encode(), generation, key)

    def _value(self, address: StateAddress) -> bytes:
        return f"{address.epoch}|{address.generation}|{address.run_id}|{self._fingerprint}".encode()

    async def _run(self, commands: list[Command], script: "_Script") -> list[Any]:
        """The answers; a Redis that lost its script cache gets the script's text instead of its name."""
        try:
            return await self._exchange.send(commands)
        except NoScriptError:
            pass
        except _ERRORS as error:
            raise _unavailable(error) from error
        answers: list[Any] = await self._ask(self._exchange.send([script.in_full(command) for command in commands]))
        return answers

    async def _ask(self, answer: Any) -> Any:
        try:
            return await answer
        except _ERRORS as error:
            raise _unavailable(error) from error


class _Script:
    """A script by its digest; its text only travels when Redis does not know it."""

    def __init__(self, name: str) -> None:
        self.text = files(__package__).joinpath(name).read_text()
        self._sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[bytes], arguments: Sequence[Any]) -> Command:
        return ["EVALSHA", self._sha, len(keys), *keys, *arguments]

    def in_full(self, command: Command) -> Command:
        """The same with the script's text, if it is this script's."""
        return ["EVAL", self.text, *command[2:]] if command[:2] == ["EVALSHA", self._sha] else command


def _unavailable(error: BaseException) -> StateUnavailable:
    meaning = meaning_of(error)
    code = getattr(error, "status_code", None)  # redis-py takes it out of the text
    said = f"{code} {error}" if code else str(error)
    how = "refuses" if meaning.outcome is StoreOutcome.NOT_DONE and code else "does not answer"
    return StateUnavailable(f"Redis {how}: {said}", meaning.outcome)


def _field_order(field: str) -> tuple[int, int]:
    source, _, marker = field.partition(":")
    return int(source), int(marker)


def _literal(text: bytes) -> bytes:
    """Escape what a SCAN pattern would read as a wildcard."""
    return b"".join(b"\\" + bytes((c,)) if c in b"*?[]\\^-" else bytes((c,)) for c in text)
