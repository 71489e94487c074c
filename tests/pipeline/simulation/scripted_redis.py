"""The state store as a script: what the Lua scripts do, in plain Python, with a history whose end can be lost."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from contracts.errors import StateLost, StateMismatch
from features.packing import PREFIX_BYTES
from features.redis_store.protocol import (
    TICK_S,
    Applied,
    Apply,
    Inspection,
    JournalRecord,
    Read,
    Refused,
    StateAddress,
)

Gate = Callable[[str, Callable[[], Any]], Awaitable[Any]]
_LOST = "the state was rebuilt, or Redis was restarted"
Key = tuple[object, ...]


class ScriptedRedis:
    """One Redis process after another over one history. `broken` names a guarantee that is left out on purpose."""

    def __init__(self, clock: Callable[[], float], broken: str = "") -> None:
        self._clock = clock
        self._run = 1
        self._writes: list[tuple[Key, Any]] = []
        self.broken = broken
        self.data: dict[Key, Any] = {}
        self.history: list[list[tuple[Key, Any]]] = []
        self.on_apply: Callable[[StateAddress, Apply], None] = lambda _address, _batch: None

    @property
    def run_id(self) -> str:
        return f"run{self._run}"

    @property
    def tick(self) -> int:
        return int(self._clock() // TICK_S)

    def restart(self, lost: int) -> None:
        """A new process, without the last `lost` commands."""
        self._run += 1
        for _ in range(min(lost, len(self.history))):
            for key, before in reversed(self.history.pop()):
                self._put(key, before)

    def empty(self) -> None:
        """FLUSHALL, or a disk that is gone."""
        self.data.clear()
        self.history.clear()

    def put(self, key: Key, value: Any) -> None:
        self._writes.append((key, self.data.get(key)))
        self._put(key, value)

    def end_command(self) -> None:
        """What was put since the last one is one atomic command."""
        if self._writes:
            self.history.append(self._writes)
            self._writes = []

    def _put(self, key: Key, value: Any) -> None:
        if value is None:
            self.data.pop(key, None)
        else:
            self.data[key] = value

    def of(self, *lead: object) -> dict[Key, Any]:
        """Everything under a key's beginning."""
        return {key: value for key, value in self.data.items() if key[: len(lead)] == lead}


class ScriptedStateStore:
    """Implements `features.redis_store.protocol.RepairableStore` over a scripted Redis."""

    def __init__(self, server: ScriptedRedis, gate: Gate, fingerprint: str = "test") -> None:
        self._server = server
        self._gate = gate
        self._fingerprint = fingerprint

    async def address(self) -> StateAddress:
        found = await self.inspect()
        if found.address is None or found.address.run_id != found.run_id:
            raise StateLost("Redis was restarted or is empty; its state has to be compared with Postgres first")
        if found.fingerprint != self._fingerprint:
            raise StateMismatch("the state in Redis was built with another catalogue")
        return found.address

    async def inspect(self) -> Inspection:
        return await self._gate("inspect", self._inspect)  # type: ignore[no-any-return]

    async def read(self, address: StateAddress, source: int, keys: Sequence[bytes]) -> Read:
        def effect() -> Read:
            server = self._server
            if server.data.get(("epoch",)) != (*address, self._fingerprint) or server.run_id != address.run_id:
                raise StateLost(_LOST)
            marker = server.data.get((address.generation, "marker", source))
            return Read(marker, server.tick, self._states(address.generation, keys))

        return await self._gate(f"read {source}", effect)  # type: ignore[no-any-return]

    async def apply(self, address: StateAddress, batch: Apply) -> Applied | Refused:
        result: Applied | Refused = await self._gate(
            f"apply {batch.source} to {batch.marker}", lambda: self._apply(address, batch)
        )
        return result

    async def journal(self, address: StateAddress, source: int | None = None) -> list[JournalRecord]:
        return await self._gate(f"journal of {source}", lambda: self._journal(address, source))  # type: ignore[no-any-return]

    async def journal_fields(self, address: StateAddress, source: int) -> list[str]:
        fields: list[str] = await self._gate(
            f"journal fields of {source}", lambda: [record.field for record in self._journal(address, source)]
        )
        return fields

    async def journal_entries(self, address: StateAddress, fields: Sequence[str]) -> list[JournalRecord]:
        def effect() -> list[JournalRecord]:
            return [record for record in self._journal(address, None) if record.field in fields]

        return await self._gate(f"journal entries {fields}", effect)  # type: ignore[no-any-return]

    def _journal(self, address: StateAddress, source: int | None) -> list[JournalRecord]:
        entries = self._server.of(address.generation, "journal").items()
        found = [JournalRecord(f"{s}:{m}", s, m, entry) for (_, _, s, m), entry in entries]  # type: ignore[misc,str-bytes-safe]
        return sorted((r for r in found if source is None or r.source == source), key=lambda r: (r.source, r.marker))

    async def drop(self, address: StateAddress, records: Sequence[tuple[str, Sequence[bytes]]]) -> None:
        def effect() -> None:
            server, g = self._server, address.generation
            for name, claims in records:
                source, _, marker = name.partition(":")
                server.put((g, "journal", int(source), int(marker)), None)
                for claim in claims:
                    server.put((g, "claim", claim), None)
                    server.put((g, "recent", server.tick, claim), True)
            server.end_command()

        await self._gate(f"drop {[name for name, _ in records]}", effect)

    async def begin(self, address: StateAddress) -> dict[int, int]:
        def effect() -> dict[int, int]:
            server = self._server
            if server.run_id != address.run_id or server.data.get(("repair",), 0) > address.epoch:
                raise StateLost(_LOST)
            server.put(("repair",), address.epoch)
            value = server.data.get(("epoch",))
            if value is not None and server.broken != "begin without a fence":
                server.put(("epoch",), (*value[:2], "-", value[3]))
            server.end_command()
            return self._markers(address.generation)

        return await self._gate(f"begin {address}", effect)  # type: ignore[no-any-return]

    async def adopt(self, address: StateAddress) -> None:
        await self._step(
            address, f"adopt {address}", lambda: self._server.put(("epoch",), (*address, self._fingerprint))
        )

    async def patch(self, address: StateAddress, states: dict[bytes, bytes], markers: dict[int, int]) -> None:
        def effect() -> None:
            for key, state in states.items():
                self._server.put((address.generation, "state", key), state)
            for source, marker in markers.items():
                self._server.put((address.generation, "marker", source), marker)

        await self._step(address, f"patch {len(states)} states, markers {markers}", effect)

    async def states(self, address: StateAddress, keys: Sequence[bytes]) -> list[bytes | None]:
        return await self._gate("states", lambda: self._states(address.generation, keys))  # type: ignore[no-any-return]

    async def forget_generation(self, address: StateAddress, generation: int) -> None:
        def effect() -> None:
            for key in self._server.of(generation):
                self._server.put(key, None)

        await self._step(address, f"forget generation {generation}", effect)

    async def keys(self, address: StateAddress) -> list[bytes]:
        """Every entity key of a generation."""
        return [key[2] for key in self._server.of(address.generation, "state")]  # type: ignore[misc]

    async def _step(self, address: StateAddress, what: str, effect: Callable[[], None]) -> None:
        def fenced() -> None:
            server = self._server
            fits = server.run_id == address.run_id and server.data.get(("repair",), 0) == address.epoch
            if not fits and server.broken != "repair without a fence":
                raise StateLost(_LOST)
            effect()
            server.end_command()

        await self._gate(what, fenced)

    def _inspect(self) -> Inspection:
        value = self._server.data.get(("epoch",))
        if value is None:
            return Inspection(self._server.run_id, None, self._fingerprint)
        address = StateAddress(*value[:3])
        return Inspection(self._server.run_id, address, value[3], self._markers(address.generation))

    def _markers(self, generation: int) -> dict[int, int]:
        return {key[2]: marker for key, marker in self._server.of(generation, "marker").items()}  # type: ignore[misc]

    def _states(self, generation: int, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._server.data.get((generation, "state", key)) for key in keys]

    def _apply(self, address: StateAddress, batch: Apply) -> Applied | Refused:
        refused = self._refusal(address, batch)
        if refused is not None:
            return refused
        server, g = self._server, address.generation
        server.on_apply(address, batch)
        for claim in batch.claims:
            server.put((g, "claim", claim), True)
        for write in batch.accounts:
            server.put((g, "state", write.key), write.after)
        for write in batch.shared:
            key = (g, "state", write.key)
            now = server.data.get(key, b"")
            same = len(now) == len(write.before) and now[:PREFIX_BYTES] == write.before[:PREFIX_BYTES]
            if server.broken == "shared states overwritten":
                same = True
            server.put(key, write.after if same or not now else now + write.delta)
        if server.broken == "marker apart from the states":
            server.end_command()
        last = server.data.get((g, "marker", batch.source), 0)
        marker = batch.marker if batch.marker is not None else last + batch.calls
        server.put((g, "marker", batch.source), marker)
        if batch.entry:
            server.put((g, "journal", batch.source, marker), batch.entry)
        server.end_command()
        return Applied(marker)

    def _refusal(self, address: StateAddress, batch: Apply) -> Refused | None:
        server, g = self._server, address.generation
        if server.data.get(("epoch",)) != (*address, self._fingerprint) or server.run_id != address.run_id:
            return Refused("epoch")
        if batch.marker is not None and server.data.get((g, "marker", batch.source)) != batch.marker_read:
            return Refused("marker")
        if server.tick - batch.tick > 1 and server.broken != "stale looks":
            return Refused("stale")
        claimed = tuple(i for i, claim in enumerate(batch.claims) if self._is_claimed(g, claim))
        if claimed and server.broken != "claims ignored":
            return Refused("claimed", claimed)
        moved = tuple(
            i
            for i, write in enumerate(batch.accounts)
            if server.data.get((g, "state", write.key), b"")[:PREFIX_BYTES] != write.before[:PREFIX_BYTES]
        )
        return Refused("moved", moved) if moved and server.broken != "moved accounts overwritten" else None

    def _is_claimed(self, generation: int, claim: bytes) -> bool:
        ticks = range(self._server.tick - 2, self._server.tick + 1)
        data = self._server.data
        return (generation, "claim", claim) in data or any((generation, "recent", t, claim) in data for t in ticks)
