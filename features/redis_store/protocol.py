"""What crosses between the pipeline and the state store: the real one, or the scripted one of the simulation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

TICK_S = 30  # how long a look at Postgres stays valid, at least; longer than any healthy batch by far
PROBE_TTL_S = 60  # of the key `{prefix}:probe`, written to see whether Redis takes anything


class StateAddress(NamedTuple):
    """Which state: the epoch names the repair it comes from, the generation its prefix, the run its Redis process."""

    epoch: int
    generation: int
    run_id: str


class Read(NamedTuple):
    """One look at the store: the source's marker (last offset contained, None: nothing yet), tick, states by key."""

    marker: int | None
    tick: int
    states: list[bytes | None]


class Write(NamedTuple):
    """An entity's new state. `before` is the state as read; `delta` is appended where the state has moved."""

    key: bytes
    before: bytes
    after: bytes
    delta: bytes = b""


@dataclass(frozen=True, slots=True)
class Apply:
    """One batch to be counted. `marker` None: `calls` calls, whose numbers the store gives."""

    source: int
    marker_read: int | None
    marker: int | None
    tick: int
    entry: bytes
    accounts: Sequence[Write] = ()
    shared: Sequence[Write] = ()
    claims: Sequence[bytes] = ()
    calls: int = 1


class Applied(NamedTuple):
    """The batch is counted: the point of no return. `marker` is the source's new marker (the last call's number)."""

    marker: int


class Refused(NamedTuple):
    """The batch is not counted. `why`: epoch, marker, stale, claimed, moved; `indices` into claims or accounts."""

    why: str
    indices: tuple[int, ...] = ()


class JournalRecord(NamedTuple):
    """A journal entry as kept: its field, source, marker after it, and bytes (see contracts.journal)."""

    field: str
    source: int
    marker: int
    entry: bytes


class StateStore(Protocol):
    """Redis, as the durability order needs it. Every method raises StateUnavailable when it cannot be reached."""

    async def address(self) -> StateAddress:
        """The state to work on. Raises StateLost if Redis was not repaired, StateMismatch if it is another plan's."""

    async def read(self, address: StateAddress, source: int, keys: Sequence[bytes]) -> Read:
        """Marker and states in one round trip. Raises StateLost if the address is no longer the current one."""

    async def apply(self, address: StateAddress, batch: Apply) -> Applied | Refused:
        """Count a batch, all or nothing."""

    async def journal(self, address: StateAddress, source: int | None = None) -> list[JournalRecord]:
        """Entries that were counted and not dropped yet, by source and marker."""

    async def journal_fields(self, address: StateAddress, source: int) -> list[str]:
        """The fields of a source's entries, by marker: which there are, without what is in them."""

    async def journal_entries(self, address: StateAddress, fields: Sequence[str]) -> list[JournalRecord]:
        """The entries of these fields that are still there."""

    async def drop(self, address: StateAddress, records: Sequence[tuple[str, Sequence[bytes]]]) -> None:
        """Forget entries that Postgres has: (field, claims) each."""


class RepairableStore(StateStore, Protocol):
    """What repair and rebuild need besides."""

    async def inspect(self) -> "Inspection":
        """What this Redis holds, whether or not it was repaired."""

    async def begin(self, address: StateAddress) -> dict[int, int]:
        """Begin a repair under a new epoch; returns the markers of the address' generation.

        From here on no batch can be counted, and no repair with a lower epoch can write: two processes may both hold
        themselves to be the one that repairs, because a lock in Postgres ends with its connection.
        Like every method below it raises StateLost if a later repair has begun, or Redis was restarted.
        """

    async def adopt(self, address: StateAddress) -> None:
        """Declare the state under this address current: from here on batches may be counted."""

    async def patch(self, address: StateAddress, states: dict[bytes, bytes], markers: dict[int, int]) -> None:
        """Write states and markers, all or nothing, while nobody else does (the epoch is not adopted yet)."""

    async def states(self, address: StateAddress, keys: Sequence[bytes]) -> list[bytes | None]:
        """States by key, without a check of the epoch."""

    async def forget_generation(self, address: StateAddress, generation: int) -> None:
        """Delete every key of a generation, in small steps, as part of the repair `address`."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a Redis holds: its run id, the last address adopted in it (None: empty), its fingerprint, its markers."""

    run_id: str
    address: StateAddress | None
    fingerprint: str
    markers: dict[int, int] = field(default_factory=dict)
